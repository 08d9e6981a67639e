"""Keys at providers: listed, entered, replaced, tried, deleted."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from console.catalogue import builtin
from console.keys import once, selectors
from console.keys.actions import provider_keys as actions
from console.keys.forms import ProviderKeyForm, ReplacementForm
from console.keys.models import ProviderKey
from console.tenancy import Role, TenantRequest, member
from console.tenants.forms import RefusalsOn
from console.tenants.sign_in import recently_signed_in


@require_GET
@member(Role.VIEWER)
def provider_keys(request: TenantRequest) -> HttpResponse:
    vendors, keys = builtin.vendors(), selectors.provider_keys(request.tenant)
    context = {
        "keys": [(key, vendors.get(key.provider), selectors.why_shut(key)) for key in keys],
        "manages": request.membership.holds(Role.ADMIN),
    }
    return render(request, "keys/provider_keys.html", context)


@never_cache
@require_http_methods(["GET", "POST"])
@member(Role.ADMIN)
@recently_signed_in
def provider_key_new(request: TenantRequest) -> HttpResponse:
    form = ProviderKeyForm(request.POST or None, initial={"provider": request.GET.get("provider")})
    if form.is_valid() and (key := _create(request, form)):
        messages.success(request, f"{key.name} is sealed. Test it to see that the provider knows it.")
        return redirect("provider_keys", request.tenant.slug)
    status = 422 if form.is_bound else 200
    return render(request, "keys/provider_key_new.html", {"form": form}, status=status)


@never_cache
@require_http_methods(["GET", "POST"])
@member(Role.ADMIN)
@recently_signed_in
def provider_key_replace(request: TenantRequest, key: UUID) -> HttpResponse:
    found = _key(request, key)
    form = ReplacementForm(request.POST or None, initial={"base_url": found.base_url, "region": found.region})
    if form.is_valid() and _replace(request, found, form):
        messages.success(request, f"{found.name} has a new key. Test it to see that the provider knows it.")
        return redirect("provider_keys", request.tenant.slug)
    status = 422 if form.is_bound else 200
    return render(request, "keys/provider_key_replace.html", {"form": form, "key": found}, status=status)


@require_POST
@member(Role.ADMIN)
def provider_key_test(request: TenantRequest, key: UUID) -> HttpResponse:
    outcome = actions.test(_key(request, key), acting=request.acting)
    tell = {True: messages.success, False: messages.error, None: messages.info}[outcome.working]
    tell(request, outcome.reason)
    return redirect("provider_keys", request.tenant.slug)


@require_POST
@member(Role.ADMIN)
@recently_signed_in
def provider_key_delete(request: TenantRequest, key: UUID) -> HttpResponse:
    found = _key(request, key)
    if request.POST.get("typed") != found.name:
        messages.error(request, f"Nothing was done: type {found.name} to confirm.")
    else:
        actions.delete(found, acting=request.acting)
        messages.success(request, f"{found.name} is deleted.")
    return redirect("provider_keys", request.tenant.slug)


def _create(request: TenantRequest, form: ProviderKeyForm) -> ProviderKey | None:
    entered = form.cleaned_data
    with RefusalsOn(form):
        return actions.create(
            request.tenant,
            name=entered["name"],
            provider=entered["provider"],
            secret=entered["secret"],
            base_url=entered["base_url"],
            region=entered["region"],
            key_id=once.id_of(entered["once"], tenant=request.tenant),
            acting=request.acting,
        )
    return None


def _replace(request: TenantRequest, key: ProviderKey, form: ReplacementForm) -> bool:
    entered = form.cleaned_data
    with RefusalsOn(form):
        actions.replace(
            key,
            secret=entered["secret"],
            base_url=entered["base_url"],
            region=entered["region"],
            acting=request.acting,
        )
    return form.is_valid()


def _key(request: TenantRequest, pk: UUID) -> ProviderKey:
    return get_object_or_404(request.tenant.provider_keys.select_related("tenant"), pk=pk)
