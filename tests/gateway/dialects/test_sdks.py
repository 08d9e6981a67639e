"""The official SDKs' own types accept what we write for callers: real answers of the other dialect's vendors."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from anthropic.types import Message, ModelInfo, RawMessageStreamEvent
from openai.types import Model as OpenAIModel
from openai.types.chat import ChatCompletion, ChatCompletionChunk
from pydantic import BaseModel, ConfigDict, TypeAdapter

from gateway.core.conversation import ChatRequest
from gateway.core.price import Price
from gateway.dialects import DIALECTS
from gateway.dialects.models import LISTS
from tests.gateway.dialects.samples import ANTHROPIC, MODEL, OPENAI, answers, events, parse, streams

ASKED: dict[str, Any] = {"thinking": {"type": "enabled", "budget_tokens": 1_024}, "max_tokens": 2_000}


@pytest.mark.parametrize("asked", [{}, ASKED], ids=["plain", "thinking"])
def test_messages(asked: dict[str, Any]) -> None:
    request = parse(ANTHROPIC, **asked)
    for row in answers(OPENAI):
        reply = DIALECTS[OPENAI].parse_reply(row.answer)
        written = DIALECTS[ANTHROPIC].render_reply(reply, request, now=1)
        read = Message.model_validate_json(written, strict=True)
        assert_nothing_left_over(read)
        assert "".join(block.text for block in read.content if block.type == "text") == reply.text


def test_chat_completions() -> None:
    for row in answers(ANTHROPIC):
        reply = DIALECTS[ANTHROPIC].parse_reply(row.answer)
        written = DIALECTS[OPENAI].render_reply(reply, parse(OPENAI), now=1)
        read = ChatCompletion.model_validate_json(written, strict=True)
        extra = {"reasoning_content", "reasoning_details"}
        assert set(read.choices[0].message.model_extra or ()) <= extra
        assert read.choices[0].message.content or reply.text == ""


def test_streams_of_messages() -> None:
    kind: TypeAdapter[RawMessageStreamEvent] = TypeAdapter(RawMessageStreamEvent)
    request = parse(ANTHROPIC, stream=True, **ASKED)
    for body in written(OPENAI, ANTHROPIC, request):
        event = kind.validate_json(body, strict=True)
        assert not event.model_extra


def test_streams_of_chat_completions() -> None:
    request = parse(OPENAI, stream=True, stream_options={"include_usage": True})
    for body in written(ANTHROPIC, OPENAI, request):
        ChatCompletionChunk.model_validate_json(body, strict=True)


def test_models() -> None:
    model = MODEL.__class__(
        id="p/m", provider="p", tier=MODEL.tier, prices=(Price(since=date(2025, 8, 7), input=1, output=2),)
    )
    told = json.loads(LISTS[OPENAI].all([model, MODEL], b""))
    read = [OpenAIModel.model_validate(row, strict=True) for row in told["data"]]
    assert [(row.id, row.owned_by, row.created) for row in read] == [
        ("p/m", "p", 1_754_524_800),
        (MODEL.id, "p", 0),
    ]
    told = json.loads(LISTS[ANTHROPIC].all([model, MODEL], b""))
    assert (told["first_id"], told["last_id"], told["has_more"]) == ("p/m", MODEL.id, False)
    assert ModelInfo.model_validate(told["data"][0]).created_at.year == 2025
    assert json.loads(LISTS[ANTHROPIC].all([], b""))["data"] == []


def written(protocol: str, surface: str, request: ChatRequest) -> Iterator[bytes]:
    """Every event's JSON, of every recorded stream, in the other dialect."""
    for row in streams(protocol):
        reader = DIALECTS[protocol].stream_reader()
        deltas = reader.feed(row.answer) + reader.end()
        writer = DIALECTS[surface].stream_writer(request, now=1)
        stream = b"".join(map(writer.write, deltas)) + writer.close()
        yield from (json.dumps(event).encode() for event in events(stream))


def assert_nothing_left_over(model: BaseModel) -> None:
    """No field that the SDK does not know."""
    assert model.model_config.get("extra") == ConfigDict(extra="allow")["extra"]
    assert not model.model_extra
    for value in model.__dict__.values():
        for inner in value if isinstance(value, list) else [value]:
            if isinstance(inner, BaseModel):
                assert_nothing_left_over(inner)
