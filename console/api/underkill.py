"""`underkill`: what a tier below the one needed answered, what that wasted, and what a tier up would change."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, TypedDict

from django.utils import timezone

from billing.underkill import Finding, Part, underkill
from console.api.asking import ASKED, question, span
from console.api.endpoint import Call, Endpoint, operation
from console.api.savings import require_ai_inside
from console.routers.selectors import models_within
from console.routers.standing import in_force
from console.tenancy import Role
from gateway.core.money import usd
from gateway.core.report import dollars


class Undersized(TypedDict):
    """What one model was asked. `above` is the cheapest of the next tier up, `difference_usd` what it would change."""

    model: str
    answers: int
    rejected: int
    unmended: int
    repeated: int
    low_outcomes: int
    outcomes: int
    wasted_usd: str
    waited_ms: int
    above: str | None
    difference_usd: str | None


Underkill = TypedDict(
    "Underkill",
    {
        "router": str | None,
        "rule": str,
        "standing": Literal["in_force", "replaced"],
        "from": str,
        "to": str,
        "class": str | None,
        "served": str,
        "answers": int,
        "share": float,
        "wasted_usd": str,
        "difference_usd": str | None,
        "models": list[Undersized],
    },
)
UnderkillReport = TypedDict(
    "UnderkillReport", {"from": str, "to": str, "results": list[Underkill], "next": None}
)


class UnderkillOf(Endpoint):
    called = "Underkill"

    @operation(Role.VIEWER, gives=UnderkillReport, params=ASKED)
    def get(self, call: Call) -> Mapping[str, Any]:
        """A row for each rule, class and tier with a sign of underkill, the most wasted first.

        Signs are answers that checks rejected, that were asked for again soon (`repeated`) and that callers gave an
        outcome below 0.5; `share` is theirs of all answers. `unmended` are rejected ones with no better one after.
        `difference_usd` is what sending all of it up at once would have changed; below zero it were cheaper.
        """
        require_ai_inside(call)
        query = question(call)
        report = underkill(
            call.tenant,
            query,
            models_of=models_within(call.tenant),
            day=timezone.now().astimezone(query.period.zone).date(),
            in_force=in_force(call.tenant),
        )
        return {
            **span(query.period),
            "results": [finding_row(finding) for finding in report.findings],
            "next": None,
        }


def finding_row(finding: Finding) -> dict[str, Any]:
    return {
        "router": finding.router or None,
        "rule": finding.rule,
        "standing": finding.standing.value,
        **span(finding.period),
        "class": finding.request_class or None,
        "served": finding.served,
        "answers": finding.tries,
        "share": finding.share,
        "wasted_usd": usd(finding.wasted),
        "difference_usd": dollars(finding.difference),
        "models": [part_row(part) for part in finding.parts],
    }


def part_row(part: Part) -> dict[str, Any]:
    return {
        "model": part.model,
        "answers": part.tries,
        "rejected": part.rejected.attempts,
        "unmended": part.unmended,
        "repeated": part.heard.repeated,
        "low_outcomes": part.heard.low,
        "outcomes": part.heard.said,
        "wasted_usd": usd(part.rejected.known_cost),
        "waited_ms": part.rejected.took_ms,
        "above": part.above.model if part.above else None,
        "difference_usd": dollars(part.difference),
    }
