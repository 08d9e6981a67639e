"""How much models think, where a rule says so: told in each provider's own words, whatever the caller's."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from redis import Redis

from gateway.core.facts import Need, Tier
from gateway.core.policy import Effort, Otherwise, Policy
from tests.gateway.test_failover import GOOD, HOME, ask
from tests.gateway.upstream import answer, upstream
from tests.gateway.world import model, serving_gateway, snapshot

OK = answer(GOOD, b"content-type: application/json")


@pytest.mark.parametrize(
    ("effort", "can", "said"),
    [
        ("high", True, {"reasoning_effort": "high"}),
        ("none", True, {"reasoning_effort": "minimal"}),
        ("high", False, {}),
        (None, True, {}),
    ],
)
async def test_a_rules_effort_is_told_in_the_same_dialect_too(
    effort: Effort | None, *, can: bool, said: dict[str, str], redis: Redis, tmp_path: Path
) -> None:
    asked: list[dict[str, Any]] = []

    async def behave(visit: Any) -> None:
        asked.append(json.loads(re.split(rb"\r\n\r\n", await visit.request(), maxsplit=1)[1]))
        await visit.say(OK)

    able = frozenset(Need) if can else frozenset(Need) - {Need.REASONING}
    policy = Policy(otherwise=Otherwise(tier=Tier.LIGHTWEIGHT, effort=effort))
    thinking = model("openai/gpt-5-nano", Tier.LIGHTWEIGHT, (0.05, 0.4), can=able)
    async with upstream(behave) as provider:
        base = f"http://127.0.0.1:{provider.port}/v1"
        tenant = snapshot(("support", policy), models=(thinking,), bases={"openai": base})
        async with serving_gateway(redis, tmp_path, tenant, **HOME) as served:
            reply = await ask(served)
    assert reply.status_code == 200
    assert "x-rungway-dropped" not in reply.headers
    assert asked == [
        {"model": "gpt-5-nano", "messages": [{"role": "user", "content": "Say hello"}], **said}
        | ({} if said else {"stream": False})
    ]
