"""From a figure down to the requests that make it: the same span and filters, narrowed to what the figure is of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from django.urls import reverse

from billing.periods import Granularity, Period, following
from billing.query import NONE, SpendQuery

if TYPE_CHECKING:
    from console.tenants.models import Tenant


type Values = str | Sequence[str] | None


class Trail:
    """Makes addresses of one tenant that keep a question's span and filters."""

    def __init__(self, tenant: Tenant, query: SpendQuery) -> None:
        self._tenant, self._query = tenant, query

    def to(self, view: str, *path: str, period: Period | None = None, **only: str | None) -> str:
        """Keywords are dimensions; None takes a filter away. For names with a dot, and several values, see `narrowed`."""
        return self.narrowed(view, only, *path, period=period)

    def requests(self, period: Period | None = None, **only: str | None) -> str:
        return self.narrowed("requests", only, period=period)

    def narrowed(
        self, view: str, only: Mapping[str, Values], *path: str, period: Period | None = None
    ) -> str:
        named: dict[str, list[str]] = {
            name: [value or NONE for value in values] for name, values in self._query.filters.items()
        }
        for name, value in only.items():
            values = () if value is None else (value,) if isinstance(value, str) else value
            named[name] = [each or NONE for each in values]
        query = span(period or self._query.period) | named
        return f"{reverse(view, args=[self._tenant.slug, *path])}?{urlencode(query, doseq=True)}"

    def bucket(self, start: datetime, granularity: Granularity) -> Period:
        """The hour, day or week that begins at `start`, as far as it lies in the question's span."""
        whole = self._query.period
        end = following(start, granularity, whole.zone)
        return Period(start=max(start, whole.start), end=min(end, whole.end), zone=whole.zone)


def span(period: Period) -> dict[str, list[str]]:
    """As a query string says it: by the preset's name, by days, or by moments."""
    if period.name:
        return {"period": [period.name]}
    first, last = period.start.astimezone(period.zone), period.end.astimezone(period.zone)
    if (first.hour, first.minute, last.hour, last.minute) == (0, 0, 0, 0):
        return {"from": [period.first_day.isoformat()], "to": [period.last_day.isoformat()]}
    return {"from": [first.isoformat()], "to": [last.isoformat()]}
