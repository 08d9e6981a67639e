"""Budgets hold over sockets: exactly, in every scope, in the caller's own shape, and given back what was not spent."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from anthropic import APIStatusError as AnthropicError
from openai import APIStatusError, RateLimitError
from redis import Redis

from gateway.core.budget import window
from gateway.core.conditions import Condition
from gateway.core.facts import Tier
from gateway.core.policy import Floor, Otherwise, Policy
from gateway.core.price import Price
from gateway.core.snapshot import Budget, BudgetScope
from tests.core.build import JAN
from tests.gateway.budgets import budget, came, known, sums
from tests.gateway.world import KEY, Served, misbehaving, model, serving_gateway, snapshot

CENT = 10_000_000
FLAT = Price(since=JAN, input=0, output=0, per_request=CENT)
A_CENT = model("openai/a-cent", Tier.LIGHTWEIGHT, None, prices=(FLAT,), upstream_model="gpt-5-nano")
LIGHT = Policy(otherwise=Otherwise(tier=Tier.LIGHTWEIGHT))
ONLY = Policy(whitelist=("openai/a-cent",), otherwise=Otherwise(tier=Tier.LIGHTWEIGHT))
BODY = {"model": "x", "messages": [{"role": "user", "content": "hi"}]}


def world(*budgets: Budget, policy: Policy = ONLY, models: Any = (A_CENT,), **rest: Any) -> Any:
    return snapshot(("support", policy), models=models, budgets=budgets, **rest)


async def ask(client: httpx.AsyncClient, served: Served, **headers: str) -> httpx.Response:
    said = {
        "authorization": f"Bearer {KEY}",
        **{name.replace("_", "-"): text for name, text in headers.items()},
    }
    url = served.router("support") + "/v1/chat/completions"
    return await client.post(url, json=BODY, headers=said)


async def settled(redis: Redis, of: Budget, beyond: int, **rest: Any) -> None:
    await came(redis, of, (0, beyond, 0), **rest)


async def test_100_at_once_on_two_gateways_against_10_affordable_are_10(redis: Redis, tmp_path: Path) -> None:
    mine = budget(10 * CENT)
    known(redis, mine)
    async with AsyncExitStack() as stack:
        gateways = []
        for name in ("one", "two"):
            (tmp_path / name).mkdir()
            gateways.append(
                await stack.enter_async_context(serving_gateway(redis, tmp_path / name, world(mine)))
            )
        endless = httpx.Limits(max_connections=None)
        client = await stack.enter_async_context(httpx.AsyncClient(limits=endless, timeout=60))
        answers = await asyncio.gather(*(ask(client, gateways[n % 2]) for n in range(100)))
        statuses = Counter(answer.status_code for answer in answers)
        assert statuses[200] == 10
        assert set(statuses) <= {200, 402, 429}
        await settled(redis, mine, 10 * CENT)
        assert sum(len(gateway.statement.read_text().splitlines()) for gateway in gateways) == 10
        refused = await ask(client, gateways[0])
    assert (refused.status_code, refused.json()["error"]["code"]) == (402, "budget_exceeded")


async def test_a_refusal_says_what_was_exceeded_and_when_it_resets(redis: Redis, tmp_path: Path) -> None:
    mine = budget(CENT - 1, "search")
    known(redis, mine)
    resets = window("month", "UTC", datetime.now(UTC)).end.isoformat().replace("+00:00", "Z")
    async with serving_gateway(redis, tmp_path, world(mine)) as served:
        with pytest.raises(APIStatusError) as openai:
            await (await served.chat()).chat.completions.create(
                model="x", messages=[{"role": "user", "content": "hi"}]
            )
        with pytest.raises(AnthropicError) as anthropic:
            await (await served.messages()).messages.create(
                model="x", max_tokens=10, messages=[{"role": "user", "content": "hi"}]
            )
        refused = (await served.settled(1))[0]
    assert openai.value.status_code == anthropic.value.status_code == 402
    assert openai.value.response.json()["error"] == {
        "message": f"The budget 'search' of 0.009999999 USD a month does not cover this request. It resets at {resets}.",
        "type": "insufficient_quota",
        "param": None,
        "code": "budget_exceeded",
    }
    assert anthropic.value.response.json()["error"]["type"] == "billing_error"
    headers = openai.value.response.headers
    assert (headers["x-rungway-budget"], headers["x-rungway-budget-resets-at"]) == ("search", resets)
    assert "retry-after" not in headers
    assert (refused.status, refused.error, refused.attempts) == (402, "budget_exceeded", ())
    assert sums(redis, mine) == (0, 0, 0)
    assert not served.statement.exists() or served.statement.read_text() == ""


async def test_what_is_filled_by_others_may_be_tried_again(redis: Redis, tmp_path: Path) -> None:
    slow = model(
        "openai/a-cent", Tier.LIGHTWEIGHT, None, prices=(FLAT,), upstream_model="gpt-5-nano-sim-hang-headers"
    )
    mine = budget(CENT)
    known(redis, mine)
    async with (
        serving_gateway(redis, tmp_path, world(mine, models=(slow,))) as served,
        httpx.AsyncClient(timeout=60) as client,
    ):
        first = asyncio.create_task(ask(client, served))
        await came(redis, mine, (0, 0, CENT))
        second = await ask(client, served)
        first.cancel()
        await asyncio.gather(first, return_exceptions=True)
        await settled(redis, mine, CENT)  # what was read is billed: a cent a request
    assert (second.status_code, second.json()["error"]["code"]) == (429, "budget_reserved")
    assert second.json()["error"]["type"] == "rate_limit_error"
    assert int(second.headers["retry-after"]) >= 1


async def test_nobody_without_budgets_or_limits_asks_redis(redis: Redis, tmp_path: Path) -> None:
    other = budget(CENT, scope=BudgetScope(router="another"))
    known(redis, other)
    async with (
        serving_gateway(redis, tmp_path, world(other)) as served,
        httpx.AsyncClient(timeout=60) as client,
    ):
        before: Any = redis.info("commandstats")
        assert (await ask(client, served)).status_code == 200
        after: Any = redis.info("commandstats")
        await served.settled(1)
    assert after.get("cmdstat_eval") == before.get("cmdstat_eval")


@pytest.mark.parametrize(
    ("scope", "headers", "covered"),
    [
        (BudgetScope(), {}, True),
        (BudgetScope(router="support"), {}, True),
        (BudgetScope(router="other"), {}, False),
        (BudgetScope(key="app"), {}, True),
        (BudgetScope(key="other"), {}, False),
        (BudgetScope(tag={"team": "search"}), {"x_rungway_tag_team": "search"}, True),
        (BudgetScope(tag={"team": "search"}), {"x_rungway_tag_team": "ads"}, False),
        (BudgetScope(tag={"team": "search"}), {}, False),
        (BudgetScope(tag={"team": "*"}), {"x_rungway_tag_team": "ads"}, True),
        (BudgetScope(tag={"team": "*"}), {}, False),
        (BudgetScope(router="support", tag={"team": "*"}), {"x_rungway_tag_team": "ads"}, True),
    ],
)
async def test_a_budget_holds_what_is_in_its_scope(
    redis: Redis, tmp_path: Path, scope: BudgetScope, headers: dict[str, str], covered: bool
) -> None:
    mine = budget(0, scope=scope)
    known(redis, mine)
    async with (
        serving_gateway(redis, tmp_path, world(mine)) as served,
        httpx.AsyncClient(timeout=60) as client,
    ):
        assert (await ask(client, served, **headers)).status_code == (402 if covered else 200)


async def test_each_value_of_a_tag_has_the_amount_for_itself(redis: Redis, tmp_path: Path) -> None:
    mine = budget(CENT, scope=BudgetScope(tag={"team": "*"}))
    known(redis, mine)
    async with (
        serving_gateway(redis, tmp_path, world(mine)) as served,
        httpx.AsyncClient(timeout=60) as client,
    ):
        teams = ("search", "ads", "search")
        answers = [await ask(client, served, x_rungway_tag_team=team) for team in teams]
        await settled(redis, mine, CENT, value="search")
        await settled(redis, mine, CENT, value="ads")
    assert [answer.status_code for answer in answers] == [200, 200, 402]
    assert "for 'search'" in answers[2].json()["error"]["message"]


async def test_all_scopes_are_paid_or_none(redis: Redis, tmp_path: Path) -> None:
    wide, narrow = (
        budget(100 * CENT, "wide"),
        budget(CENT, "narrow", scope=BudgetScope(router="support"), per="day"),
    )
    known(redis, wide, narrow)
    async with (
        serving_gateway(redis, tmp_path, world(wide, narrow)) as served,
        httpx.AsyncClient(timeout=60) as client,
    ):
        answers = [await ask(client, served) for _ in range(3)]
        await settled(redis, narrow, CENT)
        await settled(redis, wide, CENT)
    assert [answer.status_code for answer in answers] == [200, 402, 402]


async def test_what_was_not_spent_comes_back(redis: Redis, tmp_path: Path) -> None:
    """The longest answer is held for, the one that came is paid."""
    nano_model = model(
        "openai/nano", Tier.LIGHTWEIGHT, (0.05, 0.4), upstream_model="gpt-5-nano", max_output=1_000
    )
    policy = Policy(otherwise=Otherwise(tier=Tier.LIGHTWEIGHT))
    mine = budget(CENT)
    known(redis, mine)
    async with serving_gateway(redis, tmp_path, world(mine, policy=policy, models=(nano_model,))) as served:
        client = await served.chat()
        for _ in range(5):
            await client.chat.completions.create(model="x", messages=[{"role": "user", "content": "hi"}])
        events = await served.settled(5)
        paid = sum(line.cost or 0 for event in events for line in event.attempts)
        await settled(redis, mine, paid)
    assert 0 < paid < 5 * 400_000


async def test_a_failure_costs_nothing_and_the_next_model_is_held_for(redis: Redis, tmp_path: Path) -> None:
    """The one that fails is cheaper than a cent: what the next needs beyond that is held before it is asked."""
    models = (misbehaving("err-500", tier=Tier.LIGHTWEIGHT), A_CENT)
    enough, short = budget(CENT, "enough"), budget(CENT - 1, "short")
    known(redis, enough, short)
    policy = Policy(otherwise=Otherwise(tier=Tier.LIGHTWEIGHT))
    cheap = {"model": "x", "max_tokens": 10, "messages": [{"role": "user", "content": "hi"}]}
    for mine, status in ((enough, 200), (short, 402)):
        folder = tmp_path / mine.name
        folder.mkdir()
        fresh = world(mine, policy=policy, models=models, version=2 if mine is short else 1)
        async with serving_gateway(redis, folder, fresh) as served, httpx.AsyncClient(timeout=60) as client:
            url = served.router("support") + "/v1/chat/completions"
            answer = await client.post(url, json=cheap, headers={"authorization": f"Bearer {KEY}"})
            assert answer.status_code == status, answer.text
            await settled(redis, mine, CENT if mine is enough else 0)


async def test_a_spent_budget_that_downgrades_goes_to_the_cheapest_tier_within_floors(
    redis: Redis, tmp_path: Path
) -> None:
    policy = Policy(
        otherwise=Otherwise(tier=Tier.PREMIUM),
        floors=(Floor(name="kept", when=Condition(tag={"data": "kept"}), tier=Tier.MID),),
    )
    mine = budget(1, at_limit="downgrade")
    known(redis, mine)
    async with (
        serving_gateway(redis, tmp_path, snapshot(("support", policy), budgets=(mine,))) as served,
        httpx.AsyncClient(timeout=60) as client,
    ):
        plain = await ask(client, served)
        again = await ask(client, served)
        kept = await ask(client, served, x_rungway_tag_data="kept")
    assert [each.status_code for each in (plain, again, kept)] == [200, 200, 200]
    assert [each.headers["x-rungway-tier"] for each in (plain, again, kept)] == [
        "lightweight",
        "lightweight",
        "mid",
    ]


async def test_before_it_is_spent_nothing_is_downgraded(redis: Redis, tmp_path: Path) -> None:
    mine = budget(10**12, at_limit="downgrade")
    known(redis, mine)
    policy = Policy(otherwise=Otherwise(tier=Tier.PREMIUM))
    async with (
        serving_gateway(redis, tmp_path, snapshot(("support", policy), budgets=(mine,))) as served,
        httpx.AsyncClient(timeout=60) as client,
    ):
        assert (await ask(client, served)).headers["x-rungway-tier"] == "premium"


async def test_rates_and_budgets_are_taken_together(redis: Redis, tmp_path: Path) -> None:
    """A call that the rate limit refuses holds no money; one that the budget refuses counts as no request."""
    from msgspec.structs import replace

    from gateway.core.snapshot import Limits

    mine = budget(2 * CENT)
    known(redis, mine)
    key = replace(world().gateway_keys[0], limits=Limits(requests_per_minute=1))
    async with (
        serving_gateway(redis, tmp_path, world(mine, gateway_keys=(key,))) as served,
        httpx.AsyncClient(timeout=60) as client,
    ):
        answers = [await ask(client, served) for _ in range(2)]
        await settled(redis, mine, CENT)
    assert [answer.status_code for answer in answers] == [200, 429]
    assert answers[1].json()["error"]["code"] == "rate_limit_exceeded"


async def test_a_stream_is_paid_at_its_end(redis: Redis, tmp_path: Path) -> None:
    mine = budget(CENT)
    known(redis, mine)
    async with serving_gateway(redis, tmp_path, world(mine)) as served:
        client = await served.chat()
        stream = await client.chat.completions.create(
            model="x", messages=[{"role": "user", "content": "hi"}], stream=True
        )
        async for _ in stream:
            pass
        await settled(redis, mine, CENT)
        with pytest.raises(APIStatusError) as refused:
            await client.chat.completions.create(
                model="x", messages=[{"role": "user", "content": "hi"}], stream=True
            )
    assert refused.value.status_code == 402
    assert not isinstance(refused.value, RateLimitError)
