"""Reading statements: drawn up from the books, or as they were closed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING

from billing.periods import zone_of
from billing.statements import Statement, drawn_up, following, is_over, month_of
from console.statements.models import ClosedStatement

if TYPE_CHECKING:
    from console.tenants.models import Tenant

MOST = 60  # months


@dataclass(frozen=True, kw_only=True)
class Month:
    first: date
    is_over: bool
    closed: ClosedStatement | None
    statement: Statement


def months(tenant: Tenant, *, now: datetime) -> Iterator[Month]:
    """Every month from the first with traffic on, the newest first."""
    oldest = tenant.rolled_days.order_by("day").values_list("day", flat=True).first()
    if oldest is None:
        return
    month, zone = now.astimezone(zone_of(tenant.time_zone)).date().replace(day=1), zone_of(tenant.time_zone)
    closed = {row.month: row for row in tenant.closed_statements.filter(tag="")}
    for _ in range(MOST):
        if month < oldest.replace(day=1):
            return
        row, span = closed.get(month), month_of(month, zone)
        statement = drawn_up(tenant, span, closed=row.lines if row else None)
        yield Month(first=month, is_over=is_over(span, now), closed=row, statement=statement)
        month = _before(month)


def month_in(tenant: Tenant, first: date, *, tag: str, now: datetime) -> Month:
    row = tenant.closed_statements.filter(month=first, tag=tag).first()
    span = month_of(first, zone_of(tenant.time_zone))
    statement = drawn_up(tenant, span, tag=tag, closed=row.lines if row else None)
    return Month(first=first, is_over=is_over(span, now), closed=row, statement=statement)


def unclosed(tenant: Tenant, *, before: date) -> list[date]:
    """Months with traffic that lie wholly before a day and were not closed, the oldest first."""
    days = tenant.rolled_days.filter(day__lt=before).dates("day", "month")
    closed = set(tenant.closed_statements.filter(tag="").values_list("month", flat=True))
    return [month for month in days if month not in closed and following(month) <= before]


def _before(month: date) -> date:
    return date(month.year - (month.month == 1), (month.month - 2) % 12 + 1, 1)
