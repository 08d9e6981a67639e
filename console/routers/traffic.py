"""What came through each router of late: the figures beside its name in the list."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from django.urls import reverse
from django.utils import timezone

from billing.periods import Granularity, preset, zone_of
from billing.query import SpendQuery
from billing.spend import Measures, over_time, spend
from console.routers.models import Router
from console.routers.selectors import routers_of

if TYPE_CHECKING:
    from console.tenants.models import Tenant

SPANS: Mapping[str, str] = {"7d": "7 days", "30d": "30 days"}
USUAL = "30d"


@dataclass(frozen=True, kw_only=True)
class Line:
    """`run` is its requests by day, oldest first."""

    router: Router
    measures: Measures
    run: tuple[int, ...]
    requests_href: str
    savings_href: str


def lines(tenant: Tenant, span: str) -> list[Line]:
    """One for each router, with what the rollups have of the span."""
    period = preset(span, zone=zone_of(tenant.time_zone), now=timezone.now())
    query = SpendQuery(period=period)
    sums = {row.key[0]: row.measures for row in spend(tenant, query.told_apart("router")).rows}
    runs = over_time(spend(tenant, query.told_apart("router", granularity=Granularity.DAY)))
    return [
        Line(
            router=router,
            measures=sums.get(router.slug, Measures()),
            run=tuple(day.requests for day in runs.get((router.slug,), ())),
            requests_href=_narrowed("requests", tenant, router, span),
            savings_href=_narrowed("savings", tenant, router, span),
        )
        for router in routers_of(tenant)
    ]


def _narrowed(view: str, tenant: Tenant, router: Router, span: str) -> str:
    return f"{reverse(view, args=[tenant.slug])}?{urlencode({'period': span, 'router': router.slug})}"
