"""The pages of routers: all of them, one, its versions, and what is done to it as a whole."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from console.routers import actions, page, starters, text, traffic
from console.routers.actions import Blocked
from console.routers.answers import back, conflicts
from console.routers.forms import NewRouterForm, PublishForm
from console.routers.selectors import router_of, surroundings, version_of
from console.tenancy import Role, TenantRequest, member


@require_safe
@member(Role.VIEWER)
def routers(request: TenantRequest) -> HttpResponse:
    span = request.GET.get("period", traffic.USUAL)
    span = span if span in traffic.SPANS else traffic.USUAL
    return render(
        request,
        "routers/routers.html",
        {
            "lines": traffic.lines(request.tenant, span),
            "span": span,
            "spans": traffic.SPANS.items(),
            "can_edit": request.membership.holds(Role.EDITOR),
        },
    )


@require_http_methods(["GET", "POST"])
@member(Role.EDITOR)
def router_new(request: TenantRequest) -> HttpResponse:
    form = NewRouterForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        models = surroundings(request.tenant).models
        policy = starters.policy(form.cleaned_data["starter"], models)
        try:
            made = actions.create(request.tenant, form.cleaned_data["id"], policy, acting=request.acting)
        except ValidationError as refused:
            form.add_error(None, refused)
        else:
            messages.success(
                request, f"Router {made.slug} is a draft now. Publish it when it does what you want."
            )
            return redirect("router", request.tenant.slug, made.slug)
    status = 422 if form.is_bound else 200
    context = {"form": form, "starters": starters.STARTERS}
    return render(request, "routers/router_new.html", context, status=status)


@require_safe
@member(Role.VIEWER)
def router(request: TenantRequest, slug: str) -> HttpResponse:
    return _tab(request, slug, "router")


@require_safe
@member(Role.VIEWER)
def router_floors(request: TenantRequest, slug: str) -> HttpResponse:
    return _tab(request, slug, "router_floors")


@require_safe
@member(Role.VIEWER)
def router_versions(request: TenantRequest, slug: str) -> HttpResponse:
    found = router_of(request.tenant, slug)
    context = {"page": page.page_of(request, found, tab="router_versions"), "versions": found.versions.all()}
    return render(request, "routers/router_versions.html", context)


@require_safe
@member(Role.VIEWER)
def router_version(request: TenantRequest, slug: str, number: int) -> HttpResponse:
    found = router_of(request.tenant, slug)
    version = version_of(found, number)
    before = found.versions.filter(number__lt=number).first()
    context = {
        "page": page.page_of(request, found, tab="router_versions"),
        "version": version,
        "before": before,
        "before_yaml": text.write(before.policy) if before else "",
        "yaml": text.write(version.policy),
    }
    return render(request, "routers/router_version.html", context)


@require_POST
@member(Role.EDITOR)
@conflicts
def router_publish(request: TenantRequest, slug: str) -> HttpResponse:
    found = router_of(request.tenant, slug)
    form = PublishForm(request.POST)
    if not form.is_valid():
        return back(request, found, refused="Load the page again.")
    note, version = form.cleaned_data["note"], form.cleaned_data["version"]
    try:
        published = actions.publish(found, version=version, note=note, acting=request.acting)
    except Blocked as blocked:
        return back(request, found, refused=f"Not published: {blocked}")
    return back(
        request, found, done=f"Version {published.number} is published. Gateways have it within two seconds."
    )


@require_POST
@member(Role.EDITOR)
@conflicts
def router_restore(request: TenantRequest, slug: str, number: int) -> HttpResponse:
    found = router_of(request.tenant, slug)
    try:
        published = actions.restore(found, number, acting=request.acting)
    except Blocked as blocked:
        return back(request, found, refused=f"Not restored: {blocked}", tab="router_versions")
    done = f"Version {number} is in force again, as version {published.number}."
    return back(request, found, done=done, tab="router_versions")


@require_POST
@member(Role.EDITOR)
@conflicts
def router_switch(request: TenantRequest, slug: str) -> HttpResponse:
    found = router_of(request.tenant, slug)
    if request.POST.get("enabled") == "yes":
        actions.enable(found, acting=request.acting)
        return back(request, found, done="The router answers again.")
    actions.disable(found, acting=request.acting)
    return back(request, found, done="The router is off: its requests are refused.")


@require_POST
@member(Role.EDITOR)
@conflicts
def router_delete(request: TenantRequest, slug: str) -> HttpResponse:
    found = router_of(request.tenant, slug)
    if request.POST.get("typed") != found.slug:
        return back(request, found, refused="The id that was typed is not this router's.")
    actions.delete(found, acting=request.acting)
    messages.success(request, f"Router {slug} is deleted.")
    return redirect("routers", request.tenant.slug)


def _tab(request: TenantRequest, slug: str, tab: str) -> HttpResponse:
    found = router_of(request.tenant, slug)
    return render(request, _template(request, tab), {"page": page.page_of(request, found, tab=tab)})


def _template(request: HttpRequest, name: str) -> str:
    return f"routers/{name}.html#editor" if getattr(request, "htmx", False) else f"routers/{name}.html"
