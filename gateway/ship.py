"""The spool → the Redis stream, at least once; billing keeps each event exactly once."""

from __future__ import annotations

import asyncio
from pathlib import Path

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from gateway.core.events import FIELD, STREAM
from gateway.record import Spool, is_abandoned, records

BATCH = 512 * 1024  # bytes read from a segment at a time
PAUSE = 0.05  # seconds between looks at the spool
BACK_OFF = 1.0  # seconds after Redis did not answer

log = structlog.get_logger()


class Shipper:
    """Reads every segment in the folder from where it stopped; one without a writer goes when it is done."""

    def __init__(self, spool: Spool, redis: Redis) -> None:
        self.spool, self.redis = spool, redis
        self._offsets: dict[Path, int] = {}
        self.damaged = 0  # records that did not check out, for the metrics

    async def run(self) -> None:
        while True:
            try:
                moved = await self.ship()
            except (RedisError, OSError) as error:
                log.warning("spool.waiting", reason=type(error).__name__)
                await asyncio.sleep(BACK_OFF)
            else:
                if not moved:
                    await asyncio.sleep(PAUSE)

    async def ship(self) -> int:
        """One look at every segment; the number of events sent."""
        return sum([await self._ship_segment(path) for path in sorted(self.spool.folder.glob("*.spool"))])

    async def _ship_segment(self, path: Path) -> int:
        own = path.name.startswith(self.spool.process)
        if not own and not is_abandoned(path):
            return 0
        start = self._offsets.get(path, 0)
        with path.open("rb") as file:
            file.seek(start)
            data = file.read(BATCH)
        whole = list(records(data))
        payloads = [payload for _, payload in whole if payload is not None]
        self.damaged += len(whole) - len(payloads)
        if payloads:
            await self._send(payloads)
        if whole:
            self._offsets[path] = start + whole[-1][0]
        elif self._is_finished(path, own=own, behind=len(data)):
            self._remove(path)
        return len(payloads)

    async def _send(self, payloads: list[bytes]) -> None:
        pipe = self.redis.pipeline(transaction=False)
        for payload in payloads:
            pipe.xadd(STREAM, {FIELD: payload})
        await pipe.execute()

    def _remove(self, path: Path) -> None:
        path.unlink(missing_ok=True)
        self._offsets.pop(path, None)

    def _is_finished(self, path: Path, *, own: bool, behind: int) -> bool:
        """A segment that nobody writes to any more, with at most a torn record at its end."""
        return not own or (not behind and path != self.spool.current)
