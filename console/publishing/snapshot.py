"""A tenant as the console keeps it → the one document that the gateway serves it by."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from msgspec import structs

from billing import baselines, budgets
from console.catalogue import builtin
from console.keys import selectors as keys
from console.keys.models import GatewayKey, ProviderKey
from console.routers.selectors import snapshots_of, surroundings
from gateway.core.router import asks_quality
from gateway.core.snapshot import (
    GatewayKeySnapshot,
    Limits,
    ProviderKeySnapshot,
    RouterSnapshot,
    TenantSnapshot,
)

if TYPE_CHECKING:
    from console.tenants.models import Tenant


def snapshot_of(tenant: Tenant, *, version: int, at: datetime) -> TenantSnapshot:
    around, routers = surroundings(tenant), _with_baselines(tenant)
    return structs.replace(
        around,
        version=version,
        published_at=at,
        provider_keys=tuple(map(_provider_key, keys.provider_keys(tenant))),
        gateway_keys=tuple(map(_gateway_key, keys.live_gateway_keys(tenant))),
        routers=routers,
        known=around.known if any(asks_quality(router.policy) for router in routers) else b"",
        budgets=budgets.published(tenant),
    )


def _with_baselines(tenant: Tenant) -> tuple[RouterSnapshot, ...]:
    declared = baselines.declared(tenant)
    return tuple(
        structs.replace(router, baselines=declared.get(router.id, ())) for router in snapshots_of(tenant)
    )


def without_secrets(snapshot: TenantSnapshot) -> TenantSnapshot:
    """For keeping: it still decides as it did, on facts that carry what was expected, and calls nobody."""
    closed = tuple(structs.replace(key, sealed=None) for key in snapshot.provider_keys)
    return structs.replace(snapshot, provider_keys=closed, known=b"")


def _provider_key(key: ProviderKey) -> ProviderKeySnapshot:
    provider = builtin.providers().get(key.provider)
    return ProviderKeySnapshot(
        id=str(key.pk),
        name=key.name,
        provider=key.provider,
        base_url=key.base_url or (provider.base_url if provider else ""),
        sealed=key.sealed,
    )


def _gateway_key(key: GatewayKey) -> GatewayKeySnapshot:
    return GatewayKeySnapshot(
        digest=key.digest,
        id=str(key.pk),
        name=key.name,
        routers=None if key.routers is None else tuple(key.routers),
        tags=key.tags,
        limits=Limits(requests_per_minute=key.requests_per_minute, tokens_per_minute=key.tokens_per_minute),
        expires_at=key.expires_at,
    )
