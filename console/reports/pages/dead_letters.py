"""Events that the ledger could not take: why not, and once more or away with them."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_POST

from billing.dead import letters_of
from billing.models import DeadLetter
from console.reports import actions
from console.tenancy import Role, TenantRequest, member

MOST = 100  # on the page; whoever has more looks at the reason before the rows


@require_GET
@member(Role.VIEWER)
def dead_letters(request: TenantRequest) -> HttpResponse:
    letters = letters_of(request.tenant)
    context = {
        "letters": letters[:MOST],
        "total": letters.count(),
        "manages": request.membership.holds(Role.ADMIN),
    }
    return render(request, "reports/dead_letters.html", context)


@require_POST
@member(Role.ADMIN)
def dead_letter_retry(request: TenantRequest, letter: UUID) -> HttpResponse:
    try:
        actions.retry(request.tenant, _letter(request, letter), acting=request.acting)
    except actions.CannotBeRetried as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, "Sent once more. If it still cannot be read, it is back here in a moment.")
    return redirect("dead_letters", request.tenant.slug)


@require_POST
@member(Role.ADMIN)
def dead_letter_discard(request: TenantRequest, letter: UUID) -> HttpResponse:
    actions.discard(request.tenant, _letter(request, letter), acting=request.acting)
    messages.success(request, "Discarded. The audit trail keeps what it was.")
    return redirect("dead_letters", request.tenant.slug)


def _letter(request: TenantRequest, letter: UUID) -> DeadLetter:
    return get_object_or_404(DeadLetter.objects.select_for_update(), tenant=request.tenant.pk, pk=letter)
