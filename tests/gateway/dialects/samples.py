"""What the tests of the dialects share: a model, requests that are right, recorded exchanges."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from msgspec import Struct

from gateway.core.catalogue import Model
from gateway.core.conversation import ChatRequest
from gateway.core.facts import Need, Tier
from gateway.dialects import DIALECTS
from gateway.errors import InvalidRequest

DATA = Path(__file__).parents[1] / "data"

OPENAI, ANTHROPIC = "openai_chat", "anthropic"
SURFACES = (OPENAI, ANTHROPIC)
OTHER = {OPENAI: ANTHROPIC, ANTHROPIC: OPENAI}
FILES = {OPENAI: "openai.chat", ANTHROPIC: "anthropic.messages"}

HEADERS = {b"anthropic-version": b"2023-06-01"}
MODEL = Model(id="p/some-model", provider="p", tier=Tier.MID, can=frozenset(Need))


class Exchange(Struct, frozen=True):
    id: str
    dialect: str
    request: dict[str, Any]
    status: int
    kind: str
    response: Any

    @property
    def body(self) -> bytes:
        return json.dumps(self.request).encode()

    @property
    def answer(self) -> bytes:
        return self.response.encode() if self.kind == "text" else json.dumps(self.response).encode()


@cache
def recorded(dialect: str) -> tuple[Exchange, ...]:
    with gzip.open(DATA / f"{FILES[dialect]}.jsonl.gz", "rt", encoding="utf-8") as lines:
        return tuple(_exchange(dialect, json.loads(line)) for line in lines)


def answers(dialect: str) -> Iterator[Exchange]:
    return (row for row in recorded(dialect) if row.status == 200 and row.kind == "json")


def streams(dialect: str) -> Iterator[Exchange]:
    return (row for row in recorded(dialect) if row.status == 200 and row.kind == "text")


def _exchange(dialect: str, row: dict[str, Any]) -> Exchange:
    return Exchange(row["id"], dialect, row["request"], row["status"], row["response_kind"], row["response"])


def body(dialect: str, **changes: Any) -> dict[str, Any]:
    """A right request; a change to `...` takes a field out."""
    request: dict[str, Any] = {"model": "some-model", "messages": [{"role": "user", "content": "Hi"}]}
    if dialect == ANTHROPIC:
        request["max_tokens"] = 100
    request |= changes
    return {field: value for field, value in request.items() if value is not ...}


def parse(dialect: str, request: dict[str, Any] | bytes | None = None, **changes: Any) -> ChatRequest:
    raw = request if isinstance(request, bytes) else json.dumps(request or body(dialect, **changes)).encode()
    return DIALECTS[dialect].parse_request(raw, HEADERS)


def refused(surface: str, request: dict[str, Any] | bytes) -> InvalidRequest:
    raw = request if isinstance(request, bytes) else json.dumps(request).encode()
    with pytest.raises(InvalidRequest) as caught:
        DIALECTS[surface].parse_request(raw, HEADERS)
    rendered = DIALECTS[surface].render_error(caught.value, "req_1")
    assert rendered.status == 400
    assert len(rendered.body) <= 2_048
    return caught.value


def sent(dialect: str, request: ChatRequest, model: Model = MODEL, **how: Any) -> dict[str, Any]:
    """What a provider of that dialect is sent for the request, whichever surface it came on."""
    protocol = DIALECTS[dialect]
    if request.surface == dialect:
        outgoing = protocol.pass_through(request, model, **how)
    else:
        outgoing = protocol.translate(DIALECTS[request.surface].conversation_of(request), model, **how)
    decoded: dict[str, Any] = json.loads(outgoing.body)
    return decoded


def events(stream: bytes) -> list[Any]:
    """An independent reading: the JSON of each event, in the simplest way there is."""
    found = []
    for block in stream.replace(b"\r\n", b"\n").split(b"\n\n"):
        data = [line[5:].strip() for line in block.split(b"\n") if line.startswith(b"data:")]
        if data and data != [b"[DONE]"]:
            found.append(json.loads(b"\n".join(data)))
    return found


# A conversation in which a tool is used, in both dialects

USER: dict[str, Any] = {"role": "user", "content": "Hi"}
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {"city": {"type": "string"}},
    "required": ["city"],
    "additionalProperties": False,
}
PNG = "iVBORw0KGgo="


def tool(name: str = "f", **more: Any) -> dict[str, Any]:
    return {"type": "function", "function": {"name": name, "description": "d", "parameters": SCHEMA} | more}


OWN_TOOL = {"name": "f", "description": "d", "input_schema": SCHEMA}

CALLED: dict[str, Any] = {
    "role": "assistant",
    "content": "Let me see.",
    "tool_calls": [
        {"id": "a", "type": "function", "function": {"name": "f", "arguments": '{"city":"Paris"}'}},
        {"id": "b", "type": "function", "function": {"name": "f", "arguments": "{}"}},
    ],
}
RESULTS: list[dict[str, Any]] = [
    {"role": "tool", "tool_call_id": "a", "content": "sunny"},
    {"role": "tool", "tool_call_id": "b", "content": [{"type": "text", "text": "rain"}]},
]
USED: list[dict[str, Any]] = [
    {"role": "user", "content": [{"type": "text", "text": "Hi"}]},
    {
        "role": "assistant",
        "content": [
            {"type": "text", "text": "Let me see."},
            {"type": "tool_use", "id": "a", "name": "f", "input": {"city": "Paris"}},
            {"type": "tool_use", "id": "b", "name": "f", "input": {}},
        ],
    },
    {
        "role": "user",
        "content": [
            {"type": "tool_result", "tool_use_id": "a", "content": [{"type": "text", "text": "sunny"}]},
            {"type": "tool_result", "tool_use_id": "b", "content": [{"type": "text", "text": "rain"}]},
            {"type": "text", "text": "And now?"},
        ],
    },
]


def dropped(surface: str, **changes: Any) -> tuple[str, ...]:
    protocol = DIALECTS[ANTHROPIC if surface == OPENAI else OPENAI]
    return protocol.translate(DIALECTS[surface].conversation_of(parse(surface, **changes)), MODEL).dropped
