"""`savings`: Route Optimization, net of every attempt, and where it comes from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypedDict

from django.utils import timezone

from billing import figures, savings
from billing.spend import Measures, spend
from billing.waterfall import waterfall
from console.api.asking import ASKED, BY, question, span
from console.api.endpoint import Call, Endpoint, operation
from console.api.errors import PlanRequired
from console.api.usage import Usage, rows
from console.routers.baselines import yardsticks
from console.tenancy import Role
from gateway.core.money import usd


class Step(TypedDict):
    """Of the way from the baseline to what was paid; a step that is no total is the change.

    `second_usd` is the same from the second baseline, null where that is unknown of a request. `only` are the filters
    under which `requests` lists what makes the step.
    """

    label: str
    amount_usd: str
    second_usd: str | None
    is_total: bool
    only: dict[str, list[str]]


class SecondBaseline(TypedDict):
    """What would have been saved against it, over the same requests; null is unknown."""

    saved_usd: str | None
    unknown_requests: int


class SavingEvidence(TypedDict):
    """The saving, parted by who counted the tokens: the provider, or we by estimate."""

    verified_usd: str | None
    verified_requests: int
    estimated_usd: str | None
    estimated_requests: int


SavingsReport = TypedDict(
    "SavingsReport",
    {
        "from": str,
        "to": str,
        "results": list[dict[str, str | int | None]],
        "next": None,
        "total": Usage,
        "saved_share": float | None,
        "steps": list[Step],
        "second_baseline": SecondBaseline,
        "flatters": str | None,
        "evidence": SavingEvidence,
        "baselines": dict[str, str],
    },
)


class Savings(Endpoint):
    @operation(Role.VIEWER, gives=SavingsReport, params=(BY, *ASKED))
    def get(self, call: Call) -> Mapping[str, Any]:
        """Told apart by router unless `by` says otherwise, the best first. Part of AI Inside.

        `baselines` are those in force today; `flatters` says which makes savings look larger, declared or second.
        """
        require_ai_inside(call)
        query = question(call)
        answer = spend(call.tenant, query if query.by else query.told_apart("router"))
        total = answer.total
        return {
            **span(query.period),
            "results": rows(call, savings.by_saving(answer.rows), answer.query.by),
            "next": None,
            "total": figures.usage(total),
            "saved_share": total.saved_share,
            "steps": [
                {
                    "label": step.label,
                    "amount_usd": usd(step.amount),
                    "second_usd": _usd(step.second),
                    "is_total": step.is_total,
                    "only": {"known": ["true"], **step.only},
                }
                for step in waterfall(call.tenant, query)
            ],
            **_doubt(total),
            "baselines": {each.router: each.basis for each in yardsticks(call.tenant, now=timezone.now())},
        }


def _doubt(total: Measures) -> Mapping[str, Any]:
    both, told = savings.compared(total), savings.evidence(total)
    return {
        "second_baseline": {"saved_usd": _usd(both.second), "unknown_requests": both.unknown},
        "flatters": both.flatters or None,
        "evidence": {
            "verified_usd": _usd(told.verified),
            "verified_requests": told.verified_requests,
            "estimated_usd": _usd(told.estimated),
            "estimated_requests": told.estimated_requests,
        },
    }


def _usd(nano: int | None) -> str | None:
    return None if nano is None else usd(nano)


def require_ai_inside(call: Call) -> None:
    if not call.tenant.includes_ai_inside:
        raise PlanRequired
