"""How long an answer may be whose caller does not say: what its provider is told, and what the caller hears of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from redis import Redis

from gateway.core.conversation import ChatRequest
from gateway.core.facts import Surface, Tier
from gateway.core.policy import Otherwise, Policy
from gateway.core.price import Price
from gateway.core.snapshot import Budget
from gateway.dialects.limits import limited
from tests.core.build import JAN
from tests.gateway.budgets import budget, came, known
from tests.gateway.upstream import Visit, answer, upstream
from tests.gateway.world import KEY, model, serving_gateway, snapshot

MOST, CENT = 300, 10_000_000
# A cent a token of output, and nothing else.
PRICE = (Price(since=JAN, input=0, output=CENT * 1_000_000),)


def said(of: int) -> bytes:
    """An answer of so many tokens."""
    body = {
        "id": "c", "object": "chat.completion", "created": 1, "model": "m",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": "on and on"}, "finish_reason": "length"}],
        "usage": {"prompt_tokens": 5, "completion_tokens": of, "total_tokens": 5 + of},
    }  # fmt: skip
    return answer(json.dumps(body).encode(), b"content-type: application/json")


async def asked(
    redis: Redis, folder: Path, *budgets: Budget, limit: int | None = None, comes: int = MOST, **body: Any
) -> tuple[httpx.Response, dict[str, Any]]:
    """The answer, and what the provider was sent."""
    policy = Policy(otherwise=Otherwise(tier=Tier.LIGHTWEIGHT), max_output_tokens=limit)
    one = model("openai/m", Tier.LIGHTWEIGHT, None, prices=PRICE, max_output=MOST)
    sent: list[dict[str, Any]] = []

    async def behave(visit: Visit) -> None:
        sent.append(json.loads((await visit.request()).partition(b"\r\n\r\n")[2]))
        await visit.say(said(comes))

    async with upstream(behave) as provider:
        tenant = snapshot(
            ("support", policy),
            models=(one,),
            budgets=budgets,
            bases={"openai": f"http://127.0.0.1:{provider.port}/v1"},
        )
        known(redis, *budgets)
        async with (
            serving_gateway(redis, folder, tenant, allowed_private_networks=("127.0.0.0/8",)) as served,
            httpx.AsyncClient(timeout=20) as client,
        ):
            reply = await client.post(
                served.router("support") + "/v1/chat/completions",
                json={"model": "x", "messages": [{"role": "user", "content": "hi"}]} | body,
                headers={"authorization": f"Bearer {KEY}"},
            )
    return reply, sent[0]


async def test_spend_stays_within_a_budget_that_the_longest_answer_just_fits(
    redis: Redis, tmp_path: Path
) -> None:
    """Charter F-58: the provider is told the limit that was reckoned with, and the caller that it was."""
    mine = budget(MOST * CENT)
    reply, sent = await asked(redis, tmp_path, mine)
    assert (reply.status_code, sent["max_completion_tokens"]) == (200, MOST)
    assert reply.headers["x-rungway-max-output-tokens"] == str(MOST)
    await came(redis, mine, (0, MOST * CENT, 0))


async def test_with_the_policys_limit_less_is_enough(redis: Redis, tmp_path: Path) -> None:
    mine = budget(20 * CENT)
    reply, sent = await asked(redis, tmp_path, mine, limit=20, comes=20)
    assert (reply.status_code, sent["max_completion_tokens"]) == (200, 20)
    assert reply.headers["x-rungway-max-output-tokens"] == "20"


@pytest.mark.parametrize("at_limit", [None, "downgrade"])
async def test_where_nothing_wants_a_limit_there_is_none(
    at_limit: str | None, redis: Redis, tmp_path: Path
) -> None:
    budgets = () if at_limit is None else (budget(1_000 * CENT, at_limit=at_limit),)
    reply, sent = await asked(redis, tmp_path, *budgets)
    assert reply.status_code == 200
    assert sent.keys().isdisjoint({"max_tokens", "max_completion_tokens"})
    assert "x-rungway-max-output-tokens" not in reply.headers


async def test_the_callers_own_limit_stays(redis: Redis, tmp_path: Path) -> None:
    reply, sent = await asked(redis, tmp_path, budget(1_000 * CENT), limit=20, max_tokens=7)
    assert (reply.status_code, sent["max_tokens"]) == (200, 7)
    assert "max_completion_tokens" not in sent
    assert "x-rungway-max-output-tokens" not in reply.headers


@pytest.mark.parametrize(
    ("surface", "raw", "becomes"),
    [
        (Surface.OPENAI_CHAT, {}, {"max_completion_tokens": 9}),
        (Surface.OPENAI_RESPONSES, {}, {"max_output_tokens": 9}),
        (Surface.OPENAI_COMPLETIONS, {}, {"max_tokens": 9}),
        (Surface.GEMINI, {}, {"generationConfig": {"maxOutputTokens": 9}}),
        (
            Surface.GEMINI,
            {"generation_config": {"topK": 1}},
            {"generation_config": {"topK": 1, "maxOutputTokens": 9}},
        ),
    ],
)
def test_each_surface_has_its_own_word(
    surface: Surface, raw: dict[str, Any], becomes: dict[str, Any]
) -> None:
    request = ChatRequest(surface=surface, requested_model="m", raw={"a": 1, **raw})
    assert limited(request, 9).raw == {"a": 1, **becomes}
