"""From the baseline down to what was paid, step by step: of the requests whose saving is known.

What an answer cost is parted in two: what it would have cost with nothing read from a provider's cache or written
into it, which the choice of its model is judged by, and what caching changed. The steps sum to what was paid exactly.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct

from billing.query import SpendQuery
from billing.spend import EMPTY, Measures, spend

if TYPE_CHECKING:
    from console.tenants.models import Tenant

ONCE = ("answered", "failed")  # a failed request has neither answer nor baseline
ANSWERED: Mapping[str, tuple[str, ...]] = {
    "Routing": ONCE,
    "Escalation": ("escalated", "rejected"),
    "Fallback": ("fell_back",),
    "Our cache": ("cached",),
}


class Step(Struct, frozen=True, kw_only=True):
    """`only` are the filters of the lines that the amount is about. Nano-dollars; of a step, the change."""

    label: str
    amount: int
    second: int | None  # the same from the second baseline; None where that is unknown of any request
    is_total: bool = False
    only: Mapping[str, tuple[str, ...]] = {}

    @property
    def is_nothing(self) -> bool:
        return not self.is_total and not self.amount and not self.second


def waterfall(tenant: Tenant, query: SpendQuery) -> tuple[Step, ...]:
    """Without the steps at which nothing changed."""
    answer = spend(tenant, query.told_apart("outcome"))
    return steps(answer.total, {row.key[0]: row.measures for row in answer.rows})


def steps(total: Measures, outcomes: Mapping[str, Measures]) -> tuple[Step, ...]:
    second = None if total.second_unknown else total.second_baseline
    found = (
        Step(label="Baseline", amount=total.known_baseline, second=second, is_total=True),
        *_choices(outcomes, is_second_known=second is not None),
        *(
            Step(
                label=label, amount=amount, second=None if second is None else amount, only={"part": (part,)}
            )
            for label, part, amount in _rest(total)
        ),
        Step(label="Paid", amount=total.compared_cost, second=total.compared_cost, is_total=True),
    )
    return tuple(step for step in found if not step.is_nothing)


def _choices(outcomes: Mapping[str, Measures], *, is_second_known: bool) -> Iterable[Step]:
    """What other models than the baseline's changed, by how the request went."""
    for label, names in ANSWERED.items():
        sums: Sequence[Measures] = [outcomes.get(name, EMPTY) for name in names]
        uncached = sum(one.answer_cost + one.cache_saved - one.cache_paid for one in sums)
        yield Step(
            label=label,
            amount=uncached - sum(one.known_baseline for one in sums),
            second=uncached - sum(one.second_baseline for one in sums) if is_second_known else None,
            only={"part": ("answer",) if label != "Our cache" else (), "outcome": names},
        )


def _rest(total: Measures) -> Iterable[tuple[str, str, int]]:
    yield "Read from caches", "answer", -total.cache_saved
    yield "Written to caches", "answer", total.cache_paid
    yield "Checks", "check", total.check_cost
    yield "Shadows", "shadow", total.shadow_cost
    yield "Rejected answers", "rejected", total.rejected_cost
    yield "Failed attempts", "failed", total.failed_cost
