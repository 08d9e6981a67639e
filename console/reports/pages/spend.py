"""Where the money went, by any dimension: a chart over time and the table beside it."""

from __future__ import annotations

from dataclasses import dataclass

from django import forms
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from billing import selectors
from billing import spend as books
from billing.periods import Misread
from billing.query import TAG
from billing.spend import Measures
from console.interface.formatting import words
from console.reports import charts
from console.reports.asking import LABELS, Asked, asked, label_of
from console.tenancy import Role, TenantRequest, member
from console.tenants.models import Tenant

FIELDS = ("router", "model", "class", "outcome")
BY = ("model", "router", "provider", "tier", "class", "rule", "requested_model", "outcome", "key", "end_user")
MOST_ROWS = 200
NOTHING_YET = {
    "heading": "Spend",
    "icon": "chart-bar",
    "empty_title": "Nothing has been spent yet",
    "empty_text": "With the first request this page tells by model, router, key, class and tag where the money goes.",
}


@dataclass(frozen=True)
class Line:
    name: str
    value: str
    href: str
    measures: Measures
    share: float | None


@require_GET
@member(Role.VIEWER)
def spend(request: TenantRequest) -> HttpResponse:
    if not selectors.has_any(request.tenant):
        return render(request, "reports/nothing_yet.html", NOTHING_YET)
    choices = [
        *((name, LABELS[name]) for name in BY),
        *((TAG + tag, words(tag)) for tag in request.tenant.tags),
    ]
    by_field = forms.ChoiceField(label="By", choices=choices, required=False)
    page = asked(request, *FIELDS, tags=True, more={"by": by_field})
    by = page.query.by[0] if page.query.by else BY[0]
    answer = books.spend(request.tenant, page.query.told_apart(by))
    whole = answer.total.known_cost
    lines = [
        Line(
            name=page.names.of(by, row.key[0]),
            value=row.key[0],
            href=page.trail.narrowed("requests", {by: row.key[0]}),
            measures=row.measures,
            share=row.measures.known_cost / whole if whole and row.measures.cost is not None else None,
        )
        for row in answer.rows
    ]
    return render(
        request,
        "reports/spend.html",
        {
            "page": page,
            "by": by,
            "column": label_of(by),
            "lines": lines[:MOST_ROWS],
            "more_lines": max(0, len(lines) - MOST_ROWS),
            "total": answer.total,
            "total_href": page.trail.requests(),
            "unknown_href": page.trail.requests(known="false"),
            "chart": _chart(request.tenant, page, by),
        },
    )


def _chart(tenant: Tenant, page: Asked, by: str) -> object:
    try:
        return charts.apart(tenant, page.query, by, page.trail, page.names)
    except Misread:
        return None
