"""Checks are paid out of budgets like answers: held before they are made, and capped by budgets of their own."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest
from redis import Redis

from gateway.core.facts import Tier
from gateway.core.ladder import Purpose
from gateway.core.policy import Cascade, Check, Hedge, Judge, Otherwise, Policy, SelfAgreement
from gateway.core.price import Price
from gateway.core.snapshot import Budget, BudgetScope
from tests.core.build import JAN
from tests.gateway.budgets import budget, came, known
from tests.gateway.world import KEY, Served, model, serving_gateway, snapshot

CENT = 10_000_000
FLAT = (Price(since=JAN, input=0, output=0, per_request=CENT),)
BODY = {"model": "x", "messages": [{"role": "user", "content": "Say hello"}]}


def flat(name: str, tier: Tier, upstream: str = "gpt-5-nano") -> Any:
    """A cent a call, whatever is said."""
    return model(f"openai/{name}", tier, None, prices=FLAT, upstream_model=upstream)


LIGHT, MID = flat("light", Tier.LIGHTWEIGHT), flat("middle", Tier.MID)
JUDGE = flat("judge", Tier.PREMIUM)
JUDGED = Check(judge=Judge(model="openai/judge", at_least=0.0))


def world(*budgets: Budget, check: Check = JUDGED, models: Any = (LIGHT, MID, JUDGE), **rest: Any) -> Any:
    cascade = Cascade(up_to=Tier.MID, checks=(check,))
    policy = Policy(otherwise=Otherwise(tier=Tier.LIGHTWEIGHT, cascade=cascade), **rest)
    return snapshot(("support", policy), models=models, budgets=budgets)


def capped(cents: int, at_limit: str) -> Budget:
    return budget(cents * CENT, "checks", at_limit=at_limit, scope=BudgetScope(purpose=Purpose.CHECKS))


async def ask(client: httpx.AsyncClient, served: Served) -> httpx.Response:
    url = served.router("support") + "/v1/chat/completions"
    return await client.post(url, json=BODY, headers={"authorization": f"Bearer {KEY}"})


async def asked(redis: Redis, folder: Path, tenant: Any) -> tuple[httpx.Response, Any]:
    async with serving_gateway(redis, folder, tenant) as served, httpx.AsyncClient(timeout=20) as client:
        reply = await ask(client, served)
        (settled,) = await served.settled()
    return reply, settled


def kinds(settled: Any) -> list[tuple[str, ...]]:
    return [
        (line.attempt.kind.value, line.attempt.model, line.attempt.outcome.value, line.attempt.because)
        for line in settled.attempts
    ]


async def test_40_at_once_on_two_gateways_are_checked_10_times_by_a_cap_of_10(
    redis: Redis, tmp_path: Path
) -> None:
    cap, every = capped(10, "skip"), budget(1_000 * CENT)
    known(redis, cap, every)
    async with AsyncExitStack() as stack:
        gateways = []
        for name in ("one", "two"):
            (tmp_path / name).mkdir()
            gateways.append(
                await stack.enter_async_context(serving_gateway(redis, tmp_path / name, world(cap, every)))
            )
        client = await stack.enter_async_context(
            httpx.AsyncClient(limits=httpx.Limits(max_connections=None), timeout=60)
        )
        answers = await asyncio.gather(*(ask(client, gateways[n % 2]) for n in range(40)))
        settled = await gateways[0].settled(40)
        await came(redis, cap, (0, 10 * CENT, 0))
        await came(redis, every, (0, 50 * CENT, 0))
    assert {answer.status_code for answer in answers} == {200}
    assert Counter(answer.headers.get("x-rungway-unchecked") for answer in answers) == {None: 10, "cap": 30}
    made = Counter(line.attempt.kind.value for each in settled for line in each.attempts)
    assert made == {"answer": 40, "judge": 10}
    told = Counter(each.attempts[0].attempt.because for each in settled)
    assert told == {"": 10, "unchecked_cap": 30}


async def test_where_answers_climb_once_the_cap_is_spent(redis: Redis, tmp_path: Path) -> None:
    cap = capped(0, "climb")
    known(redis, cap)
    reply, settled = await asked(redis, tmp_path, world(cap))
    assert kinds(settled) == [
        ("answer", "openai/light", "rejected", "checks_cap"),
        ("answer", "openai/middle", "rejected", "checks_cap"),
    ]
    assert (reply.status_code, reply.headers["x-rungway-outcome"]) == (200, "rejected")
    assert "x-rungway-unchecked" not in reply.headers


async def test_a_check_that_the_requests_own_budget_cannot_pay_is_not_made(
    redis: Redis, tmp_path: Path
) -> None:
    mine = budget(CENT)
    known(redis, mine)
    reply, settled = await asked(redis, tmp_path, world(mine))
    assert kinds(settled) == [("answer", "openai/light", "rejected", "no check could tell")]
    assert (reply.status_code, reply.headers["x-rungway-outcome"]) == (200, "rejected")
    await came(redis, mine, (0, CENT, 0))


async def test_samples_are_held_together(redis: Redis, tmp_path: Path) -> None:
    """All five must agree, so four are drawn at once: with the answer that is a cent more than there is."""
    check = Check(self_agreement=SelfAgreement(samples=5, at_least=1.0))
    mine = budget(4 * CENT)
    known(redis, mine)
    _, settled = await asked(redis, tmp_path, world(mine, check=check, models=(LIGHT,)))
    assert kinds(settled) == [("answer", "openai/light", "rejected", "no check could tell")]


async def test_both_of_a_hedge_are_held(redis: Redis, tmp_path: Path) -> None:
    """Charter F-40."""
    slow = [flat(name, Tier.LIGHTWEIGHT, "gpt-5-nano-sim-hang-headers") for name in ("one", "two")]
    mine = budget(3 * CENT)
    known(redis, mine)
    tenant = world(mine, models=slow, hedge=Hedge(after_ms=1, share=1.0))
    async with serving_gateway(redis, tmp_path, tenant) as served, httpx.AsyncClient(timeout=20) as client:
        going = asyncio.create_task(ask(client, served))
        await came(redis, mine, (0, 0, 2 * CENT))
        going.cancel()
        await asyncio.gather(going, return_exceptions=True)
        (settled,) = await served.settled()
        # The second may be held for and not be on its way yet.
        await came(redis, mine, (0, sum(line.cost or 0 for line in settled.attempts), 0))


@pytest.mark.parametrize(("at_limit", "because"), [("skip", "unchecked_cap"), ("climb", "checks_cap")])
async def test_of_a_cap_that_redis_does_not_know_a_lease_is_spent_at_most(
    at_limit: str, because: str, redis: Redis, tmp_path: Path
) -> None:
    _, settled = await asked(redis, tmp_path, world(capped(50, at_limit)))
    assert settled.attempts[0].attempt.because == because
    assert {line.attempt.kind.value for line in settled.attempts} == {"answer"}
