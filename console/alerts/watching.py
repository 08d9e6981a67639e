"""What is worth telling: models without a price, hours that cost far more than usual, and overkill above a sum.

Each lasts for a while, and is told when it begins.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from billing import alerts
from billing.overkill import Standing, overkill, saving_of
from billing.periods import Period, preset, zone_of
from billing.query import SpendQuery
from billing.spend import spend
from billing.unusual import unusual
from console.alerts.models import Watch
from console.routers.selectors import models_within
from console.routers.standing import in_force
from gateway.core.money import usd

if TYPE_CHECKING:
    from console.tenants.models import Tenant


CALM = timedelta(hours=3)  # after an unusual hour, until spending counts as usual again
RELIEF = 0.9  # of a threshold, below which overkill is over: it may hover about the threshold itself


def watch_of(tenant: Tenant) -> Watch:
    return Watch._base_manager.filter(tenant=tenant).first() or Watch(tenant=tenant)


def look(tenant: Tenant, *, now: datetime) -> None:
    """Inside `within(tenant)`. What was told before is not told again until it begins anew; unwatched, it is over."""
    watch = watch_of(tenant)
    if watch.unpriced:
        _unpriced(tenant, now)
    alerts.end(tenant, "unpriced", now=now)
    if watch.unusual_score is not None:
        _unusual(tenant, now, watch.unusual_score)
    alerts.end(tenant, "anomaly", now=now, quiet=CALM)
    if watch.overkill_nano is not None and tenant.includes_ai_inside:
        _overkill(tenant, now, watch.overkill_nano)
    alerts.end(tenant, "overkill", now=now)


def _unpriced(tenant: Tenant, now: datetime) -> None:
    """As long as there are such attempts within a day."""
    day = Period(start=now - timedelta(days=1), end=now, zone=zone_of(tenant.time_zone))
    hours = Period(
        start=day.start.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1),
        end=now.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1),
        zone=day.zone,
    )
    for row in spend(tenant, SpendQuery(period=hours, by=("model",))).rows:
        count = row.measures.unpriced_attempts
        if count > 0:
            alerts.go_on(
                tenant,
                kind="unpriced",
                subject=row.key[0],
                now=now,
                title=f"{row.key[0]} has no known price",
                text=f"{count:,} attempts of the last 24 hours have an unknown cost. Set a price of the model's.",
                facts={"model": row.key[0], "attempts": count},
            )


def _unusual(tenant: Tenant, now: datetime, score: float) -> None:
    """Until a router's hours have been usual for a while."""
    zone = zone_of(tenant.time_zone)
    for found in unusual(tenant, now=now, score=score):
        name = found.router or "calls without a router"
        alerts.go_on(
            tenant,
            kind="anomaly",
            subject=found.router,
            now=now,
            title=f"Spending of {name} is unusual",
            text=(
                f"{usd(found.spent)} USD in the hour from {found.hour.astimezone(zone):%H:%M}, "
                f"where {usd(found.usual)} USD are usual at that hour."
            ),
            facts={
                "router": found.router or None,
                "hour": found.hour.isoformat(),
                "spent_usd": usd(found.spent),
                "usual_usd": usd(found.usual),
                "score": round(found.score, 1),
            },
        )


def _overkill(tenant: Tenant, now: datetime, above: int) -> None:
    """Until it is clearly below the sum."""
    zone = zone_of(tenant.time_zone)
    day = now.astimezone(zone).date()
    query = SpendQuery(period=preset("30d", zone=zone, now=now))
    report = overkill(tenant, query, models_of=models_within(tenant), day=day, in_force=in_force(tenant))
    saving = saving_of(report.standing(Standing.IN_FORCE)) or 0
    lasts = tenant.alerts.filter(kind="overkill", ended_at=None, seen_at__isnull=False).exists()
    if saving >= (above * RELIEF if lasts else above):
        alerts.go_on(
            tenant,
            kind="overkill",
            subject="",
            now=now,
            title=f"{usd(saving)} USD of 30 days went into models above what was called for",
            text="Cheaper models within reach would have done, as far as class and difficulty tell.",
            facts={"saving_usd": usd(saving), "above_usd": usd(above), "days": 30},
        )
