"""Keys of applications: listed, made and shown once, edited, replaced, revoked."""

from __future__ import annotations

from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from console.keys import once, selectors
from console.keys.actions import gateway_keys as actions
from console.keys.forms import EditForm, GatewayKeyForm
from console.keys.models import GatewayKey
from console.tenancy import Role, TenantRequest, member
from console.tenants.forms import RefusalsOn
from console.tenants.sign_in import recently_signed_in


@require_GET
@member(Role.VIEWER)
def gateway_keys(request: TenantRequest) -> HttpResponse:
    used, now = selectors.last_used(request.tenant), timezone.now()
    keys = selectors.live_gateway_keys(request.tenant)
    context = {
        "keys": [(key, used.get(str(key.pk)), key.is_live(now=now)) for key in keys],
        "manages": request.membership.holds(Role.ADMIN),
        "tabs": tabs(request, active="gateway_keys"),
    }
    return render(request, "keys/gateway_keys.html", context)


@never_cache
@require_http_methods(["GET", "POST"])
@member(Role.ADMIN)
@recently_signed_in
def gateway_key_new(request: TenantRequest) -> HttpResponse:
    form = GatewayKeyForm(request.POST or None, tenant=request.tenant)
    if form.is_valid() and (made := _create(request, form)):
        return _shown(request, made)
    status = 422 if form.is_bound else 200
    return render(request, "keys/gateway_key_new.html", {"form": form}, status=status)


@require_http_methods(["GET", "POST"])
@member(Role.ADMIN)
def gateway_key(request: TenantRequest, key: UUID) -> HttpResponse:
    found = _key(request, key)
    form = EditForm(request.POST if request.method == "POST" else None, key=found)
    if form.is_valid() and _edit(request, found, form):
        messages.success(request, f"{found.name} is changed; the gateway follows within two seconds.")
        return redirect("gateway_keys", request.tenant.slug)
    status = 422 if form.is_bound else 200
    return render(request, "keys/gateway_key.html", {"form": form, "key": found}, status=status)


@never_cache
@require_POST
@member(Role.ADMIN)
@recently_signed_in
def gateway_key_replace(request: TenantRequest, key: UUID) -> HttpResponse:
    return _shown(request, actions.replace(_key(request, key), acting=request.acting))


@require_POST
@member(Role.ADMIN)
def gateway_key_revoke(request: TenantRequest, key: UUID) -> HttpResponse:
    found = _key(request, key)
    if request.POST.get("typed") != found.name:
        messages.error(request, f"Nothing was done: type {found.name} to confirm.")
    else:
        actions.revoke(found, acting=request.acting)
        messages.success(request, f"{found.name} is revoked; the gateway refuses it within two seconds.")
    return redirect("gateway_keys", request.tenant.slug)


def tabs(request: TenantRequest, *, active: str) -> list[dict[str, object]]:
    """The two kinds of key that programs show to us are neighbours."""
    pages = {"gateway_keys": "For applications", "admin_tokens": "For administration"}
    return [
        {"label": label, "href": reverse(view, args=[request.tenant.slug]), "active": view == active}
        for view, label in pages.items()
    ]


def _create(request: TenantRequest, form: GatewayKeyForm) -> actions.Made | None:
    word, name = form.cleaned_data["once"], form.cleaned_data["name"]
    secret = once.secret_of(word, prefix=actions.PREFIX, tenant=request.tenant)
    with RefusalsOn(form):
        return actions.create(
            request.tenant, name=name, terms=form.terms, secret=secret, acting=request.acting
        )
    return None


def _edit(request: TenantRequest, key: GatewayKey, form: EditForm) -> bool:
    with RefusalsOn(form):
        actions.edit(key, terms=form.terms, acting=request.acting)
    return form.is_valid()


def _shown(request: TenantRequest, made: actions.Made) -> HttpResponse:
    context = {"key": made.key, "value": made.secret.reveal, "gateway": settings.GATEWAY_URL}
    return render(request, "keys/gateway_key_made.html", context)


def _key(request: TenantRequest, pk: UUID) -> GatewayKey:
    return get_object_or_404(
        request.tenant.gateway_keys.filter(revoked_at=None).select_related("tenant"), pk=pk
    )
