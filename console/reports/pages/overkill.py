"""Model overkill: requests that a cheaper tier would have carried, the rule that sent them up, and what to do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django import forms
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from billing import overkill as books
from billing import selectors
from billing.overkill import Finding, Report, Standing, saving_of
from billing.spend import Measures
from console.interface.formatting import words
from console.reports.asking import Asked, asked
from console.reports.pages.drafting import draft
from console.routers.relief import relieve
from console.routers.selectors import models_within
from console.routers.standing import in_force
from console.tenancy import Role, TenantRequest, member
from gateway.core.facts import RequestClass, Tier
from gateway.core.overkill import CALLS_FOR, Fit

FITS = {
    Fit.FITS: ("Fits", "saving"),
    Fit.NEEDED: ("Needed: a cheaper one was tried", "s5"),
    Fit.FLOORED: ("Kept up by a floor", "s2"),
    Fit.UNSURE: ("Class not sure", "neutral"),
}
STANDINGS = {
    Standing.IN_FORCE: ("Oversized", "loss"),
    Standing.BY_TAG: ("As the caller's tag asks", "s3"),
    Standing.REPLACED: ("Oversized under a policy that was replaced", "waste"),
}
ASIDE = {
    Standing.REPLACED: "Mended since: these went up under a policy that another has replaced",
    Standing.BY_TAG: "Not counted: these went up because a tag of the caller asked for it",
}


NOTHING_YET = {
    "heading": "Model overkill",
    "icon": "scale",
    "empty_title": "No request has been judged yet",
    "empty_text": "Requests that went to a dearer tier than their work called for are listed here, with the cheaper model.",
}


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One rule with its findings, each with the way down to its requests."""

    router: str
    name: str
    findings: tuple[tuple[Finding, str], ...]
    requests: int
    cost: int
    saving: int
    href: str

    @property
    def has_alternative(self) -> bool:
        return any(finding.alternatives for finding, _ in self.findings)


@require_GET
@member(Role.VIEWER)
def overkill(request: TenantRequest) -> HttpResponse:
    page = asked(request, "router", "class")
    if not request.tenant.includes_ai_inside:
        return render(request, "reports/overkill_upsell.html", {"page": page})
    tenant = request.tenant
    if not selectors.has_any(tenant):
        return render(request, "reports/nothing_yet.html", NOTHING_YET)
    report = books.overkill(
        tenant,
        page.query,
        models_of=models_within(tenant),
        day=timezone.now().astimezone(page.period.zone).date(),
        in_force=in_force(tenant),
    )
    served = report.standing(Standing.IN_FORCE)
    return render(
        request,
        "reports/overkill.html",
        {
            "page": page,
            "report": report,
            "requests": sum(finding.requests for finding in served),
            "share": sum(finding.requests for finding in served) / report.answered
            if report.answered
            else None,
            "cost": sum(finding.cost for finding in served),
            "saving": saving_of(served),
            "rules": _by_rule(served, page),
            "aside": [
                (told, rules, sum(rule.requests for rule in rules), sum(rule.cost for rule in rules))
                for standing, told in ASIDE.items()
                if (rules := _by_rule(report.standing(standing), page))
            ],
            "fit_parts": _fit_parts(report, page),
            "calls_for": [(words(name), tiers) for name, tiers in CALLS_FOR.items()],
            "may_edit": request.membership.holds(Role.EDITOR),
            "routers": set(tenant.routers.values_list("slug", flat=True)),
        },
    )


@require_POST
@member(Role.EDITOR)
def overkill_rule(request: TenantRequest) -> HttpResponse:
    form = Relief(request.POST)
    if not form.is_valid():
        raise Http404("No such finding.")
    given = form.cleaned_data
    return draft(
        request,
        given["router"],
        lambda policy: relieve(
            policy,
            given["rule"],
            RequestClass(given["request_class"]),
            called_for=Tier(given["called_for"]),
            served=Tier(given["served"]),
        ),
    )


class Relief(forms.Form):
    router = forms.CharField(max_length=100)
    rule = forms.CharField(max_length=200)
    request_class = forms.ChoiceField(choices=[(each.value, each.value) for each in RequestClass])
    called_for = forms.ChoiceField(choices=[(each.value, each.value) for each in Tier])
    served = forms.ChoiceField(choices=[(each.value, each.value) for each in Tier])


def _requests_of(finding: Finding, page: Asked) -> str:
    return page.trail.narrowed(
        "requests",
        {
            "router": finding.router,
            "rule": finding.rule,
            "class": finding.request_class,
            "called_for": finding.called_for,
            "tier": finding.served,
            "fit": Fit.OVERKILL,
            "part": "answer",
        },
        period=finding.period,
    )


def _by_rule(findings: Sequence[Finding], page: Asked) -> list[Rule]:
    """The rule on which most can be saved first, and so within each."""
    groups: dict[tuple[str, str], list[Finding]] = {}
    for finding in findings:
        groups.setdefault((finding.router, finding.rule), []).append(finding)
    rules = [
        Rule(
            router=router,
            name=rule,
            findings=tuple((finding, _requests_of(finding, page)) for finding in findings),
            requests=sum(finding.requests for finding in findings),
            cost=sum(finding.cost for finding in findings),
            saving=sum(finding.saving or 0 for finding in findings),
            href=page.trail.requests(
                findings[0].period, router=router, rule=rule, fit=Fit.OVERKILL, part="answer"
            ),
        )
        for (router, rule), findings in groups.items()
    ]
    return sorted(rules, key=lambda rule: (-rule.saving, -rule.cost))


def _fit_parts(report: Report, page: Asked) -> list[tuple[str, int, str, str]]:
    parts = [
        (label, report.fits.get(fit, Measures()).requests, tone, page.trail.requests(fit=fit, part="answer"))
        for fit, (label, tone) in FITS.items()
        if fit in report.fits and fit != Fit.OVERKILL
    ]
    oversized = [
        (label, sum(finding.requests for finding in report.standing(standing)), tone, "")
        for standing, (label, tone) in STANDINGS.items()
    ]
    return [part for part in (*parts[:1], *oversized, *parts[1:]) if part[1]]
