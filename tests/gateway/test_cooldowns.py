"""What one gateway is told by a provider, the others keep to; while Redis is away, each learns for itself."""

from __future__ import annotations

import asyncio
from pathlib import Path
from time import monotonic

import msgspec
import pytest
from redis import Redis
from redis.asyncio import Redis as AsyncRedis

from gateway.breakers import Breakers
from gateway.cooldowns import CHANNEL, Cooldown, Cooldowns
from gateway.core.facts import Tier
from gateway.core.policy import Otherwise, Policy
from tests.gateway.test_failover import ask
from tests.gateway.upstream import until
from tests.gateway.world import MODELS, misbehaving, serving_gateway, snapshot

LIGHT = Policy(otherwise=Otherwise(tier=Tier.LIGHTWEIGHT))


async def test_all_gateways_leave_alone_what_one_was_asked_to(redis: Redis, tmp_path: Path) -> None:
    tenant = snapshot(("support", LIGHT), models=(*MODELS, misbehaving("429-ra30")))
    folders = [tmp_path / name for name in ("one", "other")]
    for folder in folders:
        folder.mkdir()
    async with (
        serving_gateway(redis, folders[0], tenant) as one,
        serving_gateway(redis, folders[1], tenant) as other,
    ):
        await until(lambda: dict(redis.pubsub_numsub(CHANNEL)).get(CHANNEL.encode()) == 2)
        assert (await ask(one)).headers["x-rungway-attempts"] == "2"
        attempts = [(await ask(other)).headers["x-rungway-attempts"] for _ in range(20)]
    # The very first may still be under way when the word arrives.
    assert set(attempts[1:]) == {"1"}


def listening() -> tuple[Breakers, Cooldowns]:
    breakers = Breakers(lambda: 0.0)
    return breakers, Cooldowns(AsyncRedis(), breakers)


@pytest.mark.parametrize(
    "message",
    [
        b"", b"null", b"[]", b"{}", b"\xff\xfe", b'{"sender":1}',
        b'{"sender":"x","tenant":"t","model":"m","seconds":-1}',
        b'{"sender":"x","tenant":"t","model":"m","seconds":1e300}',
        b'{"sender":"x","tenant":"t","model":"m","seconds":"7"}',
    ],
)  # fmt: skip
def test_nonsense_cools_nobody(message: bytes) -> None:
    breakers, cooldowns = listening()
    cooldowns.heed(message)
    assert breakers.all_well


def test_its_own_word_is_not_heard_twice() -> None:
    breakers, cooldowns = listening()
    cooldowns.heed(msgspec.json.encode(Cooldown(cooldowns._me, "t", "m", 7)))
    assert breakers.all_well
    cooldowns.heed(msgspec.json.encode(Cooldown("another", "t", "m", 7)))
    assert breakers.cooling("t", monotonic()) == {"m"}


async def test_without_redis_nobody_waits_and_nothing_is_raised() -> None:
    breakers = Breakers()
    cooldowns = Cooldowns(AsyncRedis.from_url("redis://127.0.0.1:1", retry=None), breakers)
    began = monotonic()
    breakers.failed("t", "m", began, retry_after=7, asked=True)
    assert monotonic() - began < 0.05
    await asyncio.gather(*cooldowns._sending)
    assert breakers.cooling("t", began) == {"m"}
