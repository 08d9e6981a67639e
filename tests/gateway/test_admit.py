"""Rate limits hold over all gateways together, give back what was not used, and survive the loss of Redis."""

from __future__ import annotations

import asyncio
import os
import socket
import time
from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
from msgspec.structs import replace
from redis import Redis
from redis.asyncio import Redis as AsyncRedis

from gateway.admit import Admission, Reservation
from gateway.authenticate import Caller
from gateway.budgets.line import GIVE_UP_AFTER, PATIENCE
from gateway.core.decide import Route, decide
from gateway.core.events import Origin
from gateway.core.facts import RequestClass, RequestFacts, Surface, Tier
from gateway.core.ladder import Attempt, AttemptOutcome
from gateway.core.policy import Otherwise, Policy
from gateway.core.price import Usage
from gateway.core.settle import Settlement, settle
from gateway.core.snapshot import GatewayKeySnapshot, Limits
from gateway.errors import RateLimited
from gateway.journey import Journey
from gateway.record import Spool
from gateway.state import State
from tests.gateway.world import KEY, MODELS, serving_gateway, snapshot

LIGHT = Policy(otherwise=Otherwise(tier=Tier.LIGHTWEIGHT))


def caller(*, requests: int | None = None, tokens: int | None = None) -> Caller:
    runtime = State({"tests": bytes(range(32))}, "").compile(snapshot(("support", LIGHT)))
    limits = Limits(requests_per_minute=requests, tokens_per_minute=tokens)
    key = GatewayKeySnapshot(digest="d", id="k", name="app", limits=limits)
    return Caller(runtime=runtime, key=key, router=None, tags={})


def facts(prompt: int = 10, answer: int = 90) -> RequestFacts:
    return RequestFacts(
        at=datetime.now(UTC),
        surface=Surface("openai_chat"),
        requested_model="x",
        request_class=RequestClass.SIMPLE_QA,
        difficulty=0.1,
        confidence=0.9,
        input_tokens=prompt,
        output_tokens=answer,
    )


def journey(who: Caller, over: Settlement | None = None) -> Journey:
    asked, router = facts(), who.runtime.routers["support"]
    route = decide(asked, router)
    assert isinstance(route, Route)
    made = Journey(
        runtime=who.runtime,
        router=router,
        facts=asked,
        route=route,
        origin=Origin(request_id="req", tenant=who.runtime.id),
        arrived=0.0,
        patience=600.0,
        spool=Spool(Path(), "process"),
    )
    made.settlement = over
    return made


async def reserve(admission: Admission, who: Caller) -> Reservation | None:
    return await admission.reserve(who, journey(who))


def settlement(prompt: int, answer: int) -> Settlement:
    used = Usage(input=prompt, output=answer)
    attempt = Attempt(id="a", model=MODELS[0].id, outcome=AttemptOutcome.ANSWERED, usage=used)
    models = {each.id: each for each in MODELS}
    day = datetime.now(UTC).date()
    return settle([attempt], models=models, baseline="requested", requested="x", day=day, delivered=attempt)


@pytest_asyncio.fixture
async def client(redis: Redis) -> AsyncIterator[AsyncRedis]:
    async with AsyncRedis.from_url(os.environ["REDIS_URL"], socket_timeout=2.0, retry=None) as connected:
        yield connected


async def admitted(admission: Admission, who: Caller, times: int) -> int:
    async def one() -> bool:
        try:
            await reserve(admission, who)
        except RateLimited:
            return False
        return True

    return sum(await asyncio.gather(*(one() for _ in range(times))))


async def test_nobody_without_limits_is_counted(client: AsyncRedis, redis: Redis) -> None:
    assert await reserve(Admission(client), caller()) is None
    assert redis.keys("rungway:rate:*") == []


async def test_300_at_once_on_two_gateways_are_100(redis: Redis, client: AsyncRedis) -> None:
    who = caller(requests=100)
    async with AsyncRedis.from_url(os.environ["REDIS_URL"], socket_timeout=2.0, retry=None) as other:
        counts = await asyncio.gather(
            admitted(Admission(client), who, 150), admitted(Admission(other), who, 150)
        )
    assert sum(counts) == 100


async def test_the_same_over_sockets(redis: Redis, tmp_path: Path) -> None:
    key = replace(snapshot(("support", LIGHT)).gateway_keys[0], limits=Limits(requests_per_minute=100))
    mine = snapshot(("support", LIGHT), gateway_keys=(key,))
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    async with (
        serving_gateway(redis, tmp_path / "one", mine) as one,
        serving_gateway(redis, tmp_path / "two", mine) as two,
        httpx.AsyncClient(limits=httpx.Limits(max_connections=None), timeout=60) as caller,
    ):
        answers = await asyncio.gather(
            *(
                caller.post(
                    gateway.router("support") + "/v1/chat/completions",
                    json={"model": "x", "messages": [{"role": "user", "content": "hi"}]},
                    headers={"authorization": f"Bearer {KEY}"},
                )
                for gateway in (one, two)
                for _ in range(150)
            )
        )
    statuses = Counter(answer.status_code for answer in answers)
    assert set(statuses) == {200, 429}
    assert 95 <= statuses[200] <= 100
    refused = next(answer for answer in answers if answer.status_code == 429)
    assert refused.json()["error"]["code"] == "rate_limit_exceeded"
    assert 1 <= int(refused.headers["retry-after"]) <= 61


async def test_a_refusal_is_on_the_books_with_its_reason(redis: Redis, tmp_path: Path) -> None:
    key = replace(snapshot(("support", LIGHT)).gateway_keys[0], limits=Limits(requests_per_minute=1))
    mine = snapshot(("support", LIGHT), gateway_keys=(key,))
    async with serving_gateway(redis, tmp_path, mine) as running, httpx.AsyncClient(timeout=60) as client:
        answers = [
            await client.post(
                running.router("support") + "/v1/chat/completions",
                json={"model": "x", "messages": [{"role": "user", "content": "hi"}]},
                headers={"authorization": f"Bearer {KEY}"},
            )
            for _ in range(2)
        ]
        settled = {event.origin.request_id: event for event in await running.settled(2)}
    assert [answer.status_code for answer in answers] == [200, 429]
    refused = settled[answers[1].headers["x-rungway-request-id"]]
    assert (refused.outcome, refused.status, refused.error) == ("failed", 429, "rate_limit_exceeded")
    assert (refused.attempts, refused.baseline, refused.origin.gateway_key) == ((), 0, key.id)
    assert answers[1].headers["x-rungway-cost-usd"] == "0"


def test_a_flood_of_refusals_is_recorded_once_a_second(
    client: AsyncRedis, monkeypatch: pytest.MonkeyPatch
) -> None:
    who, admission, now = caller(requests=1), Admission(client), 100.0
    monkeypatch.setattr("gateway.admit.monotonic", lambda: now)
    assert [admission.is_news(who) for _ in range(3)] == [True, False, False]
    now = 101.0
    assert admission.is_news(who)


async def test_the_window_slides(redis: Redis, client: AsyncRedis) -> None:
    who, admission = caller(requests=10), Admission(client)
    assert await admitted(admission, who, 12) == 10
    name = f"rungway:rate:{who.runtime.id}:k"
    found: Any = redis.hgetall(name)
    ((second, taken),) = found.items()
    redis.delete(name)
    redis.hset(name, mapping={str(int(second) - 59): "4", str(int(second) - 62): taken})
    assert await admitted(admission, who, 12) == 6


async def test_a_token_limit_counts_the_estimate_and_gives_back_the_difference(
    redis: Redis, client: AsyncRedis
) -> None:
    who, admission = caller(tokens=1000), Admission(client)
    taken = [await reserve(admission, who) for _ in range(10)]
    with pytest.raises(RateLimited):
        await reserve(admission, who)
    for each in taken:
        admission.release(each, journey(who, settlement(10, 20)))
    await settled(admission)
    assert used(redis, who) == 300
    assert await admitted(admission, who, 10) == 7


async def test_more_than_was_estimated_counts_as_well(redis: Redis, client: AsyncRedis) -> None:
    who, admission = caller(tokens=1000), Admission(client)
    admission.release(await reserve(admission, who), journey(who, settlement(10, 1500)))
    await settled(admission)
    assert used(redis, who) == 1510
    assert await admitted(admission, who, 1) == 0


async def test_without_redis_each_gateway_limits_by_itself(redis: Redis) -> None:
    async with AsyncRedis.from_url("unix:///nowhere/v.sock", retry=None) as nowhere:
        admission = Admission(nowhere)
        assert await admitted(admission, caller(requests=20), 50) == 20
        assert await admitted(admission, caller(tokens=20), 50) == 50
        assert await admitted(Admission(nowhere, gateways=4), caller(requests=20), 50) == 5


async def test_what_redis_had_admitted_counts_when_it_is_lost(redis: Redis, client: AsyncRedis) -> None:
    who, admission = caller(requests=20), Admission(client)
    assert await admitted(admission, who, 15) == 15
    async with AsyncRedis.from_url("unix:///nowhere/v.sock", retry=None) as nowhere:
        lost(admission, nowhere)
        assert await admitted(admission, who, 15) == 5


async def test_a_redis_that_hangs_costs_a_moment_five_times_and_then_nothing(tmp_path: Path) -> None:
    """Connections are accepted, and nothing is ever said."""
    path = tmp_path / "deaf.sock"
    with socket.socket(socket.AF_UNIX) as deaf_ears:
        deaf_ears.bind(str(path))
        deaf_ears.listen(100)
        deaf = AsyncRedis.from_url(f"unix://{path}", socket_timeout=2.0, retry=None)
        admission, who = Admission(deaf), caller(requests=1000)
        for _ in range(GIVE_UP_AFTER):
            assert PATIENCE * 0.9 < await seconds(admission, who) < PATIENCE + 0.25
        for _ in range(20):
            assert await seconds(admission, who) < PATIENCE / 2
        await deaf.aclose()


async def seconds(admission: Admission, who: Caller) -> float:
    began = time.monotonic()
    await reserve(admission, who)
    return time.monotonic() - began


async def settled(admission: Admission) -> None:
    while admission.line.travelling:
        await admission.line.travelling


def used(redis: Redis, who: Caller) -> int:
    found: Any = redis.hvals(f"rungway:rate:{who.runtime.id}:k:tokens")
    return sum(map(int, found))


def lost(admission: Admission, nowhere: AsyncRedis) -> None:
    admission.line.redis = nowhere
