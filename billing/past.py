"""Past requests as a replay needs them: their facts, what was decided then, and the lines of their attempts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

import msgspec
from django.db import connection
from msgspec import Struct

from gateway.core.facts import RequestFacts
from gateway.core.ladder import AttemptOutcome, Kind
from gateway.core.price import BUCKETS, Usage, UsageSource

if TYPE_CHECKING:
    from console.tenants.models import Tenant

AT_ONCE = 2000

type Position = tuple[datetime, str]  # of a request among those of a router


class Line(Struct, frozen=True, kw_only=True):
    """An attempt that stands. `cost` in nano-dollars, None where it is unknown."""

    kind: Kind
    part: str
    model: str
    outcome: AttemptOutcome
    usage_source: UsageSource
    cost: int | None
    usage: Usage


class Past(Struct, frozen=True, kw_only=True):
    """`rule` and `tier` as decided then; `lines` in the order of their attempts."""

    request_id: str
    at: datetime
    facts: RequestFacts | None
    rule: str
    tier: str
    outcome: str
    policy_version: int
    cost: int
    unpriced_attempts: int
    baseline: int | None
    lines: tuple[Line, ...]

    @property
    def first(self) -> Line | None:
        """The attempt with which the ladder began."""
        return next((line for line in self.lines if line.kind is Kind.ANSWER), None)

    @property
    def answer(self) -> Line | None:
        return next((line for line in self.lines if line.part == "answer"), None)

    @property
    def position(self) -> Position:
        return self.at, self.request_id


def count(tenant: Tenant, router: str, *, start: datetime, end: datetime) -> int:
    return tenant.requests.filter(router=router, at__gte=start, at__lt=end).count()


def read(
    tenant: Tenant,
    router: str,
    *,
    start: datetime,
    end: datetime,
    after: Position | None = None,
    at_once: int = AT_ONCE,
) -> list[Past]:
    """The router's requests from `start` up to but not including `end`, oldest first, a batch at a time."""
    at, request_id = after or (start, "")
    with connection.cursor() as cursor:
        cursor.execute(_REQUESTS, [tenant.pk, router, at, end, at, request_id, at_once])
        rows = cursor.fetchall()
        if not rows:
            return []
        cursor.execute(_LINES, [tenant.pk, rows[0][1], rows[-1][1], [row[0] for row in rows]])
        lines = _lines(cursor.fetchall())
    return [_past(row, lines) for row in rows]


_COLUMNS = ", ".join(name if name == "searches" else f"{name}_tokens" for name in BUCKETS)
_REQUESTS = """
    SELECT request_id, at, facts::text, rule, decided_tier, outcome, policy_version, cost_nano,
           unpriced_attempts, baseline_nano
    FROM billing_requestrecord
    WHERE tenant_id = %s AND router = %s AND at >= %s AND at < %s AND (at, request_id) > (%s, %s)
    ORDER BY at, request_id
    LIMIT %s
"""
_LINES = f"""
    SELECT request_id, attempt_id, sign, corrects, kind, part, model, attempt_outcome, usage_source, cost_nano,
           {_COLUMNS}
    FROM billing_ledgerentry
    WHERE tenant_id = %s AND at BETWEEN %s AND %s AND request_id = ANY(%s)
    ORDER BY request_id, n
"""  # noqa: S608 - constants


def _lines(rows: Sequence[Sequence[Any]]) -> Mapping[str, list[Line]]:
    gone = {corrects for _, _, sign, corrects, *_ in rows if sign < 0}
    found: dict[str, list[Line]] = defaultdict(list)
    for request_id, attempt_id, sign, _, kind, part, model, outcome, source, cost, *usage in rows:
        if sign > 0 and attempt_id not in gone:
            found[request_id].append(
                Line(
                    kind=Kind(kind),
                    part=part,
                    model=model,
                    outcome=AttemptOutcome(outcome),
                    usage_source=UsageSource(source),
                    cost=cost,
                    usage=Usage(**dict(zip(BUCKETS, usage, strict=True))),
                )
            )
    return found


def _past(row: Sequence[Any], lines: Mapping[str, list[Line]]) -> Past:
    request_id, at, facts, rule, tier, outcome, version, cost, unpriced, baseline = row
    return Past(
        request_id=request_id,
        at=at,
        facts=_facts(facts) if facts else None,
        rule=rule,
        tier=tier,
        outcome=outcome,
        policy_version=version,
        cost=cost,
        unpriced_attempts=unpriced,
        baseline=baseline,
        lines=tuple(lines.get(request_id, ())),
    )


_facts = msgspec.json.Decoder(RequestFacts).decode
