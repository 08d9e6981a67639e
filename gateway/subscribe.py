"""Receives snapshots: by message within moments, by a version poll when the message is lost, from disk at a
start without Redis. Refuses an unknown schema and an older version; keeps the last good one."""

from __future__ import annotations

import asyncio
import hmac
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from time import time

import msgspec
import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from gateway.core.snapshot import SCHEMA, TenantSnapshot
from gateway.state import State

SNAPSHOTS = "rungway:snapshots"  # hash: tenant id → snapshot
VERSIONS = "rungway:versions"  # hash: tenant id → version
PUBLISHED = "rungway:published"  # channel: "tenant id:version"

POLL = 1.0  # seconds
MAX_AGE = 24 * 3600  # seconds for which a snapshot on disk may be served after a restart

log = structlog.get_logger()


class Subscriber:
    def __init__(self, state: State, redis: Redis, shelf: Shelf) -> None:
        self.state, self.redis, self.shelf = state, redis, shelf
        self._refused: dict[str, int] = {}  # tenant → version that would not do, so that it is said once
        self._wake = asyncio.Event()

    def recover(self) -> None:
        """Serve what was good last time, until Redis says otherwise."""
        self.state.accept(self.shelf.load())

    async def run(self) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(self._listen())
            group.create_task(self._poll())

    async def _poll(self) -> None:
        while True:
            try:
                await self.refresh()
            except (RedisError, OSError) as error:
                log.warning("snapshots.waiting", reason=type(error).__name__)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), POLL)
            self._wake.clear()

    async def _listen(self) -> None:
        """A message only wakes the poll: whatever is lost here, the poll finds."""
        while True:
            try:
                async with self.redis.pubsub() as channel:
                    await channel.subscribe(PUBLISHED)
                    while True:
                        if await channel.get_message(ignore_subscribe_messages=True, timeout=POLL):
                            self._wake.set()
            except (RedisError, OSError):
                await asyncio.sleep(POLL)

    async def refresh(self) -> None:
        """Take every snapshot that is newer than ours; forget tenants that are gone."""
        versions = {_text(key): int(value) for key, value in (await self.redis.hgetall(VERSIONS)).items()}
        if not versions and self.state.world.tenants:
            return  # wiped, not emptied: the console will publish again
        stale = [
            tenant
            for tenant, version in versions.items()
            if self.state.version_of(tenant) < version != self._refused.get(tenant)
        ]
        for tenant in stale:
            if payload := await self.redis.hget(SNAPSHOTS, tenant):
                self._take(tenant, _text(payload).encode(), versions[tenant])
        if gone := frozenset(self.state.world.tenants) - frozenset(versions):
            self.state.accept([], gone=gone)
            self.shelf.remove(gone)
        self.state.confirm()

    def _take(self, tenant: str, payload: bytes, version: int) -> None:
        try:
            snapshot = decode(payload)
            if snapshot.version > self.state.version_of(tenant):
                self.state.accept([snapshot])
                self.shelf.keep(snapshot, payload)
                log.info("snapshot.taken", tenant=tenant, version=snapshot.version)
        except Exception as error:  # noqa: BLE001 - whatever is wrong with it, the last good one stays
            self._refused[tenant] = version
            log.error("snapshot.refused", tenant=tenant, version=version, reason=str(error)[:300])


def _text(value: bytes | str) -> str:
    return value.decode() if isinstance(value, bytes) else value


def decode(payload: bytes) -> TenantSnapshot:
    schema = msgspec.json.decode(payload, type=_Head).schema
    if schema != SCHEMA:
        raise ValueError(f"schema {schema} is not {SCHEMA}")
    return msgspec.json.decode(payload, type=TenantSnapshot)


class _Head(msgspec.Struct):
    schema: int


class Shelf:
    """The last good snapshots on disk, each with an HMAC so that a changed file is not believed."""

    def __init__(self, folder: Path, key: bytes) -> None:
        self.folder, self._key = folder, sha256(b"rungway snapshot shelf" + key).digest()

    def keep(self, snapshot: TenantSnapshot, payload: bytes) -> None:
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = self.folder / f"{sha256(snapshot.tenant.encode()).hexdigest()}.json"
        fresh = path.with_suffix(".new")
        fresh.touch(mode=0o600)
        fresh.write_bytes(self._seal(payload) + b"\n" + payload)
        fresh.replace(path)

    def load(self) -> list[TenantSnapshot]:
        return [snapshot for path in sorted(self.folder.glob("*.json")) if (snapshot := self._read(path))]

    def remove(self, tenants: frozenset[str]) -> None:
        for tenant in tenants:
            (self.folder / f"{sha256(tenant.encode()).hexdigest()}.json").unlink(missing_ok=True)

    def _read(self, path: Path) -> TenantSnapshot | None:
        try:
            seal, _, payload = path.read_bytes().partition(b"\n")
            if not hmac.compare_digest(seal, self._seal(payload)):
                raise ValueError("the file was changed")
            if time() - path.stat().st_mtime > MAX_AGE:
                raise ValueError("the file is older than a day")
            return decode(payload)
        except (OSError, ValueError, msgspec.MsgspecError) as error:
            log.error("snapshot.not_recovered", file=path.name, reason=str(error)[:300])
            return None

    def _seal(self, payload: bytes) -> bytes:
        return hmac.new(self._key, payload, sha256).hexdigest().encode()
