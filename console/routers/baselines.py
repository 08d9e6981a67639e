"""Baselines in words: what each means, and from when one counts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from billing import baselines
from console.interface import formatting
from console.routers.selectors import snapshots_of
from gateway.core.baseline import in_force
from gateway.core.policy import CHEAPEST, FRONTIER, MEASURED, REQUESTED

if TYPE_CHECKING:
    from console.tenants.models import Tenant

MODEL = "model"  # stands for any model's id where one chooses
CHOICES = (
    (
        MODEL,
        "One model: every request would have gone to the model that you would have written into the code.",
    ),
    (REQUESTED, "The model each request asks for: the router is measured against its own callers."),
    (
        CHEAPEST,
        "The cheapest model that meets the floors: the harshest, for somebody could have chosen it by hand.",
    ),
    (FRONTIER, "The frontier: the dearest model of the highest tier allowed. It flatters most."),
    (
        MEASURED,
        f"The measured mix: the models of the {baselines.MEASURED_DAYS} days before it is published, in their shares.",
    ),
)


@dataclass(frozen=True)
class Yardstick:
    """What a router's requests are measured against today; `since` None is always. `next` begins later."""

    router: str
    basis: str
    since: date | None
    next: str = ""
    next_since: date | None = None


def yardsticks(tenant: Tenant, *, now: datetime) -> list[Yardstick]:
    """Of every router that is published."""
    declared, today = baselines.declared(tenant), _today(tenant, now)
    found = []
    for router in snapshots_of(tenant):
        rows = declared.get(router.id, ())
        held = in_force(rows, router.policy.baseline, today)
        later = [row for row in rows if row.since > today and row.basis != held.basis][-1:]
        found.append(
            Yardstick(
                router=router.id,
                basis=held.basis,
                since=held.since if rows and held.since > baselines.ALWAYS else None,
                next=later[0].basis if later else "",
                next_since=later[0].since if later else None,
            )
        )
    return found


def effect(tenant: Tenant, router: str, *, now: datetime) -> str:
    """When another baseline would take effect, as a sentence."""
    if not tenant.declared_baselines.filter(router=router).exists():
        return "It counts for all requests of this router, the first ones among them."
    begins = baselines.begins(tenant, router, now=now)
    if begins == _today(tenant, now):
        return (
            "No request came in this month yet, so another baseline counts from today once it is published."
        )
    return (
        "It is locked for this month, which has traffic already: another baseline counts from"
        f" {formatting.day(begins)} once it is published."
    )


def _today(tenant: Tenant, now: datetime) -> date:
    return now.astimezone(ZoneInfo(tenant.time_zone)).date()
