"""Where budgets stand in the period that is now: spent, left, and what it comes to at this pace. From the ledger's sums."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from msgspec import Struct

from billing.models import Budget
from billing.periods import Period, zone_of
from billing.query import TAG, SpendQuery
from billing.spend import spend
from gateway.core.budget import EACH, Window, each_of, window
from gateway.core.ladder import Purpose

if TYPE_CHECKING:
    from console.tenants.models import Tenant

NOBODY = "\x1f"  # a key that no request was made with
PARTS = {Purpose.CHECKS: "check", Purpose.SHADOW: "shadow"}  # in the ledger
EARLY = 0.02  # of a period; before that, a pace says nothing


class Standing(Struct, frozen=True, kw_only=True):
    """Of one budget, or of one value of a tag where each has the amount for itself. Nano-dollars."""

    name: str
    value: str
    limit: int
    spent: int
    window: Window
    now: datetime

    @property
    def left(self) -> int:
        return max(0, self.limit - self.spent)

    @property
    def over(self) -> int:
        return max(0, self.spent - self.limit)

    @property
    def share(self) -> float:
        """Of the amount that is spent; 1.0 is all of it. Of a budget of nothing all is."""
        return self.spent / self.limit if self.limit else 1.0

    @property
    def forecast(self) -> int | None:
        """What it comes to at the end of the period at this pace; None while that says nothing."""
        passed = (self.now - self.window.start) / (self.window.end - self.window.start)
        return round(self.spent / min(passed, 1.0)) if passed >= EARLY else None


def standings(row: Budget, *, now: datetime) -> list[Standing]:
    """The fullest first; one alone where the budget is one sum."""
    span = window(row.per, row.tenant.time_zone, now)
    return standings_in(row, span, spent_by_value(row, span), now=now)


def fullest(tenant: Tenant, *, now: datetime, most: int = 4) -> list[Standing]:
    """Over all of a tenant's budgets, those nearest to their limit or furthest beyond it."""
    found = [each for row in tenant.budgets.order_by("name") for each in standings(row, now=now)]
    return sorted(found, key=lambda each: -each.share)[:most]


def standings_in(row: Budget, span: Window, found: Mapping[str, int], *, now: datetime) -> list[Standing]:
    """Of what was spent by value in one period."""
    rows = [
        Standing(name=row.name, value=value, limit=row.nano, spent=spent, window=span, now=now)
        for value, spent in found.items()
    ]
    return sorted(rows, key=lambda each: (-each.spent, each.value))


def spent_by_value(row: Budget, span: Window) -> Mapping[str, int]:
    """Nano-dollars that the ledger knows of, by the value of the tag that has its own; under "" where there is none."""
    query = _question(row, span)
    answer = spend(row.tenant, query)
    if not query.by:
        return {"": answer.total.known_cost}
    return {each.key[0]: each.measures.known_cost for each in answer.rows if each.key[0]}


def _question(row: Budget, span: Window) -> SpendQuery:
    scope = row.scope
    filters: dict[str, tuple[str, ...]] = {}
    if scope.router is not None:
        filters["router"] = (scope.router,)
    if scope.key is not None:
        filters["key"] = _keys_named(row.tenant, scope.key)
    if scope.purpose is not None:
        filters["part"] = (PARTS[scope.purpose],)
    for name, value in (scope.tag or {}).items():
        if value != EACH:
            filters[TAG + name] = (value,)
    each = each_of(scope)
    return SpendQuery(
        period=Period(start=span.start, end=span.end, zone=zone_of(row.tenant.time_zone)),
        by=(TAG + each,) if each else (),
        filters=filters,
    )


def _keys_named(tenant: Tenant, name: str) -> tuple[str, ...]:
    """The ledger has keys by id, revoked ones of the name as well."""
    found = tenant.gateway_keys.filter(name=name).values_list("pk", flat=True)
    return tuple(map(str, found)) or (NOBODY,)
