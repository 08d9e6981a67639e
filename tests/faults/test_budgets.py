"""Budgets under harm: four gateways at once, gateways killed over what they hold, Redis lost and emptied."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
from django.utils import timezone
from msgspec.structs import replace

from billing.budgets import published, put
from billing.holding import Books
from console.tenancy import within
from console.tenants.models import Plan, Tenant
from gateway.budgets.watch import EVERY
from gateway.core.budget import ALIVE, lease
from gateway.core.snapshot import Budget, BudgetScope, TenantSnapshot
from tests.faults.processes import Plant, plant, until
from tests.faults.settling import settle_all
from tests.gateway.budgets import budget, came, known, sums
from tests.gateway.test_budgets import A_CENT, BODY, CENT, world
from tests.gateway.world import KEY, id_of

type Plants = Callable[..., Plant]


@pytest.fixture
def plants(tmp_path: Path) -> Iterator[Plants]:
    with ExitStack() as stack:

        def started(snapshot: TenantSnapshot, *, gateways: int = 1, **rest: Any) -> Plant:
            made = stack.enter_context(plant(tmp_path, snapshot, **rest))
            known(made.redis, *snapshot.budgets)
            for _ in range(gateways):
                made.start_gateway()
            return made

        yield started


async def ask(client: httpx.AsyncClient, works: Plant) -> httpx.Response:
    url = f"{works.url}/router/support/v1/chat/completions"
    return await client.post(url, json=BODY, headers={"authorization": f"Bearer {KEY}"})


async def at_once(works: Plant, times: int) -> Counter[int]:
    limits = httpx.Limits(max_connections=None)
    async with httpx.AsyncClient(limits=limits, timeout=60) as client:
        answers = await asyncio.gather(*(ask(client, works) for _ in range(times)))
    return Counter(answer.status_code for answer in answers)


def asked(works: Plant) -> int:
    """How often a provider was, by its own account."""
    return len(works.statement.read_text().splitlines())


def test_500_at_once_on_four_gateways_against_50_affordable_are_50(plants: Plants) -> None:
    mine = budget(50 * CENT)
    works = plants(world(mine), gateways=4)
    for round_ in (1, 2):
        statuses = asyncio.run(at_once(works, 500))
        assert statuses[200] == 50
        assert set(statuses) <= {200, 402, 429}
        assert asked(works) == 50 * round_
        until(lambda: sums(works.redis, mine) == (0, 50 * CENT, 0))
        works.redis.flushall()
        known(works.redis, mine)
        works.publish(world(mine))


@pytest.fixture
def declared(db: None) -> Budget:
    """A budget of 10 dollars as the console keeps it."""
    tenant = Tenant.objects.create(pk=UUID(id_of("tenant-1")), slug="tenant-1", name="One", plan=Plan.PRO)
    with within(tenant):
        put(tenant, name="all", usd=10, per="month", at_limit="block", scope=BudgetScope())
        return published(tenant)[0]


def keep(works: Plant) -> None:
    Books(works.redis, now=timezone.now()).keep(all_of_them=True)


@pytest.mark.django_db(transaction=True)
def test_what_a_killed_gateway_held_comes_back_and_is_in_no_ledger(declared: Budget, plants: Plants) -> None:
    slow = replace(A_CENT, upstream_model="gpt-5-nano-sim-hang-headers")
    works = plants(world(declared, models=(slow,)))
    keep(works)
    asyncio.run(killed_over(works, declared, 5))
    works.start_gateway()
    keep(works)
    assert sums(works.redis, declared) == (0, 0, 5 * CENT)  # it may only be slow
    works.redis.delete(*works.redis.keys(f"{ALIVE}*"))  # a minute later
    keep(works)
    assert sums(works.redis, declared) == (0, 0, 0)
    settle_all(works)
    keep(works)
    assert sums(works.redis, declared) == (0, 0, 0)  # what it cost is not known; the lines ask for review


async def killed_over(works: Plant, over: Budget, calls: int) -> None:
    async with httpx.AsyncClient(timeout=60) as client:
        going = [asyncio.create_task(ask(client, works)) for _ in range(calls)]
        await came(works.redis, over, (0, 0, calls * CENT))
        works.gateways[0].kill()
        works.gateways[0].wait()
        await asyncio.gather(*going, return_exceptions=True)


@pytest.mark.django_db(transaction=True)
def test_without_redis_each_gateway_spends_its_lease_and_no_more(declared: Budget, plants: Plants) -> None:
    """Ten dollars, two gateways: a hundredth each, and then 402; when Redis is back it has what the ledger has."""
    works = plants(world(declared))
    keep(works)
    works.start_gateway()
    works.start_gateway()
    works.gateways.pop(0).kill()
    assert asyncio.run(at_once(works, 4)) == {200: 4}
    until(lambda: sums(works.redis, declared) == (0, 4 * CENT, 0))
    asyncio.run(asyncio.sleep(EVERY + 0.5))  # both have looked
    works.valkey.stop()
    statuses = asyncio.run(at_once(works, 60))
    assert set(statuses) == {200, 402}
    lent = statuses[200] * CENT
    assert 0 < lent <= 2 * lease(declared.nano)
    assert (
        asyncio.run(at_once(works, 60))[200] * CENT + lent
        == 2 * (lease(declared.nano - 4 * CENT) // CENT) * CENT
    )
    works.restart_valkey()
    paid = asked(works) * CENT
    assert paid == 4 * CENT + 2 * (lease(declared.nano - 4 * CENT) // CENT) * CENT
    until(lambda: in_the_ledger(works, declared) == (paid, 0, 0))
    until(lambda: asyncio.run(at_once(works, 1))[200] == 1)


def in_the_ledger(works: Plant, of: Budget) -> tuple[int, int, int]:
    settle_all(works)
    keep(works)
    return sums(works.redis, of)


@pytest.mark.django_db(transaction=True)
def test_a_redis_that_is_emptied_under_load_has_the_ledgers_sums_again(
    declared: Budget, plants: Plants
) -> None:
    works = plants(world(declared), gateways=2)
    keep(works)
    works.start_worker()
    statuses = Counter[int]()
    for n in range(12):
        statuses += asyncio.run(at_once(works, 10))
        if n == 5:
            works.redis.flushall()
            works.publish(world(declared))
    assert statuses == {200: 120}
    until(lambda: sums(works.redis, declared) == (120 * CENT, 0, 0))
