"""The consumer group on the gateway's stream: read, and let go only what has been stored."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from redis import Redis, ResponseError

from gateway.core.events import FIELD, GROUP, STREAM

CONSUMER = "ledger"
ABANDONED_MS = 15_000  # what another consumer has left unacknowledged for so long is taken over


class Entry(NamedTuple):
    id: bytes
    payload: bytes | None  # None: deleted from the stream before it was stored


class Stream:
    """One consumer. Its own pending entries come first: they are what a killed predecessor was at."""

    def __init__(self, redis: Redis, *, consumer: str = CONSUMER) -> None:
        self._redis, self._consumer = redis, consumer
        self._pending: bytes | None = b"0"  # where among own pending entries the reading is; None: past them

    def read(self, count: int) -> list[Entry]:
        """The next entries to store: own pending ones, then abandoned ones, then new ones."""
        try:
            return self._read(count)
        except ResponseError as error:
            if not str(error).startswith("NOGROUP"):
                raise
            self._create_group()
            return self._read(count)

    def acknowledge(self, entries: Iterable[Entry]) -> None:
        ids = [entry.id for entry in entries]
        if ids:
            with self._redis.pipeline(transaction=True) as pipe:
                pipe.xack(STREAM, GROUP, *ids)
                pipe.xdel(STREAM, *ids)
                pipe.execute()

    def send(self, payload: bytes) -> None:
        """As a gateway does; what is there already is stored once all the same."""
        self._redis.xadd(STREAM, {FIELD: payload})

    def backlog(self) -> int:
        """Entries not stored yet."""
        return int(self._redis.xlen(STREAM))

    def oldest(self) -> datetime | None:
        """When the oldest entry that is not stored yet came; None when all are stored."""
        entries: Any = self._redis.xrange(STREAM, count=1)
        if not entries:
            return None
        milliseconds = int(entries[0][0].partition(b"-")[0])
        return datetime.fromtimestamp(milliseconds / 1000, UTC)

    def _read(self, count: int) -> list[Entry]:
        if self._pending:
            if entries := self._take(self._pending, count):
                self._pending = entries[-1].id
                return entries
            self._pending = None
            if entries := self._take_over(count):
                return entries
        return self._take(b">", count)

    def _take(self, start: bytes, count: int) -> list[Entry]:
        answer: Any = self._redis.xreadgroup(GROUP, self._consumer, {STREAM: start}, count=count)
        if isinstance(answer, dict):  # RESP3: stream → [entries]
            return _entries(answer[STREAM.encode()][0] if answer else ())
        return _entries(answer[0][1] if answer else ())

    def _take_over(self, count: int) -> list[Entry]:
        answer: Any = self._redis.xautoclaim(STREAM, GROUP, self._consumer, ABANDONED_MS, count=count)
        return _entries(answer[1])

    def _create_group(self) -> None:
        try:
            self._redis.xgroup_create(STREAM, GROUP, id="0", mkstream=True)
        except ResponseError as error:
            if not str(error).startswith("BUSYGROUP"):
                raise


def _entries(found: Sequence[tuple[bytes, dict[bytes, bytes] | None]]) -> list[Entry]:
    return [Entry(id, fields.get(FIELD, b"") if fields else None) for id, fields in found]  # noqa: A001
