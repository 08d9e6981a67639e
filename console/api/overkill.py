"""`overkill`: what a tier above the one called for answered, and the cheapest that would have done."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, TypedDict

from django.utils import timezone

from billing import figures
from billing.overkill import Finding, Part, overkill
from console.api.asking import ASKED, question, span
from console.api.endpoint import Call, Endpoint, operation
from console.api.savings import require_ai_inside
from console.api.usage import Usage
from console.routers.selectors import models_within
from console.routers.standing import in_force
from console.tenancy import Role
from gateway.core.money import usd
from gateway.core.report import dollars


class Oversized(TypedDict):
    """What one model answered; the alternative is the cheapest within reach that would have done."""

    model: str
    requests: int
    cost_usd: str | None
    alternative: str | None
    alternative_cost_usd: str | None
    saving_usd: str | None


Overkill = TypedDict(
    "Overkill",
    {
        "router": str | None,
        "rule": str,
        "standing": Literal["in_force", "by_tag", "replaced"],
        "from": str,
        "to": str,
        "class": str,
        "called_for": str,
        "served": str,
        "requests": int,
        "cost_usd": str,
        "saving_usd": str | None,
        "unpriced_attempts": int,
        "models": list[Oversized],
    },
)
OverkillReport = TypedDict(
    "OverkillReport",
    {
        "from": str,
        "to": str,
        "results": list[Overkill],
        "next": None,
        "answered": int,
        "share": float | None,
        "saving_usd": str | None,
        "total": Usage,
    },
)


class OverkillOf(Endpoint):
    called = "Overkill"

    @operation(Role.VIEWER, gives=OverkillReport, params=ASKED)
    def get(self, call: Call) -> Mapping[str, Any]:
        """A row for each rule and class, the largest saving first; `total` is of the oversized requests.

        `standing` says whether the policy that is served still does so (`in_force`), did so until another was
        published (`replaced`), or follows the caller's own tag (`by_tag`).
        """
        require_ai_inside(call)
        query = question(call)
        today = timezone.now().astimezone(query.period.zone).date()
        report = overkill(
            call.tenant,
            query,
            models_of=models_within(call.tenant),
            day=today,
            in_force=in_force(call.tenant),
        )
        return {
            **span(query.period),
            "results": [finding_row(finding) for finding in report.findings],
            "next": None,
            "answered": report.answered,
            "share": report.share,
            "saving_usd": dollars(report.saving),
            "total": figures.usage(report.oversized),
        }


def finding_row(finding: Finding) -> dict[str, Any]:
    return {
        "router": finding.router or None,
        "rule": finding.rule,
        "standing": finding.standing.value,
        **span(finding.period),
        "class": finding.request_class,
        "called_for": finding.called_for,
        "served": finding.served,
        "requests": finding.requests,
        "cost_usd": usd(finding.cost),
        "saving_usd": dollars(finding.saving),
        "unpriced_attempts": finding.unpriced_attempts,
        "models": [part_row(part) for part in finding.parts],
    }


def part_row(part: Part) -> dict[str, Any]:
    return {
        "model": part.model,
        "requests": part.measures.requests,
        "cost_usd": dollars(part.measures.cost),
        "alternative": part.alternative.model if part.alternative else None,
        "alternative_cost_usd": dollars(part.alternative.cost) if part.alternative else None,
        "saving_usd": dollars(part.saving),
    }
