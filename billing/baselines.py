"""What each router's savings are measured against, and since when.

A router's policy declares its baseline. The first one has always held; another begins with the next month, so
that a month in which there were requests is measured by one yardstick to its end.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from billing.periods import Period, midnight
from billing.query import SpendQuery
from billing.spend import spend
from gateway.core.baseline import Declared, Weights
from gateway.core.policy import MEASURED

if TYPE_CHECKING:
    from console.tenants.models import Tenant

ALWAYS = date(2020, 1, 1)
MEASURED_DAYS = 28  # before a router declares the mix that answered until then


def declare(tenant: Tenant, router: str, basis: str, *, policy_version: int, now: datetime) -> bool:
    """Whether it is another than was declared last."""
    newest = tenant.declared_baselines.filter(router=router).order_by("-since", "-id").first()
    if newest is not None and newest.basis == basis:
        return False
    tenant.declared_baselines.create(
        router=router,
        since=ALWAYS if newest is None else begins(tenant, router, now=now),
        basis=basis,
        mix=dict(measured_mix(tenant, router, now=now)) if basis == MEASURED else {},
        policy_version=policy_version,
        declared_at=now,
    )
    return True


def declared(tenant: Tenant) -> Mapping[str, tuple[Declared, ...]]:
    """Router → its baselines, oldest first; of two that begin on one day, the later declared holds."""
    found: dict[str, list[Declared]] = defaultdict(list)
    for row in tenant.declared_baselines.order_by("since", "id"):
        mix = tuple(sorted((model, int(count)) for model, count in row.mix.items()))
        found[row.router].append(Declared(since=row.since, basis=row.basis, mix=mix))
    return {router: tuple(rows) for router, rows in found.items()}


def measured_mix(tenant: Tenant, router: str, *, now: datetime) -> Weights:
    """Which models answered how many requests, of the router and of calls without one, in the days before."""
    zone = ZoneInfo(tenant.time_zone)
    today = now.astimezone(zone).date()
    before = Period(
        start=midnight(today - timedelta(days=MEASURED_DAYS), zone), end=midnight(today, zone), zone=zone
    )
    filters = {"router": (router, ""), "part": ("answer",)}
    rows = spend(tenant, SpendQuery(period=before, by=("model",), filters=filters)).rows
    return tuple((row.key[0], row.measures.requests) for row in rows if row.measures.requests > 0)


def begins(tenant: Tenant, router: str, *, now: datetime) -> date:
    """The day, the tenant's own, from which another baseline would count if it were declared now."""
    zone = ZoneInfo(tenant.time_zone)
    today = now.astimezone(zone).date()
    month = today.replace(day=1)
    used = tenant.requests.filter(router=router, at__gte=midnight(month, zone)).exists()
    return (month + timedelta(days=32)).replace(day=1) if used else today
