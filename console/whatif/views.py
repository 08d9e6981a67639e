"""What would this draft have done? Asked from the router's editor, answered on a page of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from billing.periods import Period, zone_of
from billing.query import SpendQuery
from billing.replay import Move, Projection, Span, Unknown
from console.interface.formatting import usd
from console.refusals import Refused
from console.reports.links import Trail
from console.routers import page
from console.routers.models import Router
from console.routers.selectors import router_of
from console.tenancy import Role, TenantRequest, member
from console.whatif import actions
from console.whatif.forms import WhatIfForm
from console.whatif.models import WhatIfRun
from console.whatif.selectors import run_of, runs_of

FEW = 20
REASONS = {
    Unknown.NO_FACTS: "The gateway stopped before it said what the request was",
    Unknown.NO_ANSWER: "No answer was sent, so there are no tokens to replay",
    Unknown.COUNTED_ONLY: "Only tokens were counted",
    Unknown.CACHED: "Answered without a model",
    Unknown.UNSEEN: "It is not known how many tokens were used, or what they cost",
    Unknown.OWN_CLASSES: "The draft reads classes of your own that were not told apart then",
    Unknown.NO_ESTIMATES: "The draft asks for a quality, and what to expect of models was not kept then",
    Unknown.UNPRICED: "The draft sends it to a model without a price",
}
REFUSALS = {
    "no_eligible_model": "No model is left under the draft: it would be refused",
    "context_length_exceeded": "Too long for every model left under the draft: it would be refused",
}
TABLES = (("models", "By model", "Asked first"), ("tiers", "By tier", "Tier"), ("rules", "By rule", "Rule"))


@dataclass(frozen=True)
class Table:
    """`rows` are moves with the way down to their requests, where there is one."""

    name: str
    title: str
    column: str
    rows: Sequence[tuple[Move, str]]


@require_http_methods(["GET", "POST"])
@member(Role.VIEWER, writing=Role.ANALYST)
def router_what_if(request: TenantRequest, slug: str) -> HttpResponse:
    router = router_of(request.tenant, slug)
    form = WhatIfForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        question = form.question(zone_of(request.tenant.time_zone))
        try:
            run = actions.start(router, question, acting=request.acting)
        except ValidationError as wrong:
            form.add_error(None, wrong.messages)
        except Refused as refused:
            form.add_error(None, str(refused))
        else:
            return redirect("router_what_if_run", request.tenant.slug, slug, run.pk)
    context = {
        "page": page.page_of(request, router, tab="router_what_if"),
        "form": form,
        "runs": runs_of(router)[:FEW],
        "may_ask": request.membership.holds(Role.ANALYST),
    }
    return render(request, "whatif/what_if.html", context, status=422 if form.is_bound else 200)


@require_safe
@member(Role.VIEWER)
def router_what_if_run(request: TenantRequest, slug: str, run: UUID) -> HttpResponse:
    router = router_of(request.tenant, slug)
    found = run_of(router, run)
    projection = found.projection
    context: dict[str, object] = {
        "page": page.page_of(request, router, tab="router_what_if"),
        "run": found,
        "told": projection,
        "period": _period(found, request),
        "is_draft_of_now": found.draft_version == router.version,
    }
    if projection is not None:
        context |= _figures(request, router, found, projection)
    return render(request, "whatif/run.html", context)


def _period(run: WhatIfRun, request: TenantRequest) -> Period:
    return Period(start=run.start, end=run.end, zone=zone_of(request.tenant.time_zone))


def _figures(
    request: TenantRequest, router: Router, run: WhatIfRun, projection: Projection
) -> dict[str, object]:
    trail = Trail(request.tenant, SpendQuery(period=_period(run, request)))
    reasons = [
        *((REASONS[Unknown(reason)], count) for reason, count in projection.unknown.items()),
        *((REFUSALS.get(code, code), count) for code, count in projection.refused.items()),
    ]
    return {
        "tables": [
            Table(
                name=name,
                title=title,
                column=column,
                rows=[(move, _href(trail, router, name, move)) for move in getattr(projection, name)],
            )
            for name, title, column in TABLES
        ],
        "reasons": sorted(reasons, key=lambda reason: -reason[1]),
        "refused": sum(projection.refused.values()),
        "projected_told": f"between {usd(projection.projected.low)} and {usd(projection.projected.high)}",
        "difference_told": _difference(projection.difference),
    }


def _difference(difference: Span) -> str:
    """As in "between $1.20 less and $0.30 more"."""
    ends = [f"{usd(abs(end))} {'more' if end > 0 else 'less'}" for end in (difference.low, difference.high)]
    return f"between {ends[0]} and {ends[1]}"


def _href(trail: Trail, router: Router, table: str, move: Move) -> str:
    """To the requests themselves, where the log can be asked for them."""
    if table != "rules" or move.before == "…":
        return ""
    return trail.requests(router=router.slug, rule=move.before)
