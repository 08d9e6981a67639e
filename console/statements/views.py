"""Statements as pages, made to be printed as well."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_POST, require_safe

from billing.query import NONE, SpendQuery
from billing.statements import Line, by_first, of_value, summed
from console.interface.formatting import words
from console.reports.links import Trail
from console.statements import actions, selectors
from console.statements.actions import CannotBeClosed
from console.tenancy import Role, TenantRequest, member

YEARS = range(2020, 2200)


@dataclass(frozen=True)
class Group:
    """The lines of one router, or of one value of a tag."""

    name: str
    total: Line
    lines: Sequence[tuple[Line, str]]


@require_safe
@member(Role.VIEWER)
def statements(request: TenantRequest) -> HttpResponse:
    months = list(selectors.months(request.tenant, now=timezone.now()))
    return render(request, "statements/statements.html", {"months": months})


@require_safe
@member(Role.VIEWER)
def statement(request: TenantRequest, year: int, month: int) -> HttpResponse:
    tenant, first = request.tenant, _first(year, month)
    tag, value = request.GET.get("tag", ""), request.GET.get("value")
    if tag not in {"", *tenant.tags}:
        raise Http404("No such tag.")
    found = selectors.month_in(tenant, first, tag=tag, now=timezone.now())
    told = found.statement
    if tag and value:
        told = of_value(told, "" if value == NONE else value)
    trail = Trail(tenant, SpendQuery(period=told.month))
    context = {
        "month": found,
        "told": told,
        "tag": tag,
        "value": value,
        "groups": _groups(told.lines, told.by, trail),
        "corrections": _groups(told.corrections, told.by, trail),
        "tabs": [
            {
                "label": words(name) if name else "By router",
                "href": f"?{urlencode({'tag': name})}" if name else "?",
                "active": name == tag,
            }
            for name in ("", *tenant.tags)
        ],
        "may_close": request.membership.holds(Role.ADMIN) and found.is_over and found.closed is None,
        "requests_href": trail.requests(),
        "drawn_up_at": timezone.now(),
    }
    return render(request, "statements/statement.html", context)


@require_POST
@member(Role.ADMIN)
def statement_close(request: TenantRequest, year: int, month: int) -> HttpResponse:
    first = _first(year, month)
    try:
        actions.close(request.tenant, first, now=timezone.now(), acting=request.acting)
    except CannotBeClosed as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, f"{first:%B %Y} is closed. Corrections will stand below its lines.")
    return redirect(reverse("statement", args=[request.tenant.slug, first.year, first.month]))


def _first(year: int, month: int) -> date:
    if year not in YEARS or not 1 <= month <= 12:
        raise Http404("No such month.")
    return date(year, month, 1)


def _groups(lines: Sequence[Line], by: tuple[str, ...], trail: Trail) -> list[Group]:
    return [
        Group(
            name=name,
            total=summed(group),
            lines=[
                (line, trail.narrowed("requests", dict(zip(by, line.key, strict=True)))) for line in group
            ],
        )
        for name, group in by_first(lines).items()
    ]
