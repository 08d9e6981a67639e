"""The request log, and one request: why it went where it went, and what each attempt cost."""

from __future__ import annotations

from dataclasses import dataclass

from django import forms
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from billing import selectors
from billing.dead import letters_of
from billing.models import LedgerEntry, RequestRecord
from billing.periods import Misread
from billing.spend import spend
from console.publishing.again import decided_again
from console.reports.arithmetic import Reckoning, of_line
from console.reports.asking import Asked, Names, asked
from console.reports.failures import because, failure_of
from console.tenancy import Role, TenantRequest, member

FIELDS = ("router", "model", "class", "tier", "outcome", "key")


@dataclass(frozen=True)
class Attempt:
    """A line with its arithmetic and its place on the timeline, in per mille of the request."""

    line: LedgerEntry
    reckoning: Reckoning
    start: int
    first: int  # where the first byte came
    length: int

    @property
    def flowing(self) -> int:
        return self.start + self.length - self.first

    @property
    def because(self) -> str:
        return because(self.line.because)


@require_GET
@member(Role.VIEWER)
def requests(request: TenantRequest) -> HttpResponse:
    by_id = forms.CharField(
        label="Request id", required=False, widget=forms.TextInput(attrs={"placeholder": "Begins with …"})
    )
    page = asked(request, *FIELDS, tags=True, more={"id": by_id})
    listed, problem = _listed(request, page)
    return render(
        request,
        "reports/requests.html",
        {
            "page": page,
            "listed": listed,
            "problem": problem or page.problem,
            "total": spend(request.tenant, page.query.told_apart()).total,
            "live": _is_live(request, page),
            "filtered": bool(page.query.filters) or bool(request.GET.get("id")),
            "unread": letters_of(request.tenant).count(),
            "has_any": bool(listed.rows) or selectors.has_any(request.tenant),
        },
    )


@require_GET
@member(Role.VIEWER)
def request(request: TenantRequest, request_id: str) -> HttpResponse:
    detail = selectors.request(request.tenant, request_id) if "\0" not in request_id else None
    if detail is None:
        raise Http404("No such request.")
    record = detail.request
    return render(
        request,
        "reports/request.html",
        {
            "record": record,
            "failure": failure_of(record.error),
            "unpriced": sorted(
                {(line.model, served(line)) for line in detail.lines if line.cost_nano is None and line.model}
            ),
            "answered": record.part == "answer",
            "attempts_said": "1 attempt" if record.attempts == 1 else f"{record.attempts} attempts",
            "attempts": [_attempt(line, record) for line in detail.lines],
            "taken_back": detail.taken_back,
            "answer": next((line for line in detail.lines if line.part == "answer"), None),
            "again": decided_again(request.tenant, record, (line.model for line in detail.lines)),
            "key_name": Names(request.tenant).of("key", record.gateway_key),
        },
    )


def served(line: LedgerEntry) -> str:
    """What would need a price of its own."""
    where = f" in {line.region}" if line.region else ""
    return f"{line.model}{f' as {line.service_tier}' if line.service_tier else ''}{where}"


def _listed(request: TenantRequest, page: Asked) -> tuple[selectors.Page, str]:
    wanted, cursor = request.GET.get("id", "").strip(), request.GET.get("cursor", "")
    if "\0" in wanted:
        return selectors.Page((), None, narrowed=False), "Request id: holds a NUL character."
    try:
        return selectors.requests(request.tenant, page.query, starts_with=wanted, cursor=cursor), ""
    except Misread:
        return selectors.requests(request.tenant, page.query, starts_with=wanted), ""


def _is_live(request: TenantRequest, page: Asked) -> bool:
    """Newest first and up to now: such a page follows what happens, unless it was told to stand still."""
    follows = page.period.end > timezone.now() and not request.GET.get("cursor")
    return follows and request.GET.get("live") != "0"


def _attempt(line: LedgerEntry, record: RequestRecord) -> Attempt:
    whole = max(record.total_ms, line.started_ms + line.total_ms, 1)
    start = min(line.started_ms * 1000 // whole, 990)
    length = max(10, line.total_ms * 1000 // whole)
    waited = line.total_ms if line.first_byte_ms is None else line.first_byte_ms
    return Attempt(
        line=line,
        reckoning=of_line(line),
        start=start,
        first=start + min(length, waited * 1000 // whole),
        length=min(length, 1000 - start),
    )
