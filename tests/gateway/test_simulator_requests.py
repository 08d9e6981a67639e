"""Whatever is sent to the simulated providers, they answer as providers do."""

from __future__ import annotations

import asyncio
import json
from math import inf
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.simulator import Simulator
from gateway.simulator.exchange import Message

CHAT, MESSAGES = "/openai/v1/chat/completions", "/anthropic/v1/messages"
HEADERS = [(b"authorization", b"Bearer k"), (b"x-api-key", b"k"), (b"anthropic-version", b"2023-06-01")]
HELLO = [{"role": "user", "content": "Hello"}]


def call(path: str, body: object, method: str = "POST") -> tuple[int, bytes]:
    """In memory, without a server."""
    encoded = body if isinstance(body, bytes) else json.dumps(body).encode()
    incoming: list[Message] = [{"type": "http.request", "body": encoded}]
    sent: list[Message] = []

    async def receive() -> Message:
        if incoming:
            return incoming.pop()
        return await asyncio.get_running_loop().create_future()  # type: ignore[no-any-return]

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": HEADERS,
    }
    asyncio.run(Simulator(speed=inf)(scope, receive, send))
    return sent[0]["status"], b"".join(message.get("body", b"") for message in sent[1:])


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 300) | st.floats(allow_nan=False) | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
roles = st.sampled_from(["system", "developer", "user", "assistant", "tool", "function", "nobody"])
parts = st.sampled_from(
    [
        {"type": "text", "text": "Hi"},
        {"type": "image_url", "image_url": {"url": "https://x.test/a.png"}},
        {"type": "input_audio", "input_audio": {"data": "AAAA", "format": "wav"}},
        {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AAAA"}},
        {"type": "tool_result", "tool_use_id": "t", "content": "sunny"},
        {"type": "tool_result", "tool_use_id": "t"},
        {"type": "tool_use", "id": "t", "name": "get_weather", "input": {}},
        {"type": "thinking", "thinking": "Hm", "signature": "s"},
        {"type": "document", "source": {"type": "text", "data": "x"}},
        {},
    ]
)
messages = st.fixed_dictionaries(
    {"role": roles, "content": st.none() | st.text(max_size=30) | st.lists(parts, max_size=3) | json_values}
)
schemas = st.sampled_from(
    [
        {},
        {"type": "object", "properties": {"city": {"type": "string"}}},
        {"type": "object", "properties": []},
        {"enum": []},
        {"anyOf": []},
        {"anyOf": 5},
        {"$ref": "#/$defs/none"},
        {"$ref": 7},
        {"type": "array", "items": {"$ref": "#"}, "minItems": 2},
        {"type": "object", "properties": {"a": {"$ref": "#"}, "b": {"$ref": "#"}}, "required": ["a", "b"]},
        {"type": "integer", "minimum": "low"},
        {"type": "string", "minLength": "long"},
        {"type": 5},
    ]
)
extras = st.fixed_dictionaries(
    {},
    optional={
        "stream": st.booleans() | json_values,
        "n": st.integers(-1, 4) | json_values,
        "max_tokens": st.integers(-1, 50) | json_values,
        "stop": st.text(max_size=3) | st.lists(st.text(max_size=3), max_size=3) | json_values,
        "logprobs": st.booleans(),
        "top_logprobs": st.integers(-1, 30),
        "tools": st.lists(
            schemas.map(lambda one: {"type": "function", "function": {"name": "hello", "parameters": one}})
            | schemas.map(lambda one: {"name": "hello", "input_schema": one})
            | json_values,
            max_size=2,
        ),
        "tool_choice": st.sampled_from(
            ["auto", "required", "none", {"type": "any"}, {"type": "tool", "name": "hello"}]
        )
        | json_values,
        "response_format": schemas.map(
            lambda one: {"type": "json_schema", "json_schema": {"name": "x", "schema": one}}
        )
        | st.just({"type": "json_object"})
        | json_values,
        "system": st.text(max_size=9) | st.lists(parts, max_size=2) | json_values,
        "thinking": st.sampled_from([{"type": "enabled", "budget_tokens": 1024}, {"type": "adaptive"}])
        | json_values,
    },
)
bodies = st.builds(
    lambda model, said, more: {"model": model, "messages": said, "max_tokens": 20, **more},
    st.sampled_from(["gpt-5", "claude-haiku-4-5"]) | json_values,
    st.just(HELLO) | st.lists(messages, max_size=3) | json_values,
    extras,
)


@settings(max_examples=300, deadline=None)
@given(path=st.sampled_from([CHAT, MESSAGES, f"{MESSAGES}/count_tokens"]), body=bodies)
def test_any_request_is_answered_or_refused(path: str, body: dict[str, Any]) -> None:
    status, answer = call(path, body)
    assert status in {200, 400}, answer
    if status == 400:
        error = json.loads(answer)["error"]
        assert error["type"] == "invalid_request_error"
        assert error["message"]


@settings(max_examples=100, deadline=None)
@given(path=st.sampled_from([CHAT, MESSAGES]), body=st.binary(max_size=60) | json_values)
def test_any_bytes_are_refused(path: str, body: object) -> None:
    assert call(path, body)[0] == 400


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"messages": HELLO}, "model"),
        ({"model": "m", "messages": "x"}, "messages"),
        ({"model": "m", "messages": []}, "messages"),
        ({"model": "m", "messages": [{"role": "nobody", "content": "x"}]}, "messages[0].role"),
        ({"model": "m", "messages": HELLO, "n": 0}, "n"),
        ({"model": "m", "messages": HELLO, "n": 129}, "n"),
        ({"model": "m", "messages": HELLO, "max_tokens": 0}, "max_tokens"),
        ({"model": "m", "messages": HELLO, "tool_choice": "required"}, "tool_choice"),
    ],
)
def test_the_place_of_a_mistake_is_named(body: dict[str, Any], param: str) -> None:
    status, answer = call(CHAT, body)
    assert (status, json.loads(answer)["error"]["param"]) == (400, param)


def test_paths_that_are_not_there() -> None:
    assert call("/v1/chat/completions", b"{}")[0] == 404
    assert call(CHAT, b"", "GET")[0] == 404
    assert call("/healthz", b"", "GET")[0] == 200
