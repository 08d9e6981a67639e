"""Hours → days: what a page over months reads. Made behind ingest, and never wrong meanwhile.

`RolledDay` says of each day whether its daily sums are those of its hours. Ingest unsettles the days that it
touches, in the transaction that adds to the hours; whoever reads takes settled days from here and the hours of
all others, in one statement.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from django.db import connection
from msgspec import Struct

from billing import exclusive
from billing.dimensions import DIMENSIONS, GRAINS, GRAINS_OF_MANY, MANY, MEASURES
from billing.models import RolledDay
from billing.periods import Period, midnight
from console.tenancy import every_tenant, within

if TYPE_CHECKING:
    from uuid import UUID

    from console.tenants.models import Tenant

SETTLE = timedelta(minutes=10)  # after midnight, until when a day is left open
NOTHING = {"known": "true", "verified": "true"}  # what a dimension is in a grain that leaves it out
_SUMS = ", ".join(f"sum({name})" for name in MEASURES)


def _sum_by(grain: str) -> str:
    dimensions = [name if name in GRAINS[grain] else NOTHING.get(name, "''") for name in DIMENSIONS]
    kept = [name for name in DIMENSIONS if name in GRAINS[grain]]
    tags = "true" if grain in GRAINS_OF_MANY else f"tag NOT IN {MANY}"
    return f"""
        INSERT INTO billing_dailyrollup
            (tenant_id, day, grain, tag, value, {", ".join(DIMENSIONS)}, {", ".join(MEASURES)}, longest)
        SELECT tenant_id, %(day)s, '{grain}', tag, value, {", ".join(dimensions)}, {_SUMS}, max(longest)
        FROM billing_rollup WHERE tenant_id = %(tenant)s AND hour >= %(start)s AND hour < %(end)s AND {tags}
        GROUP BY tenant_id, tag, value, {", ".join(kept)}
    """  # noqa: S608 (of constants)


_FORGET = (
    "DELETE FROM billing_dailyrollup WHERE tenant_id = %(tenant)s AND day = %(day)s",
    "DELETE FROM billing_latencyrollup WHERE tenant_id = %(tenant)s AND of_day AND at = %(start)s",
)
_LATENCY = """
    INSERT INTO billing_latencyrollup (tenant_id, of_day, at, ms, totals, first_bytes)
    SELECT tenant_id, true, %(start)s, ms, sum(totals), sum(first_bytes) FROM billing_latencyrollup
    WHERE tenant_id = %(tenant)s AND NOT of_day AND at >= %(start)s AND at < %(end)s GROUP BY tenant_id, ms
"""
_SETTLED = "UPDATE billing_rolledday SET summed = true WHERE tenant_id = %(tenant)s AND day = %(day)s"


def sum_days(*, now: datetime, at_most: int = 500) -> int:
    """Sums the days that are over and not settled, one transaction each; how many."""
    with every_tenant():
        # A day is over everywhere when it is over where it ends last.
        rows = RolledDay.objects.filter(summed=False, day__lte=(now + timedelta(days=1)).date())
        found = rows.order_by("day").values_list("tenant", "tenant__time_zone", "day")
        over = [
            row
            for row in found.iterator()
            if midnight(row[2] + timedelta(days=1), _zone(row[1])) + SETTLE <= now
        ]
    for tenant, zone, day in over[:at_most]:
        sum_day(tenant, day, zone=_zone(zone))
    return len(over[:at_most])


def sum_day(tenant: UUID, day: date, *, zone: ZoneInfo) -> None:
    with within(tenant), connection.cursor() as cursor:
        exclusive.wait()
        params: dict[str, Any] = {
            "tenant": tenant,
            "day": day,
            "start": midnight(day, zone),
            "end": midnight(day + timedelta(days=1), zone),
        }
        for statement in (*_FORGET, *map(_sum_by, GRAINS), _LATENCY, _SETTLED):
            cursor.execute(statement, params)


def differences(tenant: UUID, *, since: date) -> int:
    """Settled days whose requests or cost are not those of their hours, by any grain."""
    with within(tenant), connection.cursor() as cursor:
        cursor.execute(_DIFFERENT, {"tenant": tenant, "since": since})
        (count,) = cursor.fetchone() or (0,)
    return int(count)


_COMPARED = "sum(requests), sum(attempts), sum(cost_nano), sum(baseline_nano)"
_DIFFERENT = f"""
    WITH settled AS (
        SELECT day, day::timestamp AT TIME ZONE time_zone AS start,
               (day + 1)::timestamp AT TIME ZONE time_zone AS end
        FROM billing_rolledday JOIN tenants_tenant ON tenants_tenant.id = tenant_id
        WHERE tenant_id = %(tenant)s AND summed AND day >= %(since)s
    ), hours AS (
        SELECT day, tag, {_COMPARED} FROM settled JOIN billing_rollup ON hour >= start AND hour < settled.end
        WHERE tenant_id = %(tenant)s GROUP BY 1, 2
    ), days AS (
        SELECT day, tag, {_COMPARED} FROM settled JOIN billing_dailyrollup USING (day)
        WHERE tenant_id = %(tenant)s GROUP BY 1, 2, grain
    )
    SELECT count(*) FROM ((TABLE days EXCEPT TABLE hours) UNION ALL (TABLE hours EXCEPT TABLE days)) AS different
"""  # noqa: S608 (of constants)


class Whole(Struct, frozen=True, kw_only=True):
    """The tenant's days that lie in a span as a whole, and what sticks out at its ends."""

    first: date
    end: date
    edges: tuple[tuple[datetime, datetime], ...]


def whole_days(tenant: Tenant, period: Period) -> Whole | None:
    """None where the hours have to be read: no day is whole, or they are not the tenant's own days."""
    zone = period.zone
    if zone.key != tenant.time_zone:
        return None
    first = period.start.astimezone(zone).date()
    if midnight(first, zone) < period.start:
        first += timedelta(days=1)
    end = period.end.astimezone(zone).date()
    edges = ((period.start, midnight(first, zone)), (midnight(end, zone), period.end))
    if first >= end:
        return None
    return Whole(first=first, end=end, edges=tuple(edge for edge in edges if edge[0] < edge[1]))


# Of `first`, `whole_end`, `zone`, `tenant`: which days are read as days, and which spans by the hour.
SETTLED = """
    SELECT day FROM billing_rolledday
    WHERE tenant_id = %(tenant)s AND summed AND day >= %(first)s AND day < %(whole_end)s
"""
OPEN = """
    SELECT day::timestamp AT TIME ZONE %(zone)s AS start, (day + 1)::timestamp AT TIME ZONE %(zone)s AS end
    FROM billing_rolledday
    WHERE tenant_id = %(tenant)s AND NOT summed AND day >= %(first)s AND day < %(whole_end)s
    UNION ALL SELECT * FROM unnest(%(edge_starts)s::timestamptz[], %(edge_ends)s::timestamptz[])
"""


def params_of(whole: Whole) -> dict[str, Any]:
    return {
        "first": whole.first,
        "whole_end": whole.end,
        "edge_starts": [start for start, _ in whole.edges],
        "edge_ends": [end for _, end in whole.edges],
    }


def _zone(name: str | None) -> ZoneInfo:
    return ZoneInfo(name or "UTC")
