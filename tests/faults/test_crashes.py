"""Gateways are killed under load: nothing is lost, nothing is double, others serve their callers."""

from __future__ import annotations

import asyncio
import random

import pytest

from console.tenants.models import Tenant
from tests.faults.books import Books
from tests.faults.conftest import Works
from tests.faults.processes import Plant
from tests.faults.settling import settle_all
from tests.faults.traffic import Told, all_of, mixed

REQUESTS, AT_ONCE, KILLS = 400, 16, 3
pytestmark = pytest.mark.django_db(transaction=True)


async def with_kills(works: Plant) -> list[Told]:
    """Two gateways on one socket; now and then one dies, and another takes its place."""
    dice = random.Random(5)
    sending = asyncio.create_task(all_of(works.url, mixed(REQUESTS, seed=2), at_once=AT_ONCE))
    for _ in range(KILLS):
        await asyncio.sleep(dice.uniform(0.3, 1.0))
        dice.choice([each for each in works.gateways if each.poll() is None]).kill()
        await asyncio.to_thread(works.start_gateway)
    return await sending


def test_killed_gateways_lose_nothing_and_double_nothing(tenant: Tenant, works: Works) -> None:
    here = works(gateways=2)
    told = asyncio.run(with_kills(here))
    settle_all(here)

    books = Books(tenant, here.statement)
    books.agree()
    on_record(books, told)
    lost = [request for request in books.requests.values() if request.interrupted]
    assert 0 < len(lost) <= KILLS * AT_ONCE
    for request in lost:
        assert (request.outcome, request.error, request.saved_nano) == ("failed", "interrupted", None)
    alive = {name for each in here.spool.iterdir() for name in [each.name.partition(".")[0]]}
    assert len(alive) == 2, "files of dead processes are left"


def on_record(books: Books, told: list[Told]) -> None:
    """Only what was under way is cut off; whatever anybody was told is in the books."""
    assert len(told) == REQUESTS
    assert sum(not each.request_id for each in told) <= KILLS * AT_ONCE
    for each in told:
        if each.request_id:
            request = books.requests[each.request_id]
            assert each.end != "whole" or (request.outcome != "failed" and not request.interrupted), each
