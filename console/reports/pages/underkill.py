"""Model underkill: answers that did not do, the rule that sent them too low, and what to do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django import forms
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from billing import selectors
from billing import underkill as books
from billing.overkill import Standing
from billing.underkill import Finding
from console.reports.asking import Asked, asked
from console.reports.pages.drafting import draft
from console.routers.relief import lift
from console.routers.selectors import models_within
from console.routers.standing import in_force
from console.tenancy import Role, TenantRequest, member
from gateway.core.facts import RequestClass, Tier

NOTHING_YET = {
    "heading": "Model underkill",
    "icon": "stairs-up",
    "empty_title": "No answer has been judged yet",
    "empty_text": "Answers that checks rejected, that were asked for again or called bad are listed here, with a dearer model.",
}


@dataclass(frozen=True, kw_only=True)
class Line:
    """A finding with the ways down: all that was asked there, and what was rejected."""

    finding: Finding
    href: str
    rejected_href: str


@require_GET
@member(Role.VIEWER)
def underkill(request: TenantRequest) -> HttpResponse:
    page = asked(request, "router", "class")
    if not request.tenant.includes_ai_inside:
        return render(request, "reports/underkill_upsell.html", {"page": page})
    tenant = request.tenant
    if not selectors.has_any(tenant):
        return render(request, "reports/nothing_yet.html", NOTHING_YET)
    report = books.underkill(
        tenant,
        page.query,
        models_of=models_within(tenant),
        day=timezone.now().astimezone(page.period.zone).date(),
        in_force=in_force(tenant),
    )
    served = report.standing(Standing.IN_FORCE)
    rejected = sum(finding.rejected for finding in served)
    return render(
        request,
        "reports/underkill.html",
        {
            "page": page,
            "lines": _lines(served, page),
            "aside": _lines(report.standing(Standing.REPLACED), page),
            "rejected": rejected,
            "unmended": sum(finding.unmended for finding in served),
            "wasted": sum(finding.wasted for finding in served),
            "waited": sum(finding.waited_in_all for finding in served) // rejected if rejected else None,
            "repeated": sum(finding.repeated for finding in served),
            "low": sum(finding.low for finding in served),
            "may_edit": request.membership.holds(Role.EDITOR),
            "routers": set(tenant.routers.values_list("slug", flat=True)),
        },
    )


@require_POST
@member(Role.EDITOR)
def underkill_rule(request: TenantRequest) -> HttpResponse:
    form = Lift(request.POST)
    if not form.is_valid():
        raise Http404("No such finding.")
    given = form.cleaned_data
    return draft(
        request,
        given["router"],
        lambda policy: lift(
            policy, given["rule"], RequestClass(given["request_class"]), to=Tier(given["to"])
        ),
    )


class Lift(forms.Form):
    router = forms.CharField(max_length=100)
    rule = forms.CharField(max_length=200)
    request_class = forms.ChoiceField(choices=[(each.value, each.value) for each in RequestClass])
    to = forms.ChoiceField(choices=[(each.value, each.value) for each in Tier])


def _lines(findings: Sequence[Finding], page: Asked) -> list[Line]:
    return [
        Line(
            finding=finding,
            href=_requests_of(finding, page, ("answer", "rejected")),
            rejected_href=_requests_of(finding, page, ("rejected",)),
        )
        for finding in findings
    ]


def _requests_of(finding: Finding, page: Asked, parts: tuple[str, ...]) -> str:
    return page.trail.narrowed(
        "requests",
        {
            "router": finding.router,
            "rule": finding.rule,
            "class": finding.request_class,
            "tier": finding.served,
            "part": parts,
        },
        period=finding.period,
    )
