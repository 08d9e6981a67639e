"""What a service tier costs: from the caller's request, as the provider says that it served it, to the books."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest
from msgspec.structs import replace
from redis import Redis

from gateway.core.facts import Tier
from gateway.core.policy import Otherwise, Policy
from gateway.core.price import Price, UsageSource, cost
from tests.core.build import price
from tests.gateway.world import KEY, serving_gateway, snapshot
from tests.gateway.world import model as model_of

STANDARD, FLEX = price(0.05, 0.4), replace(price(0.02, 0.2), service_tier="flex")
NANO = model_of("openai/gpt-5-nano", Tier.LIGHTWEIGHT, None, prices=(replace(STANDARD, others=(FLEX,)),))
ONLY = snapshot(
    ("support", Policy(baseline=NANO.id, otherwise=Otherwise(tier=Tier.LIGHTWEIGHT))), models=(NANO,)
)


@pytest.mark.parametrize("streaming", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize(
    ("asked", "served", "paid"),
    [("auto", "", STANDARD), ("flex", "flex", FLEX), ("priority", "priority", None)],
)
async def test_a_request_costs_what_its_service_tier_costs(
    redis: Redis, tmp_path: Path, asked: str, served: str, paid: Price | None, streaming: bool
) -> None:
    body = {
        "model": "x",
        "stream": streaming,
        "service_tier": asked,
        "messages": [{"role": "user", "content": "Say hello"}],
    }
    async with serving_gateway(redis, tmp_path, ONLY) as running, httpx.AsyncClient(timeout=60) as client:
        url = f"{running.router('support')}/v1/chat/completions"
        answer = await client.post(url, json=body, headers={"authorization": f"Bearer {KEY}"})
        assert (answer.status_code, f'"{served or "default"}"' in answer.text) == (200, True)
        (settled,) = await running.settled()
    (line,) = settled.attempts
    assert (line.attempt.usage.service_tier, line.attempt.usage_source) == (
        served,
        UsageSource.PROVIDER_FINAL,
    )
    expected = None if paid is None else cost(paid, line.attempt.usage)
    assert (line.cost, settled.baseline) == (expected, expected)
    assert line.price == paid
    assert settled.facts.service_tier == served
