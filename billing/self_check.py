"""The books look at themselves: what the invariants forbid, counted over the last day, with some of its ids.

The numbers are those of the charter. I-10 is in I-3: hours are compared with the lines that came in them. `chain` is
that no line was changed since it was recorded.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from uuid import UUID

import msgspec
import structlog
from django.conf import settings
from django.db import connection
from msgspec import Struct
from redis import Redis, RedisError

from billing import balance, chain, daily, rollup, sequences
from billing.models import RolledDay, SelfCheck
from console.tenancy import every_tenant
from gateway.core.price import BUCKETS, Price, Usage, cost

SPAN = timedelta(hours=25)
KEPT = timedelta(days=90)
SHOWN = 20

log = structlog.get_logger(__name__)


class Found(Struct):
    """What contradicts an invariant: how much, and some of it."""

    count: int = 0
    examples: list[str] = []

    def add(self, example: object, count: int = 1) -> None:
        self.count += count
        if count and len(self.examples) < SHOWN:
            self.examples.append(str(example))


def check(*, now: datetime) -> SelfCheck:
    """Looks, and keeps what it found."""
    began, since = time.monotonic(), now - SPAN
    found = {name: look(since) for name, look in LOOKS.items()}
    row = SelfCheck.objects.create(
        at=now,
        since=since,
        findings={name: each.count for name, each in found.items()},
        examples={name: each.examples for name, each in found.items() if each.count},
        took_ms=int((time.monotonic() - began) * 1000),
    )
    SelfCheck.objects.filter(at__lt=now - KEPT).delete()
    for name, each in found.items():
        if each.count:
            log.error("books_disagree", invariant=name, count=each.count, examples=each.examples)
    return row


def latest() -> SelfCheck | None:
    """The newest look at the books, for people who run the installation; it is of all tenants."""
    return SelfCheck.objects.order_by("-at").first()


def _of(sql: str) -> Callable[[datetime], Found]:
    """Ids that a query finds, of lines and requests since a moment."""

    def look(since: datetime) -> Found:
        found = Found()
        with every_tenant(), connection.cursor() as cursor:
            cursor.execute(sql, {"since": since})
            for (example,) in cursor.fetchall():
                found.add(example)
        return found

    return look


_LINES = """
    SELECT request_id, at, sum(sign) AS attempts, sum(sign * coalesce(cost_nano, 0)) AS cost,
           sum(sign * (cost_nano IS NULL)::int) AS unpriced,
           sum(sign * baseline_nano) AS baseline, bool_or(baseline_nano IS NULL AND sign > 0) AS unknown
    FROM billing_ledgerentry WHERE at >= %(since)s GROUP BY request_id, at
"""
_REPEATED = """
    SELECT attempt_id FROM billing_ledgerentry WHERE at >= %(since)s GROUP BY attempt_id HAVING count(*) > 1
"""
_NOT_ITS_LINES = f"""
    SELECT coalesce(request.request_id, lines.request_id)
    FROM (SELECT * FROM billing_requestrecord WHERE at >= %(since)s) AS request
    FULL JOIN ({_LINES}) AS lines USING (request_id, at)
    WHERE coalesce(lines.attempts, 0) <> coalesce(request.attempts, -1)
"""  # noqa: S608 (of constants)
_NOT_THEIR_SUM = f"""
    SELECT request.request_id FROM billing_requestrecord AS request JOIN ({_LINES}) AS lines USING (request_id, at)
    WHERE request.at >= %(since)s AND (
        lines.cost <> request.cost_nano OR lines.unpriced <> request.unpriced_attempts
        OR (request.outcome <> 'failed' AND NOT lines.unknown AND lines.baseline <> request.baseline_nano)
    )
"""  # noqa: S608 (of constants)
_NO_SAVING = """
    SELECT request_id FROM billing_requestrecord WHERE at >= %(since)s AND (
        (known AND saved_nano IS DISTINCT FROM baseline_nano - cost_nano)
        OR (NOT known AND saved_nano IS NOT NULL) OR (outcome = 'failed' AND saved_nano > 0)
    )
"""
_REWRITABLE = """
    SELECT privilege FROM unnest(ARRAY['UPDATE', 'DELETE']) AS privilege
    WHERE has_table_privilege('billing_ledgerentry', privilege) AND %(since)s IS NOT NULL
"""
_FOREIGN_KEYS = """
    SELECT attempt_id FROM billing_ledgerentry AS line JOIN keys_gatewaykey AS key ON key.id::text = gateway_key
    WHERE at >= %(since)s AND key.tenant_id <> line.tenant_id
"""
_BILLED_TWICE = """
    SELECT attempt_id FROM billing_ledgerentry WHERE at >= %(since)s AND reasoning_tokens > output_tokens
"""


def _sums(since: datetime) -> Found:
    """Lines = hours = days."""
    found = Found()
    with every_tenant():
        tenants: list[UUID] = list(
            RolledDay.objects.filter(day__gte=(since - timedelta(days=1)).date())
            .order_by("tenant")
            .values_list("tenant", flat=True)
            .distinct()
        )
    for tenant in tenants:
        found.add(f"tenant {tenant}, hours", rollup.differences(tenant, since=since))
        found.add(
            f"tenant {tenant}, days", daily.differences(tenant, since=(since - timedelta(days=2)).date())
        )
    return found


def _costs(since: datetime) -> Found:
    """Each cost, reckoned again from its line: the price and the tokens are all there is to it."""
    found = Found()
    for attempt_id, price, kept, usage in _priced(since):
        if cost(_price(price), usage) != kept:
            found.add(attempt_id)
    return found


_TOKENS: Mapping[str, str] = {name: f"{name}_tokens" for name in BUCKETS if name != "searches"}
_PRICED = f"""
    SELECT attempt_id, price::text, cost_nano, searches, {", ".join(_TOKENS.values())} FROM billing_ledgerentry
    WHERE at >= %s AND cost_nano > 0 AND price IS NOT NULL
"""  # noqa: S608 (of constants)


def _priced(since: datetime) -> Iterator[tuple[str, str, int, Usage]]:
    with every_tenant(), connection.chunked_cursor() as cursor:
        cursor.execute(_PRICED, [since])
        while rows := cursor.fetchmany(2000):
            for attempt_id, price, kept, searches, *tokens in rows:
                yield (
                    attempt_id,
                    price,
                    kept,
                    Usage(searches=searches, **dict(zip(_TOKENS, tokens, strict=True))),
                )


@lru_cache(maxsize=1024)
def _price(text: str) -> Price:
    return msgspec.json.decode(text, type=Price)


def _sequence_gaps(since: datetime) -> Found:
    found = Found()
    for gap in sequences.gaps(since=since):
        found.add(f"{gap.process} {gap.first}–{gap.last}", gap.last - gap.first + 1)
    return found


def _chains(since: datetime) -> Found:
    found = Found()
    for day in chain.verify(since=since.date()):
        if day.broken:
            found.add(f"{day.day} {day.broken.attempt_id}")
    return found


def _budgets(since: datetime) -> Found:
    """What cannot be looked at, for Redis is away, is not found wanting: budgets have their lease then."""
    found = Found()
    try:
        with Redis.from_url(settings.REDIS_URL, socket_timeout=10, socket_connect_timeout=5) as redis:
            for contradiction in balance.contradictions(redis, now=since + SPAN):
                found.add(contradiction)
    except RedisError as error:
        log.warning("budgets_not_looked_at", because=type(error).__name__)
    return found


LOOKS: Mapping[str, Callable[[datetime], Found]] = {
    "I-1": _of(_REPEATED),
    "I-2": _of(_NOT_ITS_LINES),
    "I-3": _sums,
    "I-4": _of(_NOT_THEIR_SUM),
    "I-5": _of(_NO_SAVING),
    "I-6": _budgets,
    "I-7": _of(_REWRITABLE),
    "I-8": _costs,
    "I-9": _of(_FOREIGN_KEYS),
    "I-11": _of(_BILLED_TWICE),
    "I-12": _sequence_gaps,
    "chain": _chains,
}
