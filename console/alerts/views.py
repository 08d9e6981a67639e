"""What was told, to whom, and what is watched for."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Prefetch
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from console.alerts import actions
from console.alerts.forms import ChannelForm, WatchForm
from console.alerts.models import Delivery
from console.alerts.watching import watch_of
from console.tenancy import Role, TenantRequest, member

PAGE = 100


@require_safe
@member(Role.VIEWER)
def alerts(request: TenantRequest) -> HttpResponse:
    tries = Delivery._base_manager.select_related("channel").order_by("pk")
    told = request.tenant.alerts.order_by("-at", "-id").prefetch_related(
        Prefetch("deliveries", queryset=tries)
    )
    context = {
        "alerts": told[:PAGE],
        "channels": request.tenant.alert_channels.all(),
        "watch": watch_of(request.tenant),
        "can_edit": request.membership.holds(Role.ADMIN),
    }
    return render(request, "alerts/alerts.html", context)


@require_http_methods(["GET", "POST"])
@member(Role.ADMIN)
def alert_channel_new(request: TenantRequest) -> HttpResponse:
    form = ChannelForm(request.POST or None)
    if form.is_bound and form.is_valid():
        given = form.cleaned_data
        try:
            actions.add_channel(
                request.tenant, kind=given["kind"], target=given["target"], acting=request.acting
            )
        except ValidationError as wrong:
            form.add_error("target", wrong.messages)
        else:
            messages.success(request, f"Alerts go to {given['target']} from now on.")
            return redirect("alerts", request.tenant.slug)
    return render(request, "alerts/channel_new.html", {"form": form}, status=422 if form.is_bound else 200)


@require_POST
@member(Role.ADMIN)
def alert_channel_remove(request: TenantRequest, channel: UUID) -> HttpResponse:
    found = request.tenant.alert_channels.filter(pk=channel).first()
    if found is None:
        raise Http404("No such channel.")
    actions.remove_channel(found, acting=request.acting)
    messages.success(request, f"Nothing is sent to {found.target} any more.")
    return redirect("alerts", request.tenant.slug)


@require_http_methods(["GET", "POST"])
@member(Role.ADMIN)
def alert_settings(request: TenantRequest) -> HttpResponse:
    form = WatchForm(request.POST) if request.method == "POST" else WatchForm.of(watch_of(request.tenant))
    if form.is_bound and form.is_valid():
        actions.set_watch(
            request.tenant,
            unpriced=form.cleaned_data["unpriced"],
            unusual_score=form.cleaned_data["unusual_score"],
            overkill_nano=form.overkill_nano,
            acting=request.acting,
        )
        messages.success(request, "What is watched for is saved.")
        return redirect("alerts", request.tenant.slug)
    return render(request, "alerts/settings.html", {"form": form}, status=422 if form.is_bound else 200)


@require_POST
@member(Role.ADMIN)
def alert_test(request: TenantRequest) -> HttpResponse:
    """Once a minute at most."""
    actions.try_out(request.tenant, key=f"{timezone.now():%Y-%m-%dT%H:%M}", acting=request.acting)
    messages.success(request, "A test is on its way to every channel; its row says how it went.")
    return redirect("alerts", request.tenant.slug)
