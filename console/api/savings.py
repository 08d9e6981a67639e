"""`savings`: Route Optimization, net of every attempt, and where it comes from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypedDict

from billing import figures, savings
from billing.spend import spend
from console.api.asking import ASKED, BY, question, span
from console.api.endpoint import Call, Endpoint, operation
from console.api.errors import PlanRequired
from console.api.usage import Usage, rows
from console.routers.selectors import routers_of
from console.tenancy import Role
from gateway.core.money import usd


class Step(TypedDict):
    """Of the way from the baseline to what was paid; a step that is no total is the change."""

    label: str
    amount_usd: str
    is_total: bool


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
        "baselines": dict[str, str],
    },
)


class Savings(Endpoint):
    @operation(Role.VIEWER, gives=SavingsReport, params=(BY, *ASKED))
    def get(self, call: Call) -> Mapping[str, Any]:
        """Told apart by router unless `by` says otherwise, the best first. Part of AI Inside."""
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
                {"label": step.label, "amount_usd": usd(step.amount), "is_total": step.is_total}
                for step in savings.waterfall(total)
            ],
            "baselines": {
                router.slug: router.current.policy.baseline
                for router in routers_of(call.tenant)
                if router.current is not None
            },
        }


def require_ai_inside(call: Call) -> None:
    if not call.tenant.includes_ai_inside:
        raise PlanRequired
