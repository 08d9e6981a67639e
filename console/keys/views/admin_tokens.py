"""Tokens of programs that administer the tenant: listed, made and shown once, revoked."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from console.keys import once, selectors
from console.keys.actions import admin_tokens as actions
from console.keys.forms import AdminTokenForm
from console.keys.views.gateway_keys import tabs
from console.tenancy import Role, TenantRequest, member
from console.tenants.forms import RefusalsOn
from console.tenants.sign_in import recently_signed_in


@require_GET
@member(Role.ADMIN)
def admin_tokens(request: TenantRequest) -> HttpResponse:
    tokens = selectors.live_admin_tokens(request.tenant)
    context = {"tokens": tokens, "tabs": tabs(request, active="admin_tokens")}
    return render(request, "keys/admin_tokens.html", context)


@never_cache
@require_http_methods(["GET", "POST"])
@member(Role.ADMIN)
@recently_signed_in
def admin_token_new(request: TenantRequest) -> HttpResponse:
    form = AdminTokenForm(request.POST or None, highest=request.acting.role)
    if form.is_valid() and (made := _create(request, form)):
        context = {
            "token": made.token,
            "value": made.secret.reveal,
            "api": request.build_absolute_uri("/api/v1/"),
        }
        return render(request, "keys/admin_token_made.html", context)
    status = 422 if form.is_bound else 200
    return render(request, "keys/admin_token_new.html", {"form": form}, status=status)


@require_POST
@member(Role.ADMIN)
def admin_token_revoke(request: TenantRequest, token: UUID) -> HttpResponse:
    live = request.tenant.admin_tokens.filter(revoked_at=None).select_related("tenant")
    found = get_object_or_404(live, pk=token)
    actions.revoke(found, acting=request.acting)
    messages.success(request, f"{found.name} is revoked.")
    return redirect("admin_tokens", request.tenant.slug)


def _create(request: TenantRequest, form: AdminTokenForm) -> actions.Made | None:
    entered = form.cleaned_data
    with RefusalsOn(form):
        return actions.create(
            request.tenant,
            name=entered["name"],
            role=Role(entered["role"]),
            secret=once.secret_of(entered["once"], prefix=actions.PREFIX, tenant=request.tenant),
            acting=request.acting,
        )
    return None
