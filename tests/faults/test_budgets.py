"""Budgets under harm: four gateways at once, gateways killed over what they hold, Redis lost and emptied."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest
from redis import Redis

from gateway.core.snapshot import Budget, TenantSnapshot
from tests.faults.processes import Plant, plant, until
from tests.gateway.budgets import budget, known, sums
from tests.gateway.test_budgets import BODY, CENT, world
from tests.gateway.world import KEY

type Plants = Callable[..., Plant]


@pytest.fixture
def plants(tmp_path: Path) -> Iterator[Plants]:
    with ExitStack() as stack:

        def started(snapshot: TenantSnapshot, *, gateways: int = 1, **rest: Any) -> Plant:
            made = stack.enter_context(plant(tmp_path, snapshot, **rest))
            for each in snapshot.budgets:
                known(made.redis, each)
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
    for round_ in range(1, 4):
        statuses = asyncio.run(at_once(works, 500))
        assert statuses[200] == 50
        assert set(statuses) <= {200, 402, 429}
        assert asked(works) == 50 * round_
        until(lambda: sums(works.redis, mine) == (0, 50 * CENT, 0))
        works.redis.flushall()
        known(works.redis, mine)
        works.publish(world(mine))
