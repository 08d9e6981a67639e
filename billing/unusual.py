"""Hours in which a router spent far more than it does at that hour of the day: by median and deviation from it.

Both are robust: neither one past flood nor a quiet weekend moves them much. The deviation is taken as at least a
tenth of the median and one cent, so that regular and small spending is not unusual by a hair.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from statistics import median
from typing import TYPE_CHECKING

from msgspec import Struct

from billing.periods import Granularity, Period, beginning, zone_of
from billing.query import SpendQuery
from billing.spend import spend
from gateway.core.money import NANO

if TYPE_CHECKING:
    from console.tenants.models import Tenant

DAYS = 28
LEAST_DAYS = 7  # of history, before anything is called unusual
SCALE = 1.4826  # from the median deviation to the standard one, of a normal distribution
LEAST = NANO // 100


class Unusual(Struct, frozen=True, kw_only=True):
    """An hour of one router; nano-dollars."""

    router: str
    hour: datetime
    spent: int
    usual: int
    score: float


def unusual(tenant: Tenant, *, now: datetime, score: float) -> list[Unusual]:
    """The routers whose last whole hour scores at least `score`."""
    zone = zone_of(tenant.time_zone)
    hour = beginning(now, Granularity.HOUR, zone) - timedelta(hours=1)
    period = Period(start=hour - timedelta(days=DAYS), end=hour + timedelta(hours=1), zone=zone)
    rows = spend(tenant, SpendQuery(period=period, by=("router",), granularity=Granularity.HOUR)).rows
    history: dict[str, dict[datetime, int]] = defaultdict(dict)
    for row in rows:
        assert row.bucket is not None
        history[row.key[0]][row.bucket] = row.measures.known_cost
    found = (_judged(router, hour, spent) for router, spent in history.items())
    return [each for each in found if each is not None and each.score >= score]


def robust_score(value: int, before: Sequence[int]) -> float:
    """How many deviations a value lies above the median of those before it."""
    middle = median(before)
    deviation = SCALE * median(abs(each - middle) for each in before)
    return (value - middle) / max(deviation, middle / 10, LEAST)


def _judged(router: str, hour: datetime, spent: dict[datetime, int]) -> Unusual | None:
    """Against the same hour of the days before, from the first on which there was anything."""
    if hour not in spent:
        return None
    days = min((hour - min(spent)).days, DAYS)
    if days < LEAST_DAYS:
        return None
    before = [spent.get(hour - timedelta(days=day), 0) for day in range(1, days + 1)]
    score = robust_score(spent[hour], before)
    return Unusual(router=router, hour=hour, spent=spent[hour], usual=round(median(before)), score=score)
