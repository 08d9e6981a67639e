"""Embeddings through the whole gateway: with the official SDK, to simulated providers, onto the books."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import openai
import pytest
from msgspec.structs import replace
from redis import Redis

from gateway.core.catalogue import Model, Provider
from gateway.core.events import Intent
from gateway.core.facts import ModelKind, Tier
from gateway.core.policy import Floor, Otherwise, Policy
from gateway.core.price import UsageSource
from gateway.core.secrets import digest
from gateway.core.snapshot import GatewayKeySnapshot, Limits, TenantSnapshot
from tests.gateway.simulated import statement
from tests.gateway.world import BASES, KEY, MODELS, PROVIDERS, model, serving_gateway, snapshot

SMALL, LARGE = "text-embedding-3-small", "text-embedding-3-large"
BETA = Provider(id="beta", name="Beta", dialect="openai_chat", base_url="https://beta.test/v1")
BOTH = BASES | {"beta": "simulator:/openai/v1"}


def embedder(name: str, dollars: float, tier: Tier = Tier.SMALL, **rest: Any) -> Model:
    return model(name, tier, (dollars, 0), kind=ModelKind.EMBEDDING, can=frozenset(), **rest)


EMBEDDERS = (
    embedder(f"openai/{SMALL}", 0.02),
    embedder(f"beta/{SMALL}", 0.01),
    embedder(f"openai/{LARGE}", 0.13, Tier.MID),
)
ANY = Policy(baseline="openai/gpt-5", otherwise=Otherwise(tier=Tier.MID))


def world(policy: Policy = ANY, models: tuple[Model, ...] = EMBEDDERS, **rest: Any) -> TenantSnapshot:
    around = snapshot(("support", policy), models=(*MODELS, *models), bases=BOTH, **rest)
    return replace(around, providers=(*PROVIDERS, BETA))


async def test_vectors_come_and_are_on_the_books(redis: Redis, tmp_path: Path) -> None:
    async with serving_gateway(redis, tmp_path, world()) as served:
        client = await served.chat()
        raw = await client.embeddings.with_raw_response.create(
            model=f"openai/{LARGE}", input=["one two", "three"]
        )
        headers, came = raw.headers, raw.parse()
        (settled,) = await served.settled()
        intents = [event for event in await served.events(1) if isinstance(event, Intent)]
        (line,) = statement(served.statement)
    assert [row.index for row in came.data] == [0, 1]
    assert [len(row.embedding) for row in came.data] == [256, 256]
    assert came.usage.prompt_tokens == line.prompt_tokens == 3
    (attempt,) = settled.attempts
    assert (attempt.attempt.usage.input, attempt.attempt.usage_source) == (3, UsageSource.PROVIDER_FINAL)
    assert attempt.cost == 3 * 130 == settled.attempts[0].cost
    assert headers["x-rungway-cost-usd"] == "0.00000039"
    assert (headers["x-rungway-model"], headers["x-rungway-rule"]) == (f"openai/{LARGE}", "requested")
    assert (settled.outcome, settled.facts.kind) == ("answered", ModelKind.EMBEDDING)
    assert (settled.baseline_model, settled.baseline) == (f"openai/{LARGE}", attempt.cost)
    assert (settled.second_model, settled.second) == (f"openai/{LARGE}", attempt.cost)
    assert [intent.attempt_id for intent in intents] == [line.attempt] == [attempt.attempt.id]


async def test_the_model_alone_is_looked_for_where_it_is_cheapest(redis: Redis, tmp_path: Path) -> None:
    async with serving_gateway(redis, tmp_path, world()) as served:
        raw = await (await served.chat()).embeddings.with_raw_response.create(
            model=SMALL, input="Hi", dimensions=64
        )
    assert raw.headers["x-rungway-model"] == f"beta/{SMALL}"
    assert len(raw.parse().data[0].embedding) == 64


async def test_a_failure_goes_to_the_same_model_elsewhere_and_to_no_other(
    redis: Redis, tmp_path: Path
) -> None:
    failing = embedder(f"openai/{SMALL}", 0.02, upstream_model=f"{SMALL}-sim-503")
    async with serving_gateway(redis, tmp_path, world(models=(failing, *EMBEDDERS[1:]))) as served:
        raw = await (await served.chat()).embeddings.with_raw_response.create(
            model=f"openai/{SMALL}", input="Hi"
        )
        (settled,) = await served.settled()
    assert (raw.headers["x-rungway-model"], raw.headers["x-rungway-outcome"]) == (
        f"beta/{SMALL}",
        "fell_back",
    )
    assert [line.attempt.model for line in settled.attempts] == [f"openai/{SMALL}", f"beta/{SMALL}"]


async def test_where_it_is_nowhere_else_the_failure_is_the_answer(redis: Redis, tmp_path: Path) -> None:
    failing = embedder(f"openai/{SMALL}", 0.02, upstream_model=f"{SMALL}-sim-503")
    async with serving_gateway(redis, tmp_path, world(models=(failing, EMBEDDERS[2]))) as served:
        with pytest.raises(openai.InternalServerError):
            await (await served.chat()).embeddings.create(model=SMALL, input="Hi")
        (settled,) = await served.settled()
    assert [line.attempt.model for line in settled.attempts] == [
        f"openai/{SMALL}"
    ] * 2  # once more, nowhere else
    assert (settled.outcome, settled.baseline) == ("failed", 0)


@pytest.mark.parametrize("name", ["auto", "gpt-5", "text-embedding-9"])
async def test_a_model_that_is_not_there_is_never_replaced(name: str, redis: Redis, tmp_path: Path) -> None:
    async with serving_gateway(redis, tmp_path, world()) as served:
        with pytest.raises(openai.NotFoundError) as caught:
            await (await served.chat()).embeddings.create(model=name, input="Hi")
        assert not served.statement.read_bytes()
    assert (caught.value.code, caught.value.param) == ("model_not_found", "model")
    assert f"name one (openai/{SMALL}, beta/{SMALL}, openai/{LARGE})" in caught.value.message


async def test_whitelists_and_floors_hold(redis: Redis, tmp_path: Path) -> None:
    policy = Policy(
        baseline="openai/gpt-5",
        otherwise=Otherwise(tier=Tier.MID),
        whitelist=("openai/*",),
        floors=(Floor(name="better", tier=Tier.MID),),
    )
    async with serving_gateway(redis, tmp_path, world(policy)) as served:
        client = await served.chat()
        with pytest.raises(openai.BadRequestError, match="below mid, which floor better asks for"):
            await client.embeddings.create(model=SMALL, input="Hi")
        raw = await client.embeddings.with_raw_response.create(model=LARGE, input="Hi")
        with pytest.raises(openai.NotFoundError):
            await client.embeddings.create(model="beta/another", input="Hi")
        asked = {line.model for line in statement(served.statement)}
        settled = await served.settled(2)
    assert raw.headers["x-rungway-model"] == f"openai/{LARGE}"
    assert asked == {LARGE}
    assert [(each.status, each.error) for each in settled] == [(400, "no_eligible_model"), (200, "")]


async def test_without_a_router_the_model_is_named(redis: Redis, tmp_path: Path) -> None:
    async with serving_gateway(redis, tmp_path, world()) as served:
        client = await served.chat(base=f"{served.url}/v1")
        raw = await client.embeddings.with_raw_response.create(model=f"beta/{SMALL}", input=[[1, 2, 3]])
        with pytest.raises(openai.NotFoundError, match="is no embedding model"):
            await client.embeddings.create(model="openai/gpt-5", input="Hi")
        with pytest.raises(openai.BadRequestError, match="makes vectors"):
            await client.chat.completions.create(
                model=f"openai/{LARGE}", messages=[{"role": "user", "content": "Hi"}]
            )
    assert raw.parse().usage.prompt_tokens == 3


async def test_a_provider_that_tells_no_usage_is_reckoned_with(redis: Redis, tmp_path: Path) -> None:
    silent = embedder(f"openai/{SMALL}", 0.02, upstream_model=f"{SMALL}-sim-no-usage")
    async with serving_gateway(redis, tmp_path, world(models=(silent,))) as served:
        await (await served.chat()).embeddings.create(model=SMALL, input="The quick brown fox jumps over it.")
        (settled,) = await served.settled()
    (line,) = settled.attempts
    assert (line.attempt.usage_source, line.attempt.usage.input) == (
        UsageSource.ESTIMATED,
        settled.facts.input_tokens,
    )
    assert line.cost == settled.facts.input_tokens * 20 > 0


async def test_rate_limits_hold(redis: Redis, tmp_path: Path) -> None:
    key = GatewayKeySnapshot(
        digest=digest(KEY), id="limited", name="app", limits=Limits(requests_per_minute=1)
    )
    async with serving_gateway(redis, tmp_path, world(gateway_keys=(key,))) as served:
        client = await served.chat()
        await client.embeddings.create(model=SMALL, input="Hi")
        with pytest.raises(openai.RateLimitError):
            await client.embeddings.create(model=SMALL, input="Hi")


async def test_a_dry_run_explains_and_calls_nobody(redis: Redis, tmp_path: Path) -> None:
    async with serving_gateway(redis, tmp_path, world()) as served:
        answer = await _post(
            served.router("support"), {"model": SMALL, "input": "Hi"}, {"x-rungway-dry-run": "1"}
        )
        assert not served.statement.read_bytes()
    told = answer.json()
    assert told["model"] == f"beta/{SMALL}"
    reasons = {each["model"]: each["because"] for each in told["candidates"]}
    assert reasons[f"openai/{LARGE}"] == "another model's vectors do not compare"
    assert reasons["openai/gpt-5"] == "is for chat"


async def _post(base: str, body: dict[str, Any], headers: dict[str, str]) -> httpx.Response:
    async with httpx.AsyncClient(timeout=60) as client:
        return await client.post(f"{base}/v1/embeddings", json=body, headers={"x-api-key": KEY} | headers)
