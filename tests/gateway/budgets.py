"""Budgets as billing makes them known, for gateways under test."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

from redis import Redis

from gateway.core.budget import KNOWN, book, window
from gateway.core.snapshot import Budget, BudgetScope
from tests.gateway.world import id_of

NANO = 1_000_000_000


def budget(nano: int, name: str = "all", **rest: Any) -> Budget:
    values: dict[str, Any] = {"per": "month", "at_limit": "block", "scope": BudgetScope()}
    return Budget(id=f"id-of-{name}", name=name, nano=nano, **(values | rest))


def known(redis: Redis, *budgets: Budget) -> None:
    for each in budgets:
        redis.hset(KNOWN, each.id, "1")


def sums(redis: Redis, of: Budget, *, tenant: str = "tenant-1", value: str = "") -> tuple[int, int, int]:
    """In the ledger, settled beyond that, held: of the period that is now."""
    span = window(of.per, "UTC", datetime.now(UTC))
    fields: Any = redis.hmget(
        book(id_of(tenant), of.id, span.name), [f"{kind}:{value}" for kind in ("s", "u", "h")]
    )
    ledger, beyond, held = (int(field or 0) for field in fields)
    return ledger, beyond, held


async def came(redis: Redis, of: Budget, wanted: tuple[int, int, int], **rest: Any) -> None:
    """Waits until the sums are what is wanted."""
    async with asyncio.timeout(5):
        while sums(redis, of, **rest) != wanted:  # noqa: ASYNC110 - it is Redis that is waited for
            await asyncio.sleep(0.01)
