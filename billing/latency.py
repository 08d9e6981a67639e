"""How long requests took, from counts by duration: percentiles to two significant digits, over any span at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import connection
from msgspec import Struct

from billing import daily
from billing.periods import Period

if TYPE_CHECKING:
    from console.tenants.models import Tenant

type Counts = list[tuple[int, int]]  # milliseconds, how many requests; ascending

_HOURS = (
    "SELECT * FROM billing_latencyrollup WHERE tenant_id = %(tenant)s AND NOT of_day AND at >= {} AND at < {}"
)
_COUNTED = "SELECT ms, sum(totals), sum(first_bytes) FROM ({}) AS counts GROUP BY ms ORDER BY ms"
_DAYS = f"""
    SELECT * FROM billing_latencyrollup WHERE tenant_id = %(tenant)s AND of_day AND at IN (
        SELECT day::timestamp AT TIME ZONE %(zone)s FROM ({daily.SETTLED}) AS settled
    )
    UNION ALL
    SELECT hours.* FROM ({daily.OPEN}) AS span
    CROSS JOIN LATERAL ({_HOURS.format("span.start", "span.end")}) AS hours
"""  # noqa: S608 (of constants)


class Latency(Struct, frozen=True, kw_only=True):
    """Milliseconds, to two significant digits; None where nothing was answered."""

    median: int | None
    p95: int | None
    first_byte_median: int | None


def latency(tenant: Tenant, period: Period) -> Latency:
    whole = daily.whole_days(tenant, period)
    params: dict[str, Any] = {
        "tenant": tenant.pk,
        "zone": period.zone.key,
        "start": period.start,
        "end": period.end,
    }
    rows = _HOURS.format("%(start)s", "%(end)s") if whole is None else _DAYS
    with connection.cursor() as cursor:
        cursor.execute(_COUNTED.format(rows), params | (daily.params_of(whole) if whole else {}))
        found = [(int(ms), int(totals), int(firsts)) for ms, totals, firsts in cursor.fetchall()]
    totals = [(ms, count) for ms, count, _ in found]
    return Latency(
        median=percentile(totals, 50),
        p95=percentile(totals, 95),
        first_byte_median=percentile([(ms, count) for ms, _, count in found], 50),
    )


def percentile(counts: Counts, percent: int) -> int | None:
    """The shortest time that so many percent of the requests did not exceed."""
    left = sum(count for _, count in counts) * percent
    for ms, count in counts:
        left -= 100 * count
        if count and left <= 0:
            return ms
    return None
