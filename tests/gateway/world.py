"""A tenant on simulated providers, and a gateway that serves it, for tests over real sockets."""

from __future__ import annotations

import os
import socket
from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_DNS, UUID, uuid5

import msgspec
from anthropic import AsyncAnthropic
from openai import AsyncOpenAI
from redis import Redis

from console.keys.sealing import Secret, seal
from gateway.core.catalogue import Model, Provider
from gateway.core.events import FIELD, STREAM, Event, Intent, RequestSettled
from gateway.core.facts import Need, Tier
from gateway.core.policy import Policy
from gateway.core.secrets import digest
from gateway.core.snapshot import (
    SCHEMA,
    GatewayKeySnapshot,
    ProviderKeySnapshot,
    RouterSnapshot,
    TenantSnapshot,
)
from gateway.server.serve import Server
from gateway.settings import Settings
from gateway.subscribe import PUBLISHED, SNAPSHOTS, VERSIONS
from tests.core.build import price
from tests.gateway.simulated import running_simulator

KEY = "rw_test_0123456789abcdefghijklmnopqrstuvwxyz"
SECRET = "sk-CANARY-0123456789abcdef"
OTHER_KEY = "rw_other_0123456789abcdefghijklmnopqrstuvwxy"
PROVIDERS = (
    Provider(id="openai", name="OpenAI", dialect="openai_chat", base_url="https://api.openai.test/v1"),
    Provider(id="anthropic", name="Anthropic", dialect="anthropic", base_url="https://api.anthropic.test"),
)
BASES = {"openai": "simulator:/openai/v1", "anthropic": "simulator:/anthropic"}


def model(name: str, tier: Tier, dollars: tuple[float, float] | None, **rest: Any) -> Model:
    provider = name.partition("/")[0]
    values: dict[str, Any] = {
        "can": frozenset(Need),
        "prices": (price(*dollars),) if dollars else (),
        "provider_key": f"{provider}-main",
        "context": 200_000,
    }
    return Model(id=name, provider=provider, tier=tier, **(values | rest))


MODELS = (
    model("openai/gpt-5", Tier.PREMIUM, (1.25, 10)),
    model("anthropic/claude-opus-4-5", Tier.PREMIUM, (5, 25)),
    model("openai/gpt-5-mini", Tier.MID, (0.25, 2)),
    model("anthropic/claude-sonnet-4-5", Tier.MID, (3, 15)),
    model("openai/gpt-5-nano", Tier.LIGHTWEIGHT, (0.05, 0.4)),
    model("anthropic/claude-haiku-4-5", Tier.LIGHTWEIGHT, (1, 5)),
)


def misbehaving(how: str, *, provider: str = "openai", tier: Tier = Tier.LIGHTWEIGHT) -> Model:
    """A model that its simulated provider makes misbehave, cheaper than every other of its tier."""
    return model(f"{provider}/{how}", tier, (0.01, 0.01), upstream_model=f"gpt-5-nano-sim-{how}")


def snapshot(
    *policies: tuple[str, Policy],
    tenant: str = "tenant-1",
    key: str = KEY,
    models: Iterable[Model] = MODELS,
    version: int = 1,
    bases: dict[str, str] = BASES,
    **rest: Any,
) -> TenantSnapshot:
    values: dict[str, Any] = {
        "gateway_keys": (GatewayKeySnapshot(digest=digest(key), id=f"key-of-{tenant}", name="app"),),
        "provider_keys": tuple(provider_key(tenant, provider, base) for provider, base in bases.items()),
        "routers": tuple(
            RouterSnapshot(id=name, policy=policy, policy_version=3) for name, policy in policies
        ),
        "tags": ("team", "data"),
    }
    return TenantSnapshot(
        schema=SCHEMA,
        version=version,
        tenant=id_of(tenant),
        slug=tenant,
        plan="pro",
        published_at=datetime.now(UTC),
        providers=PROVIDERS,
        models=tuple(models),
        **(values | rest),
    )


def id_of(name: str) -> str:
    return str(uuid5(NAMESPACE_DNS, name))


def provider_key(tenant: str, provider: str, base_url: str) -> ProviderKeySnapshot:
    """Sealed as the console seals it."""
    key_id = uuid5(NAMESPACE_DNS, provider)
    sealed = seal(Secret(f"{SECRET}-{provider}"), tenant=UUID(id_of(tenant)), secret_id=key_id)
    return ProviderKeySnapshot(
        id=str(key_id), name=f"{provider}-main", provider=provider, base_url=base_url, sealed=sealed
    )


def publish(redis: Redis, *snapshots: TenantSnapshot) -> None:
    """As the console does it."""
    for each in snapshots:
        redis.hset(SNAPSHOTS, each.tenant, msgspec.json.encode(each))
        redis.hset(VERSIONS, each.tenant, str(each.version))
        redis.publish(PUBLISHED, f"{each.tenant}:{each.version}")


@dataclass
class Served:
    """A gateway under test."""

    url: str
    redis: Redis
    statement: Path  # the simulated providers' own account
    open: AsyncExitStack  # what is closed with it

    def router(self, name: str) -> str:
        return f"{self.url}/router/{name}"

    async def chat(self, router: str = "support", *, base: str | None = None, key: str = KEY) -> AsyncOpenAI:
        """The official SDK, pointed at a router."""
        url = base or self.router(router) + "/v1"
        return await self.open.enter_async_context(AsyncOpenAI(api_key=key, base_url=url, max_retries=0))

    async def messages(self, router: str = "support", *, key: str = KEY) -> AsyncAnthropic:
        url = self.router(router)
        return await self.open.enter_async_context(AsyncAnthropic(api_key=key, base_url=url, max_retries=0))

    async def events(self, requests: int) -> list[Event]:
        """All events, once that many requests have settled and been shipped."""
        import asyncio

        async with asyncio.timeout(10):
            while True:
                entries: Any = self.redis.xrange(STREAM)
                found = [
                    msgspec.json.decode(fields[FIELD], type=Intent | RequestSettled) for _, fields in entries
                ]
                if sum(isinstance(event, RequestSettled) for event in found) >= requests:
                    return found
                await asyncio.sleep(0.02)

    async def settled(self, requests: int = 1) -> list[RequestSettled]:
        return [event for event in await self.events(requests) if isinstance(event, RequestSettled)]


@asynccontextmanager
async def serving_gateway(
    redis: Redis, folder: Path, *snapshots: TenantSnapshot, **settings: Any
) -> AsyncIterator[Served]:
    publish(redis, *snapshots)
    statement = folder / "statement.jsonl"
    async with running_simulator(log=statement) as simulator:
        values: dict[str, Any] = {
            "var_dir": folder,
            "redis_url": os.environ["REDIS_URL"],
            "secret_key": b"of the tests",
            "master_keys": {"tests": bytes(range(32))},
            "simulator_url": simulator,
        }
        async with running_server(Settings(**(values | settings))) as url, AsyncExitStack() as clients:
            yield Served(url, redis, statement, clients)


@asynccontextmanager
async def running_server(settings: Settings) -> AsyncIterator[str]:
    """The gateway on its own server, on a free port of the loopback."""
    # With its protocol named: asyncio turns off Nagle's delay only where it sees that.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.bind(("127.0.0.1", 0))
    server = Server(settings, grace=1.0)
    await server.start([listener])
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        await server.stop()
