"""The tenant whose traffic it is, and the processes that serve it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.utils import timezone

from billing import ingest
from billing.reconcile import reconcile
from billing.stream import Stream
from console.tenants.models import Plan, Tenant
from tests.faults.company import TENANT, company
from tests.faults.processes import Plant, plant, until
from tests.gateway.world import id_of

type Works = Callable[..., Plant]


@pytest.fixture
def tenant(db: None) -> Tenant:
    return Tenant.objects.create(
        pk=UUID(id_of(TENANT)), slug=TENANT, name="Faults Inc", plan=Plan.PRO, tags=["team"]
    )


@pytest.fixture
def works(tmp_path: Path) -> Iterator[Works]:
    with ExitStack() as stack:

        def started(gateways: int = 1, *, speed: str = "inf", graceful: int = 25, **rest: Any) -> Plant:
            made = stack.enter_context(plant(tmp_path, company(**rest), speed=speed))
            for _ in range(gateways):
                made.start_gateway(graceful=graceful)
            return made

        yield started


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
