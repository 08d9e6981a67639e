"""The spool → the Redis stream, at least once; billing keeps each event exactly once.

A segment stays until the stream has nothing of it any more, which is when the ledger has it. So a Redis that was
emptied, or started anew from an append-only file that lacks its last moments, has lost copies only: all that is not
released is sent again.
"""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from time import monotonic
from typing import Any
from uuid import uuid4

import structlog
from msgspec import Struct
from redis.asyncio import Redis
from redis.exceptions import RedisError

from gateway import telemetry
from gateway.core.events import FIELD, STREAM
from gateway.record import Spool, adopt, lock_of, records

BATCH = 512 * 1024  # bytes read from a segment at a time
MOST_AT_ONCE = 256  # events in one command; Redis serves nobody else meanwhile
PAUSE = 0.05  # seconds between looks at the spool
BACK_OFF = 1.0  # seconds after Redis did not answer
RELEASE_EVERY = 1.0  # seconds
ADD = """
local last
for n = 2, #ARGV do last = redis.call('XADD', KEYS[1], '*', ARGV[1], ARGV[n]) end
return last
"""
EPOCH = "rungway:epoch"  # a word that whoever finds it missing makes up: another one means an emptied Redis

log = structlog.get_logger()

type Id = tuple[int, int]  # of a stream's entry
NEVER: Id = (0, 0)


class Segment(Struct):
    sent: int = 0  # bytes
    last: Id = NEVER  # entry of the stream


class Shipper:
    """Ships what its own process writes and, of processes that are gone, what it is first to take over."""

    def __init__(self, spool: Spool, redis: Redis) -> None:
        self.spool, self.redis = spool, redis
        self._add = redis.register_script(ADD)
        self._segments: dict[Path, Segment] = {}
        self._adopted: dict[str, int] = {}  # process → its lock, held
        self._epoch: tuple[str, bytes] | None = None  # of Redis: its run, and its word
        self._released = 0.0

    async def run(self) -> None:
        while True:
            try:
                moved = await self.ship()
                self.spool.recover()
            except (RedisError, OSError) as error:
                log.warning("spool.waiting", reason=type(error).__name__)
                await asyncio.sleep(BACK_OFF)
            else:
                if not moved:
                    await asyncio.sleep(PAUSE)

    async def ship(self) -> int:
        """One look at every segment; the number of events sent."""
        if monotonic() - self._released >= RELEASE_EVERY:
            await self._release()
            self._released = monotonic()
        return sum([await self._ship_segment(path) for path in self._ours("*.spool")])

    def _ours(self, pattern: str) -> list[Path]:
        return [path for path in sorted(self.spool.folder.glob(pattern)) if self._has(_process(path))]

    def _has(self, process: str) -> bool:
        if process == self.spool.process or process in self._adopted:
            return True
        lock = adopt(self.spool.folder, process)
        if lock is None:
            return False
        self._adopted[process] = lock
        return True

    async def _ship_segment(self, path: Path) -> int:
        segment = self._segments.setdefault(path, Segment())
        with path.open("rb") as file:
            file.seek(segment.sent)
            data = file.read(BATCH) + file.readline()  # however long a record is, it is whole
        found = records(data, finished=_process(path) in self._adopted)
        if found.payloads:
            segment.last = await self._send(found.payloads)
        if found.damaged:
            telemetry.DAMAGED.add(amount=found.damaged)
            log.error("spool.damaged", segment=path.name, records=found.damaged)
        segment.sent += found.end
        return len(found.payloads)

    async def _send(self, payloads: list[bytes]) -> Id:
        """In one command for many: a command of their own for each costs more than all else about them."""
        last = NEVER
        for start in range(0, len(payloads), MOST_AT_ONCE):
            last = _id(await self._add(keys=[STREAM], args=[FIELD, *payloads[start : start + MOST_AT_ONCE]]))
        return last

    async def _release(self) -> None:
        """Forget what the ledger has; send again what Redis has forgotten."""
        pipe = self.redis.pipeline(transaction=True)
        pipe.set(EPOCH, uuid4().hex, nx=True)
        pipe.get(EPOCH)
        pipe.info("server")
        pipe.xrange(STREAM, count=1)
        _, word, server, oldest = await pipe.execute()
        epoch = (server["run_id"], word)
        if epoch != self._epoch:
            if self._epoch is not None:
                log.warning("spool.sent_again", segments=len(self._segments))
                self._segments.clear()
            self._epoch = epoch
            return  # what has been sent is not known to be there
        for path in self._ours("*.spool"):
            if self._is_stored(path, oldest):
                path.unlink(missing_ok=True)
                del self._segments[path]
        self._let_go()

    def _is_stored(self, path: Path, oldest: list[Any]) -> bool:
        segment = self._segments.get(path)
        if segment is None or path == self.spool.current or segment.sent < path.stat().st_size:
            return False
        return not oldest or _id(oldest[0][0]) > segment.last

    def _let_go(self) -> None:
        """Of processes of whom nothing is left."""
        left = {_process(path) for path in self._ours("*.spool")}
        done = {_process(path) for path in self._ours("*.lock")} - left - {self.spool.process}
        for process in done:
            lock_of(self.spool.folder, process).unlink(missing_ok=True)
            os.close(self._adopted.pop(process))


def _process(path: Path) -> str:
    return path.name.partition(".")[0]


def _id(text: bytes | str) -> Id:
    milliseconds, _, number = (text.decode() if isinstance(text, bytes) else text).partition("-")
    return int(milliseconds), int(number)
