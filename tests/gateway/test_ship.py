"""From the spool to the stream: whatever breaks on the way, every event arrives."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
import pytest_asyncio
from prometheus_client import REGISTRY
from redis import Redis
from redis.asyncio import Redis as AsyncRedis

from gateway.core.events import FIELD, STREAM, Intent
from gateway.record import Spool, lock_of
from gateway.ship import BATCH, Shipper
from tests.gateway.test_record import intent

type Start = Callable[[str], Shipper]


@pytest_asyncio.fixture
async def client(redis: Redis) -> AsyncIterator[AsyncRedis]:
    async with AsyncRedis.from_url(os.environ["REDIS_URL"]) as connected:
        yield connected


@pytest.fixture
def start(client: AsyncRedis, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Start:
    """A gateway's spool with what ships it; it looks what can be released at every turn."""
    monkeypatch.setattr("gateway.ship.RELEASE_EVERY", 0.0)

    def started(process: str) -> Shipper:
        spool = Spool(tmp_path, process)
        spool.open()
        return Shipper(spool, client)

    return started


def arrived(redis: Redis) -> list[int]:
    entries: Any = redis.xrange(STREAM)
    return [msgspec.json.decode(fields[FIELD], type=Intent).seq for _, fields in entries]


def store(redis: Redis) -> None:
    """As the ledger does when it has all of it."""
    entries: Any = redis.xrange(STREAM)
    redis.xdel(STREAM, *[entry for entry, _ in entries])


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


async def test_events_arrive_once_and_in_order(start: Start, redis: Redis) -> None:
    shipper = start("a")
    for number in range(10):
        shipper.spool.put(intent(number))
        await shipper.ship()
    assert await shipper.ship() == 0
    assert arrived(redis) == list(range(10))


async def test_a_dead_process_is_shipped_for_and_cleared_away_when_stored(
    start: Start, redis: Redis, tmp_path: Path
) -> None:
    gone, shipper = start("a"), start("b")
    gone.spool.put(intent(1))
    assert await shipper.ship() == 0
    kill(gone.spool)
    assert await shipper.ship() == 1
    await shipper.ship()
    assert "a.000001.spool" in files(tmp_path)  # the ledger has not got it yet
    store(redis)
    await shipper.ship()
    assert files(tmp_path) == ["b.000001.spool", "b.lock"]


async def test_of_two_only_one_ships_for_a_dead_process(start: Start, redis: Redis) -> None:
    gone, one, other = start("a"), start("b"), start("c")
    gone.spool.put(intent(1))
    kill(gone.spool)
    assert [await one.ship(), await other.ship(), await one.ship()] == [1, 0, 0]
    assert arrived(redis) == [1]


async def test_what_redis_forgets_is_sent_again(
    start: Start, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.record.SEGMENT", 1500)
    shipper = start("a")
    for number in range(20):
        shipper.spool.put(intent(number))
    await shipper.ship()
    await shipper.ship()
    redis.flushall()
    for number in range(20, 25):
        shipper.spool.put(intent(number))
    for _ in range(3):
        await shipper.ship()
    assert sorted(set(arrived(redis))) == list(range(25))


async def test_a_redis_started_anew_is_sent_again_what_it_may_have_lost(start: Start, redis: Redis) -> None:
    shipper = start("a")
    shipper.spool.put(intent(1))
    await shipper.ship()
    store(redis)  # as if it had never been there
    assert shipper._epoch is not None
    shipper._epoch = ("the run before", shipper._epoch[1])
    assert await shipper.ship() == 1
    assert arrived(redis) == [1]


async def test_finished_segments_go_when_they_are_stored(
    start: Start, redis: Redis, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.record.SEGMENT", 1500)
    shipper = start("a")
    for number in range(20):
        shipper.spool.put(intent(number))
    for _ in range(3):
        await shipper.ship()
    assert len(files(tmp_path)) == 4
    store(redis)
    await shipper.ship()
    assert files(tmp_path) == [shipper.spool.current.name, "a.lock"]


async def test_a_record_longer_than_a_batch_passes(start: Start, redis: Redis) -> None:
    shipper = start("a")
    shipper.spool.put(intent(1, "x" * (BATCH + 1)))
    shipper.spool.put(intent(2))
    while await shipper.ship():
        pass
    assert arrived(redis) == [1, 2]


async def test_what_is_damaged_is_counted_and_the_rest_arrives(start: Start, redis: Redis) -> None:
    gone, shipper = start("a"), start("b")
    for number in range(3):
        gone.spool.put(intent(number))
    data = bytearray(gone.spool.current.read_bytes())
    data[len(data) // 2] ^= 4
    gone.spool.current.write_bytes(data[:-20])  # one damaged, one torn
    kill(gone.spool)
    before = counted()
    while await shipper.ship():
        pass
    assert arrived(redis) == [0]
    assert counted() - before == 2


async def test_while_redis_is_away_everything_waits_on_disk(
    start: Start, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.ship.BACK_OFF", 0.01)
    shipper = start("a")
    there, shipper.redis = shipper.redis, AsyncRedis.from_url("unix:///nowhere/v.sock", retry=None)
    running = asyncio.create_task(shipper.run())
    shipper.spool.put(intent(1))
    await asyncio.sleep(0.1)
    assert not running.done()
    shipper.redis = there
    await until(lambda: arrived(redis) == [1])
    running.cancel()


async def test_a_lock_without_segments_is_cleared_away(start: Start, tmp_path: Path) -> None:
    shipper = start("b")
    lock_of(tmp_path, "a").write_bytes(b"\0" * 1000)
    await shipper.ship()
    await shipper.ship()
    assert files(tmp_path) == ["b.000001.spool", "b.lock"]


def kill(spool: Spool) -> None:
    """What the kernel does to the descriptors of a process that is killed."""
    os.close(spool._file)
    os.close(spool._lock)


def counted() -> float:
    return REGISTRY.get_sample_value("rungway_spool_damaged_records_total") or 0.0


async def until(happened: Callable[[], bool], *, seconds: float = 5) -> None:
    async with asyncio.timeout(seconds):
        while not happened():  # noqa: ASYNC110 - it happens in another process
            await asyncio.sleep(0.01)
