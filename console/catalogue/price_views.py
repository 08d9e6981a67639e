"""Prices that newer price lists propose: what they would change, and whether they are taken; and the tenant's own."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from console.catalogue import price_actions, price_book, price_sheet
from console.catalogue.forms import SheetForm
from console.catalogue.price_book import Effect, Proposal
from console.catalogue.selectors import specs_of
from console.tenancy import Role, TenantRequest, member

LATEST = 50  # decisions on the page; the audit trail has all


@dataclass(frozen=True)
class Line:
    proposal: Proposal
    effect: Effect


@require_safe
@member(Role.VIEWER)
def prices(request: TenantRequest) -> HttpResponse:
    return _page(request, SheetForm())


@require_safe
@member(Role.VIEWER)
def prices_sheet(request: TenantRequest) -> HttpResponse:
    """The tenant's own prices as CSV, as they may be uploaded again."""
    answer = HttpResponse(
        price_sheet.written(specs_of(request.tenant)), content_type="text/csv; charset=utf-8"
    )
    answer["Content-Disposition"] = f'attachment; filename="prices-{request.tenant.slug}.csv"'
    return answer


@require_POST
@member(Role.ADMIN)
def prices_upload(request: TenantRequest) -> HttpResponse:
    form = SheetForm(request.POST, request.FILES)
    if form.is_valid():
        try:
            sheet = price_sheet.read(form.cleaned_data["sheet"].read(price_sheet.MOST_BYTES + 1))
            changed = price_actions.put_sheet(request.tenant, sheet, acting=request.acting)
        except ValidationError as refused:
            form.add_error("sheet", refused.messages)
        else:
            said = ", ".join(changed) or "nothing"
            messages.success(request, f"Changed: {said}. A new price holds from today on; the past stays.")
            return redirect("prices", request.tenant.slug)
    return _page(request, form, status=422)


def _page(request: TenantRequest, form: SheetForm, *, status: int = 200) -> HttpResponse:
    now = timezone.now()
    proposed = price_book.proposals(request.tenant, today=now.date())
    effects = price_book.effects(request.tenant, proposed, now=now)
    lines = sorted((Line(one, effects[one.key]) for one in proposed), key=_weightiest)
    context = {
        "open": [line for line in lines if not line.proposal.was_rejected],
        "rejected": [line for line in lines if line.proposal.was_rejected],
        "decisions": request.tenant.price_decisions.all()[:LATEST],
        "source": price_book.installed_source(),
        "own": [spec for spec in specs_of(request.tenant) if spec.price],
        "form": form,
        "can_edit": request.membership.holds(Role.ADMIN),
    }
    return render(request, "catalogue/prices.html", context, status=status)


@require_POST
@member(Role.ADMIN)
def prices_decide(request: TenantRequest) -> HttpResponse:
    """`key` is of one or several proposals, `verdict` is accept or reject."""
    accepted = request.POST.get("verdict") == "accept"
    keys = frozenset(request.POST.getlist("key"))
    found = price_actions.decide(request.tenant, keys, accepted=accepted, acting=request.acting)
    if not found:
        messages.info(request, "Nothing changed: this is not proposed any more.")
    elif accepted:
        messages.success(
            request, f"{_counted(found)} in the book. Gateways have it within two seconds; the past stays."
        )
    else:
        messages.success(request, f"{_counted(found)} rejected. The prices in the book stay.")
    return redirect("prices", request.tenant.slug)


def _weightiest(line: Line) -> tuple[int, int, str]:
    change = line.effect.after if line.effect.change is None else line.effect.change
    return -abs(change), -line.effect.attempts, line.proposal.model


def _counted(found: tuple[Proposal, ...]) -> str:
    return found[0].model + " is" if len(found) == 1 else f"{len(found)} prices are"
