"""What arrives at the wire and is not a sound request: each answered in its path's shape, without a provider asked."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
from redis import Redis

from gateway.core.facts import Tier
from gateway.core.policy import Otherwise, Policy
from gateway.core.snapshot import RouterSnapshot
from tests.gateway.world import (
    KEY,
    OTHER_KEY,
    SECRET,
    Served,
    misbehaving,
    serving_gateway,
    snapshot,
)

LIGHT = Policy(baseline="openai/gpt-5", otherwise=Otherwise(tier=Tier.LIGHTWEIGHT))
CHAT, MESSAGES = "/v1/chat/completions", "/v1/messages"
BODY = {"model": "x", "max_tokens": 50, "messages": [{"role": "user", "content": "hi"}]}
VERSION = {"anthropic-version": "2023-06-01"}
PATHS = pytest.mark.parametrize("path", [CHAT, MESSAGES])


@pytest_asyncio.fixture
async def served(redis: Redis, tmp_path: Path) -> AsyncIterator[Served]:
    mine = snapshot(
        ("support", LIGHT),
        routers=(
            RouterSnapshot(id="support", policy=LIGHT, policy_version=1),
            RouterSnapshot(id="off", policy=LIGHT, policy_version=1, enabled=False),
        ),
    )
    closed = snapshot(("theirs", LIGHT), tenant="tenant-2", key=OTHER_KEY, suspended=True)
    async with serving_gateway(redis, tmp_path, mine, closed) as running:
        yield running
        assert not running.statement.exists() or "attempt" not in running.statement.read_text()


async def post(
    served: Served, path: str, *, headers: Any = None, body: Any = BODY, router: str = "support"
) -> httpx.Response:
    given = [("authorization", f"Bearer {KEY}")] if headers is None else list(headers)
    async with httpx.AsyncClient(timeout=60) as client:
        return await client.post(
            f"{served.url}/router/{router}{path}", json=body, headers=[*given, *VERSION.items()]
        )


def told(answer: httpx.Response, path: str) -> tuple[int, str]:
    """Status and code, after checking that the shape is the path's."""
    body = answer.json()
    assert answer.headers["content-type"].startswith("application/json")
    assert len(answer.content) <= 2048
    if path == MESSAGES:
        assert set(body) == {"type", "error", "request_id"}
        assert body["type"] == "error"
        assert answer.headers["request-id"] == body["request_id"]
    else:
        assert set(body) == {"error"}
        assert set(body["error"]) == {"message", "type", "param", "code"}
        assert answer.headers["x-request-id"]
    return answer.status_code, body["error"].get("code")


@PATHS
@pytest.mark.parametrize(
    "headers",
    [
        [],
        [("authorization", "Bearer")],
        [("authorization", f"Basic {KEY}")],
        [("authorization", "Bearer ' OR (SELECT pg_sleep(8))--")],
        [("authorization", "Bearer " + "x" * 8000)],
        [("authorization", "Bearer rw_ünïcode_key_0123456789".encode())],
        [("authorization", f"Bearer {KEY}x")],
        [("authorization", f"Bearer {KEY[:-1]}")],
        [("x-api-key", "rw_nobody_0123456789")],
    ],
    ids=lambda value: str(value)[:40],
)
async def test_no_key_no_answer(served: Served, path: str, headers: Any) -> None:
    assert told(await post(served, path, headers=headers), path) == (401, "invalid_api_key")


@PATHS
@pytest.mark.parametrize("name", ["authorization", "x-api-key", "api-key", "x-goog-api-key"])
async def test_every_header_for_a_key_is_the_same(redis: Redis, tmp_path: Path, path: str, name: str) -> None:
    value = f"bearer {KEY}" if name == "authorization" else KEY
    async with serving_gateway(redis, tmp_path, snapshot(("support", LIGHT))) as running:
        assert (await post(running, path, headers=[(name, value)])).status_code == 200


@PATHS
async def test_two_different_keys_conflict(served: Served, path: str) -> None:
    headers = [("authorization", f"Bearer {KEY}"), ("x-api-key", OTHER_KEY)]
    assert told(await post(served, path, headers=headers), path) == (400, "conflicting_credentials")


@PATHS
async def test_a_key_in_the_query_is_none(served: Served, path: str) -> None:
    answer = await post(served, f"{path}?key={KEY}&api_key={KEY}", headers=[])
    assert told(answer, path) == (401, "invalid_api_key")


@PATHS
@pytest.mark.parametrize(
    ("router", "key", "expected"),
    [
        ("nowhere", KEY, (404, "router_not_found")),
        ("theirs", KEY, (404, "router_not_found")),
        ("off", KEY, (403, "router_disabled")),
        ("theirs", OTHER_KEY, (403, "tenant_suspended")),
        ("a" * 300, KEY, (404, "not_found")),
        ("%2e%2e", KEY, (404, "not_found")),
        ("support%00", KEY, (404, "not_found")),
    ],
)
async def test_routers_that_cannot_be_used(
    served: Served, path: str, router: str, key: str, expected: tuple[int, str]
) -> None:
    headers = [("authorization", f"Bearer {key}")]
    assert told(await post(served, path, headers=headers, router=router), path) == expected


@PATHS
@pytest.mark.parametrize(
    ("headers", "content", "expected"),
    [
        ({"content-type": "text/plain"}, b"{}", (415, "unsupported_media_type")),
        ({"content-type": "application/json; charset=utf-16"}, b"{}", (415, "unsupported_media_type")),
        ({"content-type": "application/json", "content-encoding": "gzip"}, b"x", (415, "unsupported_content_encoding")),
        ({"content-type": "application/json", "content-length": str(33 << 20)}, b"", (413, "request_too_large")),
        ({"content-type": "application/json", "expect": "miracles"}, b"{}", (417, "expectation_failed")),
        ({"content-type": "application/json", **{f"x-{n}": "1" for n in range(70)}}, b"{}", (431, "headers_too_large")),
        ({"content-type": "application/json", "x-big": "a" * 17_000}, b"{}", (431, "headers_too_large")),
    ],
    ids=["plain text", "utf-16", "gzip", "too large", "expectation", "many headers", "big header"],
)  # fmt: skip
async def test_what_is_wrong_before_the_body_is_read(
    served: Served, path: str, headers: dict[str, str], content: bytes, expected: tuple[int, str]
) -> None:
    answer = await raw(served, "POST", f"/router/support{path}", headers, content)
    assert told(answer, path) == expected


@PATHS
@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH"])
async def test_other_methods_are_refused_with_what_is_allowed(served: Served, path: str, method: str) -> None:
    answer = await raw(served, method, f"/router/support{path}", {}, b"")
    assert told(answer, path) == (405, "method_not_allowed")
    assert answer.headers["allow"] == "POST"


async def test_a_foreign_request_id_is_replaced(redis: Redis, tmp_path: Path) -> None:
    async with serving_gateway(redis, tmp_path, snapshot(("support", LIGHT))) as running:
        headers = [("authorization", f"Bearer {KEY}"), ("x-request-id", "mine"), ("traceparent", "garbage")]
        answer = await post(running, CHAT, headers=headers)
        (settled,) = await running.settled()
    assert answer.headers["x-request-id"] == settled.origin.request_id != "mine"


async def test_callers_do_not_choose_beside_the_policy(redis: Redis, tmp_path: Path) -> None:
    """Neither by header nor by a field of the body: no host, key or model comes from there."""
    async with serving_gateway(redis, tmp_path, snapshot(("support", LIGHT))) as running:
        body = BODY | dict.fromkeys(
            ("api_base", "base_url", "fallbacks", "litellm_params", "provider"), "http://127.0.0.1:1/"
        )
        headers = [
            ("authorization", f"Bearer {KEY}"),
            ("x-rungway-model", "openai/gpt-5"),
            ("x-rungway-no-log", "1"),
            ("x-forwarded-for", "10.0.0.1"),
        ]
        answer = await post(running, CHAT, headers=headers, body=body)
        settled = await running.settled()
        statement = json.loads(running.statement.read_text())
    assert answer.headers["x-rungway-model"] == "openai/gpt-5-nano"
    assert len(settled) == 1
    assert statement["model"] == "gpt-5-nano"


@PATHS
@pytest.mark.parametrize(
    ("how", "expected"),
    [
        ("null", (502, "upstream_invalid_response")),
        ("html", (502, "upstream_invalid_response")),
        ("empty", (502, "upstream_invalid_response")),
        ("empty-object", (502, "upstream_invalid_response")),
        ("truncated", (502, "upstream_invalid_response")),
        ("no-content", (502, None)),
        ("401-echo", (502, "provider_credentials_invalid")),
        ("redirect-302", (502, "upstream_redirect_refused")),
        ("429-ra7", (429, "upstream_rate_limited")),
        ("404", (404, "provider_invalid_request")),
        ("422", (422, "provider_invalid_request")),
        ("gzip-bomb", (502, "upstream_invalid_response")),
        ("cut-rst-5", (502, "upstream_error")),
    ],
)
async def test_a_provider_that_misbehaves(
    redis: Redis, tmp_path: Path, path: str, how: str, expected: tuple[int, str | None]
) -> None:
    only = snapshot(("support", LIGHT), models=(misbehaving(how),))
    async with serving_gateway(redis, tmp_path, only) as running:
        answer = await post(running, path)
        (settled,) = await running.settled()
    status, code = told(answer, path)
    assert status == expected[0]
    assert expected[1] is None or settled.error == expected[1]
    if path == CHAT:
        assert code == settled.error
    assert SECRET.encode() not in answer.content
    assert answer.headers["x-rungway-outcome"] == settled.outcome == "failed"
    assert ("retry-after" in answer.headers) == (status == 429)


@pytest.mark.parametrize("how", ["usage-negative", "usage-huge", "usage-string", "usage-null", "usage-float"])
async def test_usage_that_cannot_be_is_never_billed(redis: Redis, tmp_path: Path, how: str) -> None:
    only = snapshot(("support", LIGHT), models=(misbehaving(how),))
    async with serving_gateway(redis, tmp_path, only) as running:
        answer = await post(running, CHAT)
        (settled,) = await running.settled()
    usage = settled.attempts[0].attempt.usage
    assert answer.status_code == 200
    assert 0 <= usage.input < 10**9
    assert 0 <= usage.output < 10**9
    assert (settled.attempts[0].cost or 0) >= 0


async def test_another_models_answer_is_on_the_record(redis: Redis, tmp_path: Path) -> None:
    only = snapshot(("support", LIGHT), models=(misbehaving("other-model"),))
    async with serving_gateway(redis, tmp_path, only) as running:
        await post(running, CHAT)
        (settled,) = await running.settled()
    line = settled.attempts[0]
    assert line.attempt.model == "openai/other-model"
    assert line.attempt.served_model not in ("", "gpt-5-nano-sim-other-model")
    assert line.price == only.models[0].prices[0]


@pytest.mark.parametrize("streaming", [False, True], ids=["whole", "streamed"])
async def test_a_caller_who_leaves_is_recorded_and_the_provider_let_go(
    redis: Redis, tmp_path: Path, *, streaming: bool
) -> None:
    slow = "stall-after-5" if streaming else "hang-headers"
    only = snapshot(("support", LIGHT), models=(misbehaving(slow),))
    async with serving_gateway(redis, tmp_path, only) as running:
        async with httpx.AsyncClient(timeout=60) as client:
            leaving = asyncio.create_task(
                client.post(
                    running.router("support") + CHAT,
                    json=BODY
                    | {"stream": streaming, "messages": [{"role": "user", "content": "Tell me a story"}]},
                    headers={"authorization": f"Bearer {KEY}"},
                )
            )
            await asyncio.sleep(0.6)  # longer than the gateway waits before it watches for leaving callers
            leaving.cancel()
        (settled,) = await running.settled()
    assert (settled.outcome, settled.error, settled.status) == ("failed", "client_cancelled", 499)
    assert settled.attempts[0].attempt.outcome.value == "cancelled"
    assert settled.attempts[0].attempt.usage.input > 0


async def raw(
    served: Served, method: str, target: str, headers: dict[str, str], content: bytes
) -> httpx.Response:
    """By hand, for what an HTTP client would not send."""
    host, _, port = served.url.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    lines = [
        f"{method} {target} HTTP/1.1",
        f"host: {host}",
        f"authorization: Bearer {KEY}",
        "connection: close",
    ]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    if "content-length" not in headers:
        lines.append(f"content-length: {len(content)}")
    writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + content)
    async with asyncio.timeout(5):
        received = await reader.read()
    writer.close()
    head, _, body = received.partition(b"\r\n\r\n")
    status, *fields = head.decode().split("\r\n")
    pairs = [field.split(": ", 1) for field in fields]
    return httpx.Response(int(status.split()[1]), headers=[(n, v) for n, v in pairs], content=body)
