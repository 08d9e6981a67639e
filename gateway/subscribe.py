"""Receives snapshots: by message within moments, by a version poll when the message is lost, from disk at a
start without Redis. Refuses an unknown schema and an older version; keeps the last good one."""

from __future__ import annotations

import asyncio
import hmac
import os
from collections.abc import Iterable
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from time import monotonic, time
from typing import Any

import msgspec
import structlog
from redis.asyncio import Redis

from gateway.core.snapshot import SCHEMA, TenantSnapshot
from gateway.listening import listen
from gateway.state import State

SNAPSHOTS = "rungway:snapshots"  # hash: tenant id → snapshot
VERSIONS = "rungway:versions"  # hash: tenant id → version
PUBLISHED = "rungway:published"  # channel: "tenant id:version"

POLL = 1.0  # seconds
GONE_AFTER = 15 * 60.0  # seconds; a Redis that was emptied has its tenants back long before
MAX_AGE = 24 * 3600  # seconds for which a snapshot on disk may be served after it was last confirmed
CONFIRM_EVERY = 600.0  # seconds

log = structlog.get_logger()


class Subscriber:
    def __init__(self, state: State, redis: Redis, shelf: Shelf) -> None:
        self.state, self.redis, self.shelf = state, redis, shelf
        self._refused: dict[str, int] = {}  # tenant → version that would not do, so that it is said once
        self._missing: dict[str, float] = {}  # tenant → when Redis was first found to lack it
        self._confirmed = 0.0
        self._wake = asyncio.Event()

    def recover(self) -> None:
        """Serve what was good last time, until Redis says otherwise."""
        self.state.accept(self.shelf.load())

    async def run(self) -> None:
        async with asyncio.TaskGroup() as group:
            # A message only wakes the poll: whatever is lost, the poll finds.
            group.create_task(listen(self.redis, PUBLISHED, lambda _: self._wake.set()))
            group.create_task(self._poll())

    async def _poll(self) -> None:
        while True:
            try:
                await self.refresh()
            except Exception as error:  # noqa: BLE001 - whatever Redis holds, we go on with what we have
                log.warning("snapshots.waiting", reason=type(error).__name__)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), POLL)
            self._wake.clear()

    async def refresh(self) -> None:
        """Take every snapshot that is newer than ours; forget tenants that are gone."""
        found: Any = await self.redis.hgetall(VERSIONS)
        versions = versions_of(found)
        stale = [
            tenant
            for tenant, version in versions.items()
            if self.state.version_of(tenant) < version != self._refused.get(tenant)
        ]
        for tenant in stale:
            payload: Any = await self.redis.hget(SNAPSHOTS, tenant)
            if payload:
                self._take(tenant, payload, versions[tenant])
        self._forget(self._gone(versions))
        if versions or not self.state.world.tenants:
            self._confirm(versions)

    def _gone(self, versions: Iterable[str]) -> frozenset[str]:
        """Missing for so long that it is no accident. While nothing is there at all, nobody is missing."""
        now = monotonic()
        missing = frozenset(self.state.world.tenants).difference(versions) if versions else frozenset()
        self._missing = {tenant: self._missing.get(tenant, now) for tenant in missing}
        return frozenset(tenant for tenant, since in self._missing.items() if now - since >= GONE_AFTER)

    def _forget(self, gone: frozenset[str]) -> None:
        if gone:
            self.state.accept([], gone=gone)
            self.shelf.remove(gone)

    def _confirm(self, tenants: Iterable[str]) -> None:
        self.state.confirm()
        if monotonic() - self._confirmed >= CONFIRM_EVERY:
            self._confirmed = monotonic()
            self.shelf.confirm(tenants)

    def _take(self, tenant: str, payload: bytes, version: int) -> None:
        try:
            snapshot = decode(payload)
            if snapshot.tenant != tenant:
                raise ValueError("it is another tenant's")
            if snapshot.version > self.state.version_of(tenant):
                self.state.accept([snapshot])
                log.info("snapshot.taken", tenant=tenant, version=snapshot.version)
                self.shelf.keep(snapshot, payload)
        except OSError as error:  # served all the same
            log.error("snapshot.not_kept", tenant=tenant, version=version, reason=str(error)[:300])
        except Exception as error:  # noqa: BLE001 - whatever is wrong with it, the last good one stays
            self._refused[tenant] = version
            log.error("snapshot.refused", tenant=tenant, version=version, reason=str(error)[:300])


def versions_of(found: dict[bytes, bytes]) -> dict[str, int]:
    """What is no version is left alone, whoever wrote it there."""
    return {
        tenant.decode("utf-8", "replace"): int(version)
        for tenant, version in found.items()
        if version.isdigit()
    }


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
        path = self._path(snapshot.tenant)
        fresh = path.with_suffix(f".{os.getpid()}.new")  # gateways beside one another have one shelf
        fresh.touch(mode=0o600)
        fresh.write_bytes(self._seal(payload) + b"\n" + payload)
        fresh.replace(path)

    def load(self) -> list[TenantSnapshot]:
        return [snapshot for path in sorted(self.folder.glob("*.json")) if (snapshot := self._read(path))]

    def remove(self, tenants: frozenset[str]) -> None:
        for tenant in tenants:
            self._path(tenant).unlink(missing_ok=True)

    def confirm(self, tenants: Iterable[str]) -> None:
        """They are still what Redis holds."""
        for tenant in tenants:
            with suppress(OSError):
                os.utime(self._path(tenant))

    def _path(self, tenant: str) -> Path:
        return self.folder / f"{sha256(tenant.encode()).hexdigest()}.json"

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
