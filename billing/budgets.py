"""Budgets as they are declared: checked, kept, and put into the form that is published."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import msgspec
from django.core.exceptions import ValidationError

from billing.models import Budget
from gateway.core.ladder import Purpose
from gateway.core.money import nano
from gateway.core.snapshot import Budget as Published
from gateway.core.snapshot import BudgetScope

if TYPE_CHECKING:
    from console.tenants.models import Tenant

PERIODS = ("day", "week", "month")
AT_LIMIT: Mapping[Purpose | None, tuple[str, ...]] = {
    None: ("block", "downgrade", "alert"),
    Purpose.CHECKS: ("skip", "climb", "alert"),
    Purpose.SHADOW: ("skip", "alert"),
}
MOST = nano(1_000_000_000)
ALERT_AT = (50, 80, 100)  # percent
MOST_ALERTS, MOST_PERCENT = 10, 1000


def put(
    tenant: Tenant,
    *,
    name: str,
    usd: int | float | str,
    per: str,
    at_limit: str,
    scope: BudgetScope,
    alert_at: Sequence[int] = ALERT_AT,
) -> bool:
    """Whether anything changed. Zero dollars block all, on purpose."""
    wanted = {
        "nano": amount(usd),
        "per": _one_of("per", per, PERIODS),
        "at_limit": _one_of("at_limit", at_limit, AT_LIMIT[scope.purpose]),
        "limits": msgspec.to_builtins(scope),
        "alert_at": percents(alert_at),
    }
    row = tenant.budgets.filter(name=name).first() or Budget(tenant=tenant, name=name)
    if row.pk and all(getattr(row, field) == value for field, value in wanted.items()):
        return False
    for field, value in wanted.items():
        setattr(row, field, value)
    row.save()
    return True


def published(tenant: Tenant) -> tuple[Published, ...]:
    return tuple(
        Published(
            id=str(row.pk), name=row.name, nano=row.nano, per=row.per, at_limit=row.at_limit, scope=row.scope
        )
        for row in tenant.budgets.order_by("name")
    )


def amount(usd: int | float | str) -> int:
    try:
        value = nano(usd)
    except ValueError as error:
        raise ValidationError({"usd": f"{error}."}) from None
    if not 0 <= value <= MOST:
        raise ValidationError({"usd": "A budget lies between 0 and a billion dollars."})
    return value


def percents(given: Sequence[int]) -> list[int]:
    """Thresholds, lowest first."""
    if len(given) > MOST_ALERTS or any(not 1 <= percent <= MOST_PERCENT for percent in given):
        raise ValidationError(
            {"alert_at": f"Give up to {MOST_ALERTS} percentages between 1 and {MOST_PERCENT}."}
        )
    return sorted(set(given))


def _one_of(field: str, value: str, allowed: tuple[str, ...]) -> str:
    if value not in allowed:
        raise ValidationError({field: f"{value!r} is none of {', '.join(allowed)}."})
    return value
