"""The gateway carried by an ASGI server: the same answers, the same ends."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
import pytest_asyncio
from redis import Redis

from gateway.app import Gateway
from gateway.core.facts import Tier
from gateway.core.policy import Otherwise, Policy
from gateway.settings import Settings
from tests.gateway.simulated import running_simulator, serving
from tests.gateway.world import KEY, publish, snapshot

pytestmark = pytest.mark.asyncio
LIGHT = Policy(baseline="openai/gpt-5", whitelist=("openai/*",), otherwise=Otherwise(tier=Tier.LIGHTWEIGHT))
BODY = {"model": "x", "messages": [{"role": "user", "content": "hi"}]}


@pytest_asyncio.fixture
async def client(redis: Redis, tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    publish(redis, snapshot(("support", LIGHT)))
    async with running_simulator() as simulator:
        settings = Settings(
            var_dir=tmp_path,
            redis_url=os.environ["REDIS_URL"],
            secret_key=b"of the tests",
            master_keys={"tests": bytes(range(32))},
            simulator_url=simulator,
        )
        async with (
            serving(Gateway(settings), lifespan="on") as url,
            httpx.AsyncClient(base_url=url, headers={"authorization": f"Bearer {KEY}"}) as client,
        ):
            yield client


async def test_it_answers(client: httpx.AsyncClient) -> None:
    answer = await client.post("/router/support/v1/chat/completions", json=BODY)
    assert (answer.status_code, answer.json()["object"]) == (200, "chat.completion")
    assert (await client.get("/healthz")).text == "ok\n"
    assert (await client.get("/v1/models")).json()["object"] == "list"


async def test_it_streams(client: httpx.AsyncClient) -> None:
    answer = await client.post("/router/support/v1/chat/completions", json=BODY | {"stream": True})
    assert "data: [DONE]" in answer.text


@pytest.mark.parametrize(
    ("path", "headers", "expected"),
    [
        ("/nowhere", {}, (404, "not_found")),
        ("/v1/chat/completions", {"content-type": "text/plain"}, (415, "unsupported_media_type")),
    ],
)
async def test_it_refuses_before_the_body(
    client: httpx.AsyncClient, path: str, headers: dict[str, str], expected: tuple[int, str]
) -> None:
    answer = await client.post(path, content=b"{}", headers={"content-type": "application/json"} | headers)
    assert (answer.status_code, answer.json()["error"]["code"]) == expected
