"""Members and settings of one tenant."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from console.refusals import Refused
from console.tenancy import Role, TenantRequest, member
from console.tenants import actions, links, selectors
from console.tenants.forms import InvitationForm, PlanForm, RefusalsOn, RoleForm, SettingsForm, roles_up_to
from console.tenants.models import Membership, Plan
from console.tenants.sign_in import recently_signed_in


@require_GET
@member(Role.VIEWER)
def members(request: TenantRequest) -> HttpResponse:
    return _members(request, InvitationForm(highest=request.acting.role))


@require_POST
@member(Role.ADMIN)
@recently_signed_in
def member_invite(request: TenantRequest) -> HttpResponse:
    form = InvitationForm(request.POST, highest=request.acting.role)
    if not form.is_valid():
        return _members(request, form, status=422)
    email, role = form.cleaned_data["email"], Role(form.cleaned_data["role"])
    with RefusalsOn(form):
        token = links.invite(request.tenant, email=email, role=role, acting=request.acting)
    if not form.is_valid():
        return _members(request, form, status=422)
    link = request.build_absolute_uri(reverse("invitation", args=[token]))
    return _members(request, InvitationForm(highest=request.acting.role), link=link, invited=email)


@require_POST
@member(Role.ADMIN)
@recently_signed_in
def member_role(request: TenantRequest, membership: UUID) -> HttpResponse:
    found = _membership(request, membership)
    form = RoleForm(request.POST)
    if not form.is_valid():
        return _back(request, refused="Choose one of the roles.")
    try:
        actions.change_role(found, role=Role(form.cleaned_data["role"]), acting=request.acting)
    except Refused as refused:
        return _back(request, refused=str(refused))
    messages.success(request, f"{found.user.email} is {form.cleaned_data['role']} now.")
    return redirect("members", request.tenant.slug)


@require_POST
@member(Role.VIEWER)
def member_remove(request: TenantRequest, membership: UUID) -> HttpResponse:
    """Anybody may leave; the action knows who may remove whom."""
    found = _membership(request, membership)
    try:
        actions.remove_member(found, acting=request.acting)
    except Refused as refused:
        return _back(request, refused=str(refused))
    if found.user == request.user:
        messages.success(request, f"You have left {request.tenant.name}.")
        return redirect("home")
    messages.success(request, f"{found.user.email} is no longer a member.")
    return redirect("members", request.tenant.slug)


@require_POST
@member(Role.ADMIN)
def invitation_withdraw(request: TenantRequest, invitation: UUID) -> HttpResponse:
    found = get_object_or_404(request.tenant.invitations.select_related("tenant"), pk=invitation)
    links.withdraw(found, acting=request.acting)
    messages.success(request, f"The invitation of {found.email} is withdrawn.")
    return redirect("members", request.tenant.slug)


@require_http_methods(["GET", "POST"])
@member(Role.VIEWER, writing=Role.ADMIN)
def settings(request: TenantRequest) -> HttpResponse:
    if request.method == "GET":
        return _settings(request, SettingsForm.of(request.tenant))
    form = SettingsForm(request.POST)
    if not form.is_valid():
        return _settings(request, form, status=422)
    actions.update_settings(request.tenant, acting=request.acting, **form.cleaned_data)
    messages.success(request, "Settings saved.")
    return redirect("settings", request.tenant.slug)


@require_POST
@member(Role.OWNER)
def settings_plan(request: TenantRequest) -> HttpResponse:
    form = PlanForm(request.POST)
    if not form.is_valid():
        return _settings(request, SettingsForm.of(request.tenant), status=422)
    actions.change_plan(request.tenant, plan=Plan(form.cleaned_data["plan"]), acting=request.acting)
    messages.success(request, f"{request.tenant.name} is on the {form.cleaned_data['plan']} plan now.")
    return redirect("settings", request.tenant.slug)


@require_POST
@member(Role.OWNER)
@recently_signed_in
def settings_suspend(request: TenantRequest) -> HttpResponse:
    if request.POST.get("typed") != request.tenant.slug:
        messages.error(request, f"Nothing was done: type {request.tenant.slug} to confirm.")
    else:
        actions.suspend(request.tenant, acting=request.acting)
        messages.warning(request, "The gateway refuses this tenant's keys from now on.")
    return redirect("settings", request.tenant.slug)


@require_POST
@member(Role.OWNER)
def settings_resume(request: TenantRequest) -> HttpResponse:
    actions.resume(request.tenant, acting=request.acting)
    messages.success(request, "The gateway serves this tenant again.")
    return redirect("settings", request.tenant.slug)


def _members(
    request: TenantRequest, form: InvitationForm, *, status: int = 200, link: str = "", invited: str = ""
) -> HttpResponse:
    context = {
        "members": selectors.members(request.tenant),
        "invitations": selectors.open_invitations(request.tenant),
        "roles": roles_up_to(request.acting.role),
        "allowed": [value for value, _ in roles_up_to(request.acting.role)],
        "form": form,
        "link": link,
        "invited": invited,
        "manages": request.membership.holds(Role.ADMIN),
    }
    return render(request, "tenants/members.html", context, status=status)


def _settings(request: TenantRequest, form: SettingsForm, *, status: int = 200) -> HttpResponse:
    context = {
        "form": form,
        "plan_form": PlanForm(initial={"plan": request.tenant.plan}),
        "manages": request.membership.holds(Role.ADMIN),
        "is_owner": request.membership.holds(Role.OWNER),
    }
    return render(request, "tenants/settings.html", context, status=status)


def _membership(request: TenantRequest, pk: UUID) -> Membership:
    return get_object_or_404(request.tenant.memberships.select_related("user", "tenant"), pk=pk)


def _back(request: TenantRequest, *, refused: str) -> HttpResponse:
    messages.error(request, refused)
    return redirect("members", request.tenant.slug)
