"""Route Optimization: the realized saving, net of every attempt, and where it comes from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_GET

from billing import selectors
from billing.savings import by_saving, compared, evidence, still_on
from billing.spend import Measures, spend
from billing.waterfall import waterfall
from console.reports import charts
from console.reports.asking import Asked, asked, label_of
from console.reports.pages.overview import parts_of
from console.routers.baselines import yardsticks
from console.tenancy import Role, TenantRequest, member

if TYPE_CHECKING:
    from console.tenants.models import Tenant

BY = ("router", "rule", "model", "class", "key")
FEW = 3
NOTHING_YET = {
    "heading": "Route Optimization",
    "icon": "trending-down",
    "empty_title": "Nothing has been saved yet",
    "empty_text": "From the first request on, this page holds what was paid against what the baseline would have cost.",
}


@dataclass(frozen=True)
class Line:
    name: str
    value: str
    href: str
    measures: Measures


@dataclass(frozen=True)
class Tab:
    label: str
    href: str
    active: bool


@require_GET
@member(Role.VIEWER)
def savings(request: TenantRequest) -> HttpResponse:
    page = asked(request, "router", "class")
    total = spend(request.tenant, page.query.told_apart()).total
    context: dict[str, object] = {"page": page, "total": total}
    if not request.tenant.includes_ai_inside:
        return render(request, "reports/savings_upsell.html", context)
    if not selectors.has_any(request.tenant):
        return render(request, "reports/nothing_yet.html", NOTHING_YET)
    by = page.query.by[0] if page.query.by and page.query.by[0] in BY else BY[0]
    context |= figures(request.tenant, page, total, by)
    context["tabs"] = [
        Tab(label_of(name), f"?{urlencode(_with(request, name), doseq=True)}#by", name == by) for name in BY
    ]
    return render(request, "reports/savings.html", context)


def figures(tenant: Tenant, page: Asked, total: Measures, by: str) -> dict[str, object]:
    query, trail = page.query, page.trail
    lines = told(tenant, page, by)
    rules = [
        line
        for line in told(tenant, page, "rule")
        if line.measures.saved is not None and line.measures.requests
    ]
    tiers = still_on(tenant, query)
    return {
        "by": by,
        "column": label_of(by),
        "lines": lines,
        "best": [line for line in rules if (line.measures.saved or 0) > 0][:FEW],
        "worst": [line for line in reversed(rules) if (line.measures.saved or 0) < 0][:FEW],
        "over_time": charts.paid_and_baseline(tenant, query, trail),
        "saved_chart": charts.saved(tenant, query, trail),
        "waterfall": charts.steps(waterfall(tenant, query), trail),
        "tier_parts": parts_of(tiers, trail),
        "premium": next((share for share in tiers if share.tier == "premium"), None),
        "compared": compared(total),
        "evidence": evidence(total),
        "yardsticks": yardsticks(tenant, now=timezone.now()),
        "verified_href": trail.requests(known="true", verified="true"),
        "estimated_href": trail.requests(known="true", verified="false"),
        "known_href": trail.requests(known="true"),
        "unknown_href": trail.requests(known="false"),
        "rejected_href": trail.requests(known="true", part="rejected"),
    }


def told(tenant: Tenant, page: Asked, by: str) -> list[Line]:
    """The best first. A rule is named with its router: two routers may each have a rule of that name."""
    dimensions = ("router", "rule") if by == "rule" else (by,)
    rows = by_saving(spend(tenant, page.query.told_apart(*dimensions)).rows)
    return [
        Line(
            name=" · ".join(page.names.of(*pair) for pair in zip(dimensions, row.key, strict=True)),
            value=row.key[-1],
            href=page.trail.narrowed("requests", dict(zip(dimensions, row.key, strict=True))),
            measures=row.measures,
        )
        for row in rows
    ]


def _with(request: TenantRequest, by: str) -> dict[str, list[str]]:
    given = {name: list(values) for name, values in request.GET.lists() if name != "by"}
    return {**given, "by": [by]}
