"""A repeated key gets the first answer; another body, or one still in flight, is told apart."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import httpx
import pytest
from redis import Redis

from gateway.core.facts import Tier
from gateway.core.policy import Otherwise, Policy
from tests.gateway.world import KEY, OTHER_KEY, Served, misbehaving, serving_gateway, snapshot

LIGHT = Policy(baseline="openai/gpt-5", otherwise=Otherwise(tier=Tier.LIGHTWEIGHT))


async def ask(
    served: Served, name: str, text: str = "Say hello", key: str = KEY, patience: str = "60000", **more: Any
) -> httpx.Response:
    async with httpx.AsyncClient(timeout=60) as client:
        return await client.post(
            served.router("support") + "/v1/chat/completions",
            json={"model": "x", "messages": [{"role": "user", "content": text}], **more},
            headers={
                "authorization": f"Bearer {key}",
                "idempotency-key": name,
                "x-rungway-timeout-ms": patience,
            },
            timeout=60,
        )


@pytest.mark.parametrize("more", [{}, {"stream": True}], ids=["whole", "streamed"])
async def test_a_repetition_is_answered_without_a_new_attempt(
    more: dict[str, Any], redis: Redis, tmp_path: Path
) -> None:
    async with serving_gateway(redis, tmp_path, snapshot(("support", LIGHT))) as served:
        first = await ask(served, "one", **more)
        await served.settled(1)
        again = await ask(served, "one", **more)
        other = await ask(served, "one", text="Something else", **more)
        settled = await served.settled(1)
        names: Any = redis.keys("rungway:once:*")
        kept: list[Any] = [redis.get(name) for name in names]
    assert first.status_code == 200
    assert (again.status_code, again.content) == (200, first.content)
    assert again.headers["x-rungway-replayed"] == "1"
    assert again.headers["x-rungway-request-id"] == first.headers["x-rungway-request-id"]
    assert (other.status_code, other.json()["error"]["code"]) == (409, "idempotency_mismatch")
    assert len(settled) == 1
    assert len(kept) == 1
    assert first.content not in kept[0]


async def test_one_in_flight_is_not_started_twice(redis: Redis, tmp_path: Path) -> None:
    hanging = snapshot(("support", LIGHT), models=(misbehaving("hang-headers"),))
    async with serving_gateway(redis, tmp_path, hanging) as served:
        first = asyncio.create_task(ask(served, "same", patience="4000"))
        for _ in range(1000):
            if redis.keys("rungway:once:*"):
                break
            await asyncio.sleep(0.01)
        others = [await ask(served, "same") for _ in range(2)]
        assert not first.done()
        answers = [await first, *others]
        settled = await served.settled(1)
    assert [answer.status_code for answer in answers] == [504, 409, 409]
    assert {other.json()["error"]["code"] for other in others} == {"idempotency_in_progress"}
    assert len(settled) == 1


async def test_tenants_do_not_share_keys_and_long_ones_are_refused(redis: Redis, tmp_path: Path) -> None:
    mine, other = snapshot(("support", LIGHT)), snapshot(("support", LIGHT), tenant="tenant-2", key=OTHER_KEY)
    async with serving_gateway(redis, tmp_path, mine, other) as served:
        first = await ask(served, "one", text="a")
        theirs = await ask(served, "one", text="b", key=OTHER_KEY)
        long = await ask(served, "x" * 256)
        settled = await served.settled(2)
    assert (first.status_code, theirs.status_code, long.status_code) == (200, 200, 400)
    assert long.json()["error"]["param"] == "idempotency-key"
    assert len({event.origin.tenant for event in settled}) == 2


async def test_a_failure_does_not_stand_in_the_way_of_another_try(redis: Redis, tmp_path: Path) -> None:
    failing = snapshot(("support", LIGHT), models=(misbehaving("500"),))
    async with serving_gateway(redis, tmp_path, failing) as served:
        statuses = [(await ask(served, "one")).status_code for _ in range(2)]
        settled = await served.settled(2)
    assert statuses == [502, 502]
    assert len(settled) == 2
