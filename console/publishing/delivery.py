"""Snapshots into Redis, from where every gateway takes them. An older version never replaces a newer one."""

from __future__ import annotations

from functools import cache
from uuid import UUID

import msgspec
from django.conf import settings
from django.utils import timezone
from redis import Redis

from billing import holding
from gateway.core.snapshot import TenantSnapshot

SNAPSHOTS = "rungway:snapshots"  # tenant id → snapshot
VERSIONS = "rungway:versions"  # tenant id → version, for those who poll
CHANNEL = "rungway:published"  # "<tenant id>:<version>"

# Two publishers of one tenant may commit in one order and arrive here in the other.
_DELIVER = """
    local have = tonumber(redis.call('HGET', KEYS[2], ARGV[1]) or '0')
    if tonumber(ARGV[2]) <= have then return 0 end
    redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
    redis.call('HSET', KEYS[2], ARGV[1], ARGV[2])
    redis.call('PUBLISH', KEYS[3], ARGV[1] .. ':' .. ARGV[2])
    return 1
"""


def deliver(snapshot: TenantSnapshot) -> bool:
    """Whether it was newer than what was there. What its budgets have spent is there before."""
    if snapshot.budgets:
        holding.Books(_redis(), now=timezone.now()).make_known(UUID(snapshot.tenant))
    return bool(
        _redis().eval(
            _DELIVER,
            3,
            SNAPSHOTS,
            VERSIONS,
            CHANNEL,
            snapshot.tenant,
            snapshot.version,
            msgspec.json.encode(snapshot),
        )
    )


def delivered() -> dict[UUID, int]:
    """Which version of each tenant the gateways can have."""
    found: dict[bytes, bytes] = _redis().hgetall(VERSIONS)  # type: ignore[assignment]
    return {UUID(tenant.decode()): int(version) for tenant, version in found.items()}


def version_of(tenant: UUID) -> int:
    found: bytes | None = _redis().hget(VERSIONS, str(tenant))  # type: ignore[assignment]
    return int(found or 0)


@cache
def _redis() -> Redis:
    return Redis.from_url(settings.REDIS_URL, socket_timeout=5, socket_connect_timeout=2)
