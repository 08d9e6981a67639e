"""The page of budgets, and the form of one."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from billing.models import Budget
from billing.standing import Standing, standings
from console.budgets.forms import BudgetForm
from console.configuration import budgets as actions
from console.tenancy import Role, TenantRequest, member
from gateway.core.budget import each_of
from gateway.core.ladder import Purpose

PURPOSES = {Purpose.CHECKS: "checks alone", Purpose.SHADOW: "shadow calls alone"}
SHOWN = 5  # values of a tag, of those that have the amount each


@dataclass(frozen=True)
class Line:
    """A budget on the page."""

    row: Budget
    scope: str
    each: str  # the tag each value of which has the amount for itself
    standings: list[Standing]

    @property
    def fullest(self) -> Standing | None:
        return self.standings[0] if self.standings else None

    @property
    def shown(self) -> list[Standing]:
        return self.standings[:SHOWN]

    @property
    def more(self) -> int:
        return len(self.standings) - len(self.shown)

    @property
    def anchor(self) -> str:
        return f"delete-{self.row.pk}"


@require_safe
@member(Role.VIEWER)
def budgets(request: TenantRequest) -> HttpResponse:
    now = timezone.now()
    lines = [line_of(row, standings(row, now=now)) for row in request.tenant.budgets.order_by("name")]
    return render(
        request, "budgets/budgets.html", {"lines": lines, "can_edit": request.membership.holds(Role.ADMIN)}
    )


@require_http_methods(["GET", "POST"])
@member(Role.ADMIN)
def budget_new(request: TenantRequest) -> HttpResponse:
    form = BudgetForm(request.POST or None, tenant=request.tenant)
    if request.method == "POST" and form.is_valid():
        if request.tenant.budgets.filter(name=form.cleaned_data["name"]).exists():
            form.add_error("name", "There is a budget of this name already.")
        elif put(request, form):
            return redirect("budgets", request.tenant.slug)
    return render(request, "budgets/new.html", {"form": form}, status=422 if form.is_bound else 200)


@require_http_methods(["GET", "POST"])
@member(Role.ADMIN)
def budget(request: TenantRequest, budget: int) -> HttpResponse:
    row = get_object_or_404(request.tenant.budgets, pk=budget)
    form = BudgetForm.of(row)
    if request.method == "POST":
        given = {**request.POST.dict(), "name": row.name}
        form = BudgetForm(given, tenant=request.tenant, initial=form.initial)
        if form.is_valid() and put(request, form):
            return redirect("budgets", request.tenant.slug)
    del form.fields["name"]
    return render(
        request, "budgets/budget.html", {"form": form, "row": row}, status=422 if form.is_bound else 200
    )


@require_POST
@member(Role.ADMIN)
def budget_delete(request: TenantRequest, budget: int) -> HttpResponse:
    row = get_object_or_404(request.tenant.budgets, pk=budget)
    actions.remove(request.tenant, row.name, acting=request.acting)
    messages.success(request, f"The budget {row.name} is gone. Nothing is held to it any more.")
    return redirect("budgets", request.tenant.slug)


def put(request: TenantRequest, form: BudgetForm) -> bool:
    try:
        row, changed = actions.put(request.tenant, form.entry, acting=request.acting)
    except ValidationError as refused:
        form.take(refused.message_dict)
        return False
    done = "is saved" if changed else "was so already"
    messages.success(request, f"The budget {row.name} {done}. Gateways have it within two seconds.")
    return True


def line_of(row: Budget, found: list[Standing]) -> Line:
    return Line(row=row, scope=scope_of(row), each=each_of(row.scope) or "", standings=found)


def scope_of(row: Budget) -> str:
    """What it is over, in words."""
    scope = row.scope
    parts = [PURPOSES[scope.purpose]] if scope.purpose else []
    parts += [f"router {scope.router}"] if scope.router else []
    parts += [f"key {scope.key}"] if scope.key else []
    parts += [
        f"each {name}" if name == each_of(scope) else f"{name} = {value}"
        for name, value in (scope.tag or {}).items()
    ]
    return ", ".join(parts) or "everything"
