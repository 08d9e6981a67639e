"""Snapshots: a published change is served within two seconds, and nothing that is wrong replaces what is good."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
import pytest_asyncio
from msgspec.structs import replace
from redis import Redis
from redis.asyncio import Redis as AsyncRedis

from gateway.core.facts import Tier
from gateway.core.policy import Otherwise, Policy
from gateway.state import State
from gateway.subscribe import GONE_AFTER, MAX_AGE, SNAPSHOTS, VERSIONS, Shelf, Subscriber
from tests.gateway.world import KEY, OTHER_KEY, id_of, publish, serving_gateway, snapshot

KEYS = {"tests": bytes(range(32))}
LIGHT = Policy(otherwise=Otherwise(tier=Tier.LIGHTWEIGHT))
PREMIUM = Policy(otherwise=Otherwise(tier=Tier.PREMIUM))
MINE = snapshot(("support", LIGHT))
THEIRS = snapshot(("theirs", LIGHT), tenant="tenant-2", key=OTHER_KEY)


@pytest_asyncio.fixture
async def subscriber(redis: Redis, tmp_path: Path) -> AsyncIterator[Subscriber]:
    async with AsyncRedis.from_url(os.environ["REDIS_URL"]) as client:
        yield Subscriber(State(KEYS, ""), client, Shelf(tmp_path, b"secret"))


def restarted(subscriber: Subscriber) -> Subscriber:
    """Another process on the same shelf."""
    again = Subscriber(State(KEYS, ""), subscriber.redis, subscriber.shelf)
    again.recover()
    return again


def versions(subscriber: Subscriber) -> dict[str, int]:
    return {tenant: runtime.snapshot.version for tenant, runtime in subscriber.state.world.tenants.items()}


def shelved(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.json"))


async def test_a_newer_version_is_taken_and_an_older_one_refused(
    subscriber: Subscriber, redis: Redis
) -> None:
    publish(redis, replace(MINE, version=5))
    await subscriber.refresh()
    publish(redis, replace(MINE, version=4))
    await subscriber.refresh()
    assert versions(subscriber) == {id_of("tenant-1"): 5}
    publish(redis, replace(MINE, version=6))
    await subscriber.refresh()
    assert versions(subscriber) == {id_of("tenant-1"): 6}


UNKNOWN_SCHEMA = msgspec.json.encode({**msgspec.to_builtins(MINE), "schema": 99, "version": 2})


@pytest.mark.parametrize(
    "payload",
    [
        UNKNOWN_SCHEMA,
        b"",
        b"null",
        b"\xff\xfe",
        b"{",
        msgspec.json.encode(MINE)[:-20],
        msgspec.json.encode(replace(THEIRS, version=2)),
    ],
    ids=["schema", "empty", "null", "not text", "not json", "cut", "another tenant's"],
)
async def test_what_cannot_be_read_leaves_the_last_good_one(
    subscriber: Subscriber, redis: Redis, payload: bytes
) -> None:
    publish(redis, MINE, THEIRS)
    await subscriber.refresh()
    redis.hset(SNAPSHOTS, MINE.tenant, payload)
    redis.hset(VERSIONS, MINE.tenant, "2")
    publish(redis, replace(THEIRS, version=2))
    await subscriber.refresh()
    assert versions(subscriber) == {MINE.tenant: 1, THEIRS.tenant: 2}
    assert versions(restarted(subscriber)) == versions(subscriber)
    publish(redis, replace(MINE, version=3))
    await subscriber.refresh()
    assert versions(subscriber)[MINE.tenant] == 3


@pytest.mark.parametrize("version", ["", "new", "-1", "1e3"])
async def test_a_version_that_is_none_disturbs_nobody(
    subscriber: Subscriber, redis: Redis, version: str
) -> None:
    publish(redis, MINE)
    redis.hset(VERSIONS, "somebody", version)
    redis.hset(VERSIONS, b"\xff", b"\xff")
    await subscriber.refresh()
    assert versions(subscriber) == {MINE.tenant: 1}


async def test_a_redis_that_was_emptied_drops_nobody(
    subscriber: Subscriber, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(redis, MINE, THEIRS)
    await subscriber.refresh()
    redis.flushall()
    await subscriber.refresh()
    publish(redis, replace(THEIRS, version=2))  # they come back one by one
    await subscriber.refresh()
    assert versions(subscriber) == {MINE.tenant: 1, THEIRS.tenant: 2}
    monkeypatch.setattr("gateway.subscribe.monotonic", lambda: time.monotonic() + GONE_AFTER)
    await subscriber.refresh()
    assert versions(subscriber) == {THEIRS.tenant: 2}
    assert versions(restarted(subscriber)) == {THEIRS.tenant: 2}


async def test_without_redis_the_shelf_serves(subscriber: Subscriber, redis: Redis) -> None:
    publish(redis, MINE, THEIRS)
    await subscriber.refresh()
    assert versions(restarted(subscriber)) == {MINE.tenant: 1, THEIRS.tenant: 1}


async def test_a_shelf_that_was_changed_is_not_believed(
    subscriber: Subscriber, redis: Redis, tmp_path: Path
) -> None:
    publish(redis, MINE, THEIRS)
    await subscriber.refresh()
    (path, other) = shelved(tmp_path)
    whole = path.read_bytes()
    for changed in (whole.replace(b'"pro"', b'"free"'), whole[:-1], b"", whole[65:], b"\xff" * 99):
        path.write_bytes(changed)
        assert len(versions(restarted(subscriber))) == 1
    other.write_bytes(b"0" * 64 + b"\n" + whole[65:])
    assert versions(restarted(subscriber)) == {}
    assert path.stat().st_mode & 0o777 == 0o600


async def test_a_shelf_of_another_installation_is_not_believed(
    subscriber: Subscriber, redis: Redis, tmp_path: Path
) -> None:
    publish(redis, MINE)
    await subscriber.refresh()
    subscriber.shelf = Shelf(tmp_path, b"another secret")
    assert versions(restarted(subscriber)) == {}


async def test_the_age_of_the_shelf_counts_from_the_last_confirmation(
    subscriber: Subscriber, redis: Redis, tmp_path: Path
) -> None:
    publish(redis, MINE)
    await subscriber.refresh()
    (path,) = shelved(tmp_path)
    long_ago = time.time() - MAX_AGE - 60
    os.utime(path, (long_ago, long_ago))
    assert versions(restarted(subscriber)) == {}
    subscriber._confirmed = -MAX_AGE
    await subscriber.refresh()  # nothing new, and that is confirmed
    assert versions(restarted(subscriber)) == {MINE.tenant: 1}


async def test_a_full_disk_keeps_nobody_from_being_served(
    subscriber: Subscriber, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any) -> None:
        raise OSError("No space left on device")

    monkeypatch.setattr(Path, "write_bytes", refuse)
    publish(redis, MINE)
    await subscriber.refresh()
    assert versions(subscriber) == {MINE.tenant: 1}


async def test_a_change_is_served_within_two_seconds_and_a_revoked_key_is_gone(
    redis: Redis, tmp_path: Path
) -> None:
    async with calling(redis, tmp_path) as call:
        assert await call() == (200, "lightweight")
        publish(redis, replace(snapshot(("support", PREMIUM)), version=2))
        assert await within(2.0, call, (200, "premium")) < 2.0
        publish(redis, replace(snapshot(("support", PREMIUM)), version=3, gateway_keys=()))
        assert await within(2.0, call, (401, "")) < 2.0


async def test_a_lost_message_is_healed_by_the_poll(redis: Redis, tmp_path: Path) -> None:
    async with calling(redis, tmp_path) as call:
        changed = replace(snapshot(("support", PREMIUM)), version=2)
        redis.hset(SNAPSHOTS, changed.tenant, msgspec.json.encode(changed))
        redis.hset(VERSIONS, changed.tenant, "2")  # and no message
        assert await within(2.0, call, (200, "premium")) < 2.0


@asynccontextmanager
async def calling(redis: Redis, folder: Path) -> AsyncIterator[Callable[[], Any]]:
    async with (
        serving_gateway(redis, folder, snapshot(("support", LIGHT))) as running,
        httpx.AsyncClient(timeout=60) as client,
    ):

        async def call() -> tuple[int, str]:
            answer = await client.post(
                running.router("support") + "/v1/chat/completions",
                json={"model": "x", "messages": [{"role": "user", "content": "hi"}]},
                headers={"authorization": f"Bearer {KEY}"},
            )
            return answer.status_code, answer.headers.get("x-rungway-tier", "")

        yield call


async def within(seconds: float, call: Callable[[], Any], expected: tuple[int, str]) -> float:
    began = time.monotonic()
    async with asyncio.timeout(seconds):
        while await call() != expected:  # noqa: ASYNC110 - it happens in another process
            await asyncio.sleep(0.02)
    return time.monotonic() - began
