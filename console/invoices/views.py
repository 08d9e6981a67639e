"""Uploading a provider's bill, and reading where it and the ledger part."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import (
    require_http_methods,
    require_POST,
    require_safe,
)

from billing.invoices import MOST_BYTES, Match, Unreadable, matched
from console.invoices import actions
from console.invoices.forms import InvoiceForm
from console.invoices.models import ProviderInvoice
from console.tenancy import Role, TenantRequest, member

MOST_SHOWN = 500


@require_http_methods(["GET", "POST"])
@member(Role.VIEWER, writing=Role.ANALYST)
def provider_invoices(request: TenantRequest) -> HttpResponse:
    tenant = request.tenant
    keys = list(tenant.provider_keys.order_by("name").values_list("name", flat=True))
    given = (request.POST, request.FILES) if request.method == "POST" else ()
    form = InvoiceForm(keys, *given)
    if form.is_bound and form.is_valid():
        file = form.cleaned_data["file"]
        try:
            invoice = actions.take(
                tenant,
                file.read(MOST_BYTES + 1),
                key=form.cleaned_data["provider_key"],
                file_name=file.name,
                columns=form.columns,
                acting=request.acting,
            )
        except Unreadable as unreadable:
            form.add_error("file", str(unreadable))
        else:
            return redirect("provider_invoice", tenant.slug, invoice.pk)
    context = {
        "form": form,
        "keys": keys,
        "invoices": [(each, each.amount) for each in tenant.provider_invoices.all()[:50]],
        "may_upload": request.membership.holds(Role.ANALYST),
    }
    return render(request, "invoices/invoices.html", context, status=422 if form.is_bound else 200)


@require_safe
@member(Role.VIEWER)
def provider_invoice(request: TenantRequest, invoice: UUID) -> HttpResponse:
    found = _invoice(request, invoice)
    matches = matched(request.tenant, found.places)
    context = {
        "invoice": found,
        "rows": [(match, _requests(request, match)) for match in matches[:MOST_SHOWN]],
        "more": max(0, len(matches) - MOST_SHOWN),
        "theirs": sum(match.theirs for match in matches),
        "ours": sum(match.ours for match in matches),
        "drift": sum(match.drift for match in matches),
        "unpriced": sum(match.unpriced for match in matches),
        "may_remove": request.membership.holds(Role.ANALYST),
    }
    return render(request, "invoices/invoice.html", context)


@require_POST
@member(Role.ANALYST)
def provider_invoice_remove(request: TenantRequest, invoice: UUID) -> HttpResponse:
    found = _invoice(request, invoice)
    actions.remove(found, acting=request.acting)
    messages.success(request, f"{found.file_name} is removed. The ledger is as it was.")
    return redirect("provider_invoices", request.tenant.slug)


def _invoice(request: TenantRequest, invoice: UUID) -> ProviderInvoice:
    found = request.tenant.provider_invoices.filter(pk=invoice).first()
    if found is None:
        raise Http404("No such invoice.")
    return found


def _requests(request: TenantRequest, match: Match) -> str:
    """The requests that had an attempt with the model on that day of UTC."""
    if not match.attempts:
        return ""
    start = datetime.combine(match.day, time(), UTC)
    asked = {
        "from": start.isoformat(),
        "to": (start + timedelta(days=1)).isoformat(),
        "model": match.model,
    }
    return f"{reverse('requests', args=[request.tenant.slug])}?{urlencode(asked)}"
