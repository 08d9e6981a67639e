"""Route Optimization: what routing saved, net of everything it cost, and where."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from msgspec import Struct

from billing.query import SpendQuery
from billing.spend import Measures, Row, spend
from gateway.core.facts import Tier

if TYPE_CHECKING:
    from console.tenants.models import Tenant


class Step(Struct, frozen=True, kw_only=True):
    """Of the way from the baseline to what was paid. `parts` are the lines that the amount is about."""

    label: str
    amount: int  # nano-dollars; of a step, the change
    is_total: bool = False
    parts: tuple[str, ...] = ()


def waterfall(total: Measures) -> tuple[Step, ...]:
    """Of the requests whose saving is known; the steps sum to the last total, exactly."""
    return (
        Step(label="Baseline", amount=total.known_baseline, is_total=True),
        Step(label="Cheaper answers", amount=total.answer_cost - total.known_baseline, parts=("answer",)),
        Step(label="Rejected answers", amount=total.rejected_cost, parts=("rejected",)),
        Step(label="Failed attempts", amount=total.failed_cost, parts=("failed",)),
        Step(label="Checks", amount=total.check_cost, parts=("check", "shadow")),
        Step(label="Paid", amount=total.compared_cost, is_total=True),
    )


def by_saving(rows: Sequence[Row]) -> list[Row]:
    """The best first; what is unknown at the end."""
    return sorted(rows, key=lambda row: (row.measures.saved is None, -(row.measures.saved or 0), row.key))


class TierShare(Struct, frozen=True, kw_only=True):
    tier: str
    measures: Measures
    share: float  # of the cost


def still_on(tenant: Tenant, query: SpendQuery) -> tuple[TierShare, ...]:
    """Where the money went, the dearest tier first."""
    answer = spend(tenant, query.told_apart("tier"))
    whole = answer.total.known_cost
    rows = [row for row in answer.rows if row.key[0]]
    rows.sort(key=lambda row: -Tier(row.key[0]).rank)
    return tuple(
        TierShare(
            tier=row.key[0],
            measures=row.measures,
            share=row.measures.known_cost / whole if whole else 0.0,
        )
        for row in rows
    )
