"""A stream that waits says that it is alive; a stream without end is passed on in bounded memory."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from msgspec.structs import replace
from redis import Redis

from gateway import dispatch, streaming, waiting
from gateway.core.facts import Tier
from gateway.core.ladder import AttemptOutcome
from gateway.core.policy import Cascade, Check, Otherwise, Policy
from tests.gateway.clouds import google
from tests.gateway.simulated import serving
from tests.gateway.test_pipeline import user
from tests.gateway.world import BASES, KEY, MODELS, Served, misbehaving, serving_gateway, snapshot

LIGHT = Policy(baseline="openai/gpt-5", otherwise=Otherwise(tier=Tier.LIGHTWEIGHT))
COMMENT, PING = b": keep-alive\n\n", b'event: ping\ndata: {"type":"ping"}\n\n'


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streaming, "SILENCE", 0.05)
    monkeypatch.setattr(waiting, "SILENCE", 0.05)


def world(how: str, *, provider: str = "openai") -> Any:
    return snapshot(("support", LIGHT), models=(*MODELS, misbehaving(how, provider=provider)))


@asynccontextmanager
async def streamed(served: Served, surface: str, **headers: str) -> AsyncIterator[httpx.Response]:
    paths = {"openai": "/v1/chat/completions", "anthropic": "/v1/messages"}
    body = {"model": "auto", "messages": user("Say hello"), "stream": True, "max_tokens": 200}
    sent = {"x-api-key": KEY, "anthropic-version": "2023-06-01"} | {
        name.replace("_", "-"): value for name, value in headers.items()
    }
    async with (
        httpx.AsyncClient(timeout=20) as client,
        client.stream("POST", served.router("support") + paths[surface], json=body, headers=sent) as response,
    ):
        yield response


@pytest.mark.parametrize(("surface", "sign"), [("openai", COMMENT), ("anthropic", PING)])
@pytest.mark.parametrize("provider", ["openai", "anthropic"])
async def test_between_events(surface: str, sign: bytes, provider: str, redis: Redis, tmp_path: Path) -> None:
    async with serving_gateway(redis, tmp_path, world("stall-after-2", provider=provider)) as served:
        async with streamed(served, surface) as response:
            came = b""
            async for part in response.aiter_bytes():
                came += part
                if came.endswith(sign * 3):
                    break
        (settled,) = await served.settled()
    assert came.index(b"data: {") < came.index(sign * 3)
    assert (settled.status, settled.attempts[0].attempt.outcome) == (499, AttemptOutcome.CANCELLED)


@pytest.mark.parametrize(("surface", "sign"), [("openai", COMMENT), ("anthropic", PING)])
async def test_before_the_first_event_and_through_a_fallback(
    surface: str, sign: bytes, redis: Redis, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dispatch, "FIRST_BYTE", 0.3)
    async with serving_gateway(redis, tmp_path, world("hang-headers")) as served:
        async with streamed(served, surface) as response:
            came = b"".join([part async for part in response.aiter_bytes()])
        (settled,) = await served.settled()
    assert response.status_code == 200
    assert response.headers["x-rungway-tier"] == "lightweight"
    assert came.startswith(sign * 2)
    assert b": x-rungway-model=openai/gpt-5-nano x-rungway-attempts=2 x-rungway-outcome=fell_back\n\n" in came
    assert came.rstrip().rpartition(b"\n\n")[2].startswith(b": x-rungway-cost-usd=")
    assert (b"[DONE]" if surface == "openai" else b"message_stop") in came
    assert (settled.outcome, settled.status) == ("fell_back", 200)


async def test_an_sdk_that_takes_comments_for_json_gets_blank_lines(
    redis: Redis, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dispatch, "FIRST_BYTE", 0.3)
    async with serving_gateway(redis, tmp_path, world("hang-headers")) as served:
        models = await google(served, "support")
        coming = await models.generate_content_stream(model="auto", contents="Say hello")
        text = "".join([chunk.text or "" async for chunk in coming])
        (settled,) = await served.settled()
    assert text
    assert settled.outcome == "fell_back"


@pytest.mark.parametrize("surface", ["openai", "anthropic"])
async def test_an_error_after_the_first_sign_is_told_in_the_stream(
    surface: str, redis: Redis, tmp_path: Path
) -> None:
    only = snapshot(("support", LIGHT), models=(misbehaving("hang-headers"),))
    async with serving_gateway(redis, tmp_path, only) as served:
        async with streamed(served, surface, x_rungway_timeout_ms="400") as response:
            came = b"".join([part async for part in response.aiter_bytes()])
        (settled,) = await served.settled()
    assert b"upstream_timeout" in came
    assert b"[DONE]" not in came
    assert b"message_stop" not in came
    assert (settled.outcome, settled.error) == ("failed", "upstream_timeout")


async def test_who_leaves_while_waiting_is_settled_as_gone(redis: Redis, tmp_path: Path) -> None:
    async with serving_gateway(redis, tmp_path, world("hang-headers")) as served:
        async with streamed(served, "openai") as response:
            assert await anext(response.aiter_bytes()) == COMMENT
        (settled,) = await served.settled()
    assert (settled.status, settled.error) == (499, "client_cancelled")
    assert [line.attempt.outcome for line in settled.attempts] == [AttemptOutcome.CANCELLED]


async def test_an_answer_that_is_held_for_its_checks_is_waited_for_as_well(
    redis: Redis, tmp_path: Path
) -> None:
    cascade = Cascade(up_to=Tier.PREMIUM, checks=(Check(not_refusal=True),))
    policy = Policy(baseline="openai/gpt-5", otherwise=Otherwise(tier=Tier.LIGHTWEIGHT, cascade=cascade))
    around = replace(world("stall-after-2"), routers=snapshot(("support", policy)).routers)
    async with (
        serving_gateway(redis, tmp_path, around) as served,
        streamed(served, "openai", x_rungway_timeout_ms="400") as response,
    ):
        came = b"".join([part async for part in response.aiter_bytes()])
    assert came.startswith(COMMENT)
    assert b"upstream_timeout" in came


EVENT = b"x" * 4_000
EVENTS = 25_000  # 100 MB


async def endless(scope: Any, receive: Any, send: Any) -> None:
    """A provider of chat completions that has 100 MB to say."""
    await receive()
    await send(
        {"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/event-stream")]}
    )
    chunk = {
        "id": "1",
        "model": "m",
        "choices": [{"index": 0, "delta": {"content": EVENT.decode()}, "finish_reason": None}],
    }
    data = b"data: %b\n\n" % json.dumps(chunk).encode()
    for _ in range(EVENTS):
        await send({"type": "http.response.body", "body": data, "more_body": True})
    chunk["choices"] = [{"index": 0, "delta": {}, "finish_reason": "stop"}]
    last = b"data: %b\n\ndata: [DONE]\n\n" % json.dumps(chunk).encode()
    await send({"type": "http.response.body", "body": last})


def resident() -> int:
    """Bytes of this process in memory."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4_096


@pytest.mark.parametrize("surface", ["openai", "anthropic"])
async def test_memory_stays_flat_over_100_mb(surface: str, redis: Redis, tmp_path: Path) -> None:
    async with serving(endless) as provider:
        around = snapshot(("support", LIGHT), models=MODELS[4:5], bases=BASES | {"openai": provider})
        async with serving_gateway(
            redis, tmp_path, around, allowed_private_networks=("127.0.0.0/8",)
        ) as served:
            size, most = 0, 0
            async with streamed(served, surface) as response:
                parts = response.aiter_raw()
                size += len(await anext(parts))
                before = resident()
                async for part in parts:
                    size += len(part)
                    most = max(most, resident())
            (settled,) = await served.settled()
    assert size > EVENTS * len(EVENT)
    assert most - before < 24 * 1024 * 1024
    assert settled.outcome == "answered"
    assert settled.attempts[0].attempt.usage.output > EVENTS * len(EVENT) // 5
