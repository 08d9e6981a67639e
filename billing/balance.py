"""I-6: a budget's book in Redis is what the ledger says, and what it holds is held by requests under way.

A book is set first, as every few seconds, so that only what setting it does not mend is found. Between a book and the
ledger something may come in: what contradicts is looked at again, and told when it stays.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from redis import Redis

from billing.holding import Books
from billing.models import Budget
from billing.standing import spent_by_value
from console.tenancy import every_tenant, within
from gateway.core.budget import Window, book, window

TRIES = 3
LATE = 90  # seconds after a request's time is over, by which nothing may be held for it


def contradictions(redis: Redis, *, now: datetime) -> list[str]:
    """Of all budgets, in the period that is now: budget, value, and what does not agree."""
    with every_tenant():
        rows = list(Budget.objects.select_related("tenant").order_by("tenant", "id"))
    return [f"budget {row.pk}: {each}" for row in rows for each in _of(redis, row, now)]


def _of(redis: Redis, row: Budget, now: datetime) -> list[str]:
    span = window(row.per, row.tenant.time_zone, now)
    found: list[str] = []
    for _ in range(TRIES):
        Books(redis, now=now).balance(row, span)
        found = list(_contradicting(redis, row, span, now))
        if not found:
            break
    return found


def _contradicting(redis: Redis, row: Budget, span: Window, now: datetime) -> Iterator[str]:
    fields: Any = redis.hgetall(book(str(row.tenant_id), str(row.pk), span.name))
    with within(row.tenant_id):
        spent = spent_by_value(row, span)
    kept: dict[tuple[str, str], int] = defaultdict(int)
    entered: dict[tuple[str, str], int] = defaultdict(int)
    for name, content in ((name.decode(), content.decode()) for name, content in fields.items()):
        kind, _, of = name.partition(":")
        if kind == "r":
            state, amount, _process, due, value = content.split(" ", 4)
            entered[state, value] += int(amount)
            if state == "h" and int(due) + LATE < now.timestamp():
                yield f"{amount} is held for {of}, which is over"
        else:
            kept[kind, of] = int(content)
    yield from _differing(kept, {**entered, **{("s", value): amount for value, amount in spent.items()}})


def _differing(kept: Mapping[tuple[str, str], int], due: Mapping[tuple[str, str], int]) -> Iterator[str]:
    words = {"s": "spent", "u": "spent beyond the ledger", "h": "held"}
    for kind, value in sorted({*kept, *due}):
        there, should = kept.get((kind, value), 0), due.get((kind, value), 0)
        if there != should:
            yield f"{words[kind]} {value or 'in all'} is {there}, should be {should}"
