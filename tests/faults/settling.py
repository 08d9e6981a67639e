"""The console's side of the company, and the end of its traffic."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from django.utils import timezone

from billing import ingest
from billing.reconcile import reconcile
from billing.stream import Stream
from console.tenants.models import Plan, Tenant
from tests.faults.company import TENANT
from tests.faults.processes import Plant, until
from tests.gateway.world import id_of


def new_tenant() -> Tenant:
    return Tenant.objects.create(
        pk=UUID(id_of(TENANT)), slug=TENANT, name="Faults Inc", plan=Plan.PRO, tags=["team"]
    )


def settle_all(works: Plant) -> None:
    """What is on disk is shipped and stored; what never settled is found to be interrupted."""
    stream = Stream(works.redis)

    def nothing_left() -> bool:
        ingest.drain(stream)
        return not unshipped(works)

    until(nothing_left)
    ingest.drain(stream)
    reconcile(stream, now=timezone.now() + timedelta(hours=1))


def unshipped(works: Plant) -> bool:
    """Whether segments of killed processes are still there: they go once the ledger has them."""
    alive = sum(gateway.poll() is None for gateway in works.gateways)
    return len(list(works.spool.glob("*.spool"))) > alive
