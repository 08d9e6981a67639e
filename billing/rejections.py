"""How often answers were rejected by checks: by model, class and kind of checks, with less where less is known.

A cell of few answers is drawn towards what is known of it without its class, that towards the checks alone, and
that towards all cascades: `DRAWN` answers' worth of the wider cell are added to the narrower one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from django.db import connection
from msgspec import Struct

from gateway.core.policy import Cascade, Policy

if TYPE_CHECKING:
    from console.tenants.models import Tenant

DRAWN = 20

type Cell = tuple[str, ...]  # checks, model, class: the wider, the shorter
type Policies = Mapping[tuple[str, int], Policy]  # router and version → what was in force


class Rate(Struct, frozen=True, kw_only=True):
    """`share` of the answers that are rejected, as seen on so many `answers` of the very cell.

    `evidence` has those of wider cells that were drawn on besides; without any, the share is a guess of zero.
    """

    cell: Cell
    share: float
    answers: int
    evidence: int

    @property
    def variance(self) -> float:
        """Of the share itself, as if each answer were an independent one."""
        return self.share * (1 - self.share) / (self.evidence + 1)


class Rates:
    """What was observed. Counts are (rejected, all) answers under checks."""

    def __init__(self, seen: Mapping[Cell, tuple[int, int]], judges: Mapping[str, int]) -> None:
        self._seen, self._judges = seen, judges

    def of(self, cascade: Cascade, model: str, request_class: str) -> Rate:
        cell = (kinds_of(cascade), model, request_class)
        share, wider, answers, drawn = 0.0, 0, 0, 0
        for width in range(len(cell) + 1):
            rejected, answers = self._seen.get(cell[:width], (0, 0))
            drawn = min(wider, DRAWN)
            if answers:
                share = (rejected + share * drawn) / (answers + drawn)
                wider = answers
        return Rate(cell=cell, share=share, answers=answers, evidence=answers + drawn)

    def judge(self, model: str) -> int | None:
        """What one question to a judge cost on average, in nano-dollars; None where none was asked."""
        return self._judges.get(model)


def observed(tenant: Tenant, policies: Policies, *, start: datetime, end: datetime) -> Rates:
    """Of all routers of the tenant. Only answers that a rule with checks had asked for count."""
    with connection.cursor() as cursor:
        cursor.execute(_ANSWERS, [tenant.pk, start, end])
        rows = cursor.fetchall()
        cursor.execute(_JUDGES, [tenant.pk, start, end])
        judges = {model: round(cost) for model, cost in cursor.fetchall()}
    return Rates(_counted(rows, policies), judges)


def kinds_of(cascade: Cascade) -> str:
    """Which kinds of checks it has: a rate is of these, not of their every setting."""
    return "+".join(sorted({check.kind for check in cascade.checks}))


def cascade_of(policy: Policy | None, rule: str) -> Cascade | None:
    """That of a rule by its name, or of what holds otherwise."""
    if policy is None:
        return None
    return next((each.cascade for each in policy.rules if each.name == rule), policy.otherwise.cascade)


_ANSWERS = """
    SELECT router, policy_version, rule, model, request_class, attempt_outcome, sum(sign)
    FROM billing_ledgerentry
    WHERE tenant_id = %s AND at >= %s AND at < %s AND kind = 'answer'
      AND attempt_outcome IN ('answered', 'rejected')
    GROUP BY 1, 2, 3, 4, 5, 6
"""
_JUDGES = """
    SELECT model, sum(sign * cost_nano) / sum(sign)
    FROM billing_ledgerentry
    WHERE tenant_id = %s AND at >= %s AND at < %s AND kind = 'judge' AND cost_nano IS NOT NULL
    GROUP BY 1 HAVING sum(sign) > 0
"""


def _counted(
    rows: Sequence[tuple[str, int, str, str, str, str, int]], policies: Policies
) -> Mapping[Cell, tuple[int, int]]:
    seen: dict[Cell, tuple[int, int]] = defaultdict(lambda: (0, 0))
    for router, version, rule, model, request_class, outcome, count in rows:
        cascade = cascade_of(policies.get((router, version)), rule)
        if cascade is None or not cascade.checks:
            continue
        cell = (kinds_of(cascade), model, request_class)
        for width in range(len(cell) + 1):
            rejected, answers = seen[cell[:width]]
            more = int(count) if outcome == "rejected" else 0
            seen[cell[:width]] = (rejected + more, answers + int(count))
    return dict(seen)
