"""The live world: snapshots compiled to runtimes, swapped by one assignment.

A request takes `state.world` once and keeps it, so that it is decided under one version from start to end.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from time import time

import structlog
from msgspec import Struct

from gateway.core.budget import held_to, set_apart
from gateway.core.catalogue import Model, Provider
from gateway.core.naming import Models
from gateway.core.router import Router, compile_router, direct_router
from gateway.core.sealed import Secret
from gateway.core.snapshot import Budget, GatewayKeySnapshot, ProviderKeySnapshot, TenantSnapshot
from gateway.core.url import joined
from gateway.credentials import Unopenable, open_sealed
from gateway.dialects import PROTOCOLS
from gateway.egress import Url, UrlNotAllowed
from gateway.expecting import expects_of
from gateway.signing import Signer, signer_for

log = structlog.get_logger()

SIMULATOR = "simulator:"  # a base URL with this scheme means the simulated providers that `up` runs
MAX_DIRECT = 512  # compiled routers kept for calls without one, per tenant


class Connection(Struct, frozen=True, kw_only=True):
    """How one provider key is used: where to, and with which headers. `problem` says why it can't be."""

    id: str
    name: str
    provider: Provider
    base_url: str = ""
    headers: tuple[tuple[bytes, bytes], ...] = ()
    secret: Secret | None = None
    signer: Signer | None = None
    problem: str = ""


class TenantRuntime:
    """One tenant at one version, ready to serve."""

    def __init__(self, snapshot: TenantSnapshot, connections: Mapping[str, Connection]) -> None:
        self.snapshot = snapshot
        self.id = snapshot.tenant
        self.connections = connections
        self.models = Models({model.id: model for model in snapshot.models})
        expects = expects_of(snapshot)
        self.routers = {
            router.id: compile_router(router, snapshot, models=self.models, expects=expects)
            for router in snapshot.routers
        }
        self.asks_speed = any(router.asks_speed for router in self.routers.values())
        self.budgets, self.apart = held_to(snapshot), set_apart(snapshot)
        self.urls: dict[tuple[str, str], Url] = {}
        self._direct: dict[tuple[str, str], Router] = {}

    def direct(self, model: Model) -> Router:
        """The router that a call without one amounts to."""
        key = (model.id, model.upstream_model)
        router = self._direct.get(key)
        if router is None:
            if len(self._direct) >= MAX_DIRECT:
                self._direct.clear()
            router = self._direct[key] = direct_router(model, self.snapshot, models=self.models)
        return router


class World(Struct, frozen=True):
    """Every tenant, and every gateway key by its digest."""

    tenants: Mapping[str, TenantRuntime]
    keys: Mapping[str, tuple[TenantRuntime, GatewayKeySnapshot]]


EMPTY = World({}, {})


def budgets_of(world: World) -> Iterator[tuple[str, str, Sequence[Budget]]]:
    """Each tenant that has some, its time zone, and what its calls must ask about."""
    for runtime in world.tenants.values():
        budgets = (*runtime.budgets, *chain.from_iterable(runtime.apart.values()))
        if budgets:
            yield runtime.id, runtime.snapshot.time_zone, budgets


class State:
    """Holds the world. `replace` and `drop` build the next one and swap it in."""

    def __init__(self, master_keys: Mapping[str, bytes], simulator_url: str) -> None:
        self._master_keys, self._simulator_url = master_keys, simulator_url
        self.world = EMPTY
        self.fresh_at = 0.0  # Unix seconds at which the source last confirmed what we have

    def version_of(self, tenant: str) -> int:
        runtime = self.world.tenants.get(tenant)
        return runtime.snapshot.version if runtime else 0

    def accept(self, snapshots: Sequence[TenantSnapshot], *, gone: frozenset[str] = frozenset()) -> None:
        """Compile first, swap after: what fails to compile leaves the world as it was."""
        compiled = {snapshot.tenant: self.compile(snapshot) for snapshot in snapshots}
        tenants = {k: v for k, v in self.world.tenants.items() if k not in gone} | compiled
        keys = {
            key.digest: (runtime, key)
            for runtime in tenants.values()
            for key in runtime.snapshot.gateway_keys
        }
        self.world = World(tenants, keys)

    def confirm(self) -> None:
        self.fresh_at = time()

    def compile(self, snapshot: TenantSnapshot) -> TenantRuntime:
        providers = {provider.id: provider for provider in snapshot.providers}
        connections = {
            key.name: self._connect(key, providers[key.provider], snapshot.tenant)
            for key in snapshot.provider_keys
            if key.provider in providers
        }
        return TenantRuntime(snapshot, connections)

    def _connect(self, key: ProviderKeySnapshot, provider: Provider, tenant: str) -> Connection:
        dialect = PROTOCOLS.get(provider.dialect)
        if dialect is None:
            return Connection(id=key.id, name=key.name, provider=provider, problem="protocol not spoken")
        try:
            secret = (
                open_sealed(key.sealed, self._master_keys, tenant=tenant, secret_id=key.id)
                if key.sealed
                else Secret("")
            )
        except Unopenable as error:
            log.error("provider_key.unopenable", tenant=tenant, key=key.name, reason=str(error))
            return Connection(id=key.id, name=key.name, provider=provider, problem=str(error))
        try:
            signer = signer_for(provider.auth, secret.reveal)
        except ValueError as error:
            return Connection(id=key.id, name=key.name, provider=provider, problem=str(error))
        return Connection(
            id=key.id,
            name=key.name,
            provider=provider,
            base_url=self.resolve(key.base_url or provider.base_url),
            headers=tuple(dialect.auth_headers(provider.auth, secret.reveal)),
            secret=secret,
            signer=signer,
        )

    def resolve(self, base_url: str) -> str:
        if base_url.startswith(SIMULATOR):
            return self._simulator_url + base_url.removeprefix(SIMULATOR).rstrip("/")
        return base_url.rstrip("/")


def address_of(connection: Connection, path: str) -> str:
    if connection.signer is not None:
        return connection.signer.address(connection.base_url, path)
    if not connection.base_url:
        raise UrlNotAllowed(f"provider key {connection.name} has no base URL")
    return joined(connection.base_url, path)


def url_for(runtime: TenantRuntime, connection: Connection, path: str) -> Url:
    """Parsed once a path; `UrlNotAllowed` when the base URL may not be called."""
    known = runtime.urls.get((connection.name, path))
    if known is None:
        known = runtime.urls[connection.name, path] = Url.parse(address_of(connection, path))
    return known
