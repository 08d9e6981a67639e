"""`budgets`: what a scope may spend in a period, and what happens at the limit."""

from __future__ import annotations

from datetime import datetime

from django.http import Http404
from django.utils import timezone
from msgspec import Struct

from billing import models, standing
from billing.standing import standings
from console.api.endpoint import Call, Endpoint, named, operation, submission
from console.api.errors import invalid
from console.api.listing import PAGE, Listing, listing
from console.configuration import budgets
from console.configuration.document import BudgetEntry
from console.tenancy import Role
from gateway.core.budget import window
from gateway.core.money import usd
from gateway.core.snapshot import BudgetScope


class Period(Struct, frozen=True, kw_only=True):
    """That is now."""

    start: datetime
    end: datetime


class Standing(Struct, frozen=True, kw_only=True):
    value: str  # of the tag each value of which has the amount for itself; else empty
    spent_usd: str
    left_usd: str
    forecast_usd: str | None  # at the end of the period, at this pace; null while that says nothing


class Budget(Struct, frozen=True, kw_only=True):
    name: str
    usd: str
    per: str
    at_limit: str
    scope: BudgetScope
    alert_at: tuple[int, ...]  # percent, each told once a period
    period: Period
    standing: tuple[Standing, ...]  # one, or one for each value of a tag, fullest first; from the ledger


class Budgets(Endpoint):
    @operation(Role.VIEWER, gives=Listing[Budget], params=PAGE)
    def get(self, call: Call) -> Listing[Budget]:
        return listing(call.tenant.budgets.all(), call, by="name", row=shown)

    @submission(Role.ADMIN, takes=BudgetEntry, gives=Budget, status=201)
    def post(self, call: Call, given: BudgetEntry) -> Budget:
        if call.tenant.budgets.filter(name=given.name.strip()).exists():
            raise invalid("name", "There is a budget of this name already.")
        return put(call, given)


class OneBudget(Endpoint):
    called = "Budget"

    @operation(Role.VIEWER, gives=Budget)
    def get(self, call: Call, name: str) -> Budget:
        return shown(call.tenant.budgets.get(name=name))

    @submission(Role.ADMIN, takes=BudgetEntry, gives=Budget, prepare=named("name"))
    def put(self, call: Call, given: BudgetEntry, name: str) -> Budget:
        """Adds or changes it. Zero dollars block all."""
        return put(call, given)

    @operation(Role.ADMIN, status=204)
    def delete(self, call: Call, name: str) -> None:
        if not budgets.remove(call.tenant, name, acting=call.acting):
            raise Http404


def put(call: Call, given: BudgetEntry) -> Budget:
    budget, _ = budgets.put(call.tenant, given, acting=call.acting)
    return shown(budget)


def shown(row: models.Budget) -> Budget:
    now = timezone.now()
    span = window(row.per, row.tenant.time_zone, now)
    return Budget(
        name=row.name,
        usd=usd(row.nano),
        per=row.per,
        at_limit=row.at_limit,
        scope=row.scope,
        alert_at=tuple(row.alert_at),
        period=Period(start=span.start, end=span.end),
        standing=tuple(map(stands, standings(row, now=now))),
    )


def stands(found: standing.Standing) -> Standing:
    forecast = found.forecast
    return Standing(
        value=found.value,
        spent_usd=usd(found.spent),
        left_usd=usd(found.left),
        forecast_usd=None if forecast is None else usd(forecast),
    )
