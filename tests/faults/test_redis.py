"""Redis is killed, frozen and emptied under load: every request is served, every event arrives once."""

from __future__ import annotations

import asyncio

import pytest

from billing.models import RequestRecord
from billing.stream import Stream
from console.tenancy import every_tenant
from console.tenants.models import Tenant
from gateway.core.snapshot import Limits
from tests.faults.books import Books
from tests.faults.conftest import Works
from tests.faults.harm import Fault, emptied, frozen, killed
from tests.faults.processes import Plant, until
from tests.faults.traffic import Told, all_of, going_on, mixed

pytestmark = pytest.mark.django_db(transaction=True)
FAILING = ("cut", "premium", "anthropic", "stalls", "stalls-too")  # by themselves
LIMITS = Limits(requests_per_minute=1_000_000)  # so that Redis is asked on the way of each request


@pytest.mark.parametrize("fault", [killed, frozen, emptied])
def test_requests_go_on_and_every_event_arrives(tenant: Tenant, works: Works, fault: Fault) -> None:
    here = works(limits=LIMITS)
    here.start_worker()
    told = asyncio.run(under(fault, here))
    books = Books(tenant, here.statement)
    until(lambda: requests_of(books) >= len(told) and Stream(here.redis).backlog() == 0)

    assert len(told) > 50
    assert [each for each in told if each.end != "whole"] == []
    assert max(each.seconds for each in told) < 2.0
    assert set(books.requests) == {each.request_id for each in told}
    books.agree()


async def under(fault: Fault, works: Plant) -> list[Told]:
    """Requests before, while and after it happens."""
    over = asyncio.Event()
    asks = mixed(300, seed=3, without=FAILING)
    sending = asyncio.create_task(all_of(works.url, going_on(asks, over), at_once=4))
    await asyncio.sleep(0.5)
    await fault(works)
    await asyncio.sleep(0.5)
    over.set()
    return await sending


def requests_of(books: Books) -> int:
    with every_tenant():
        return RequestRecord.objects.filter(tenant=books.tenant).count()
