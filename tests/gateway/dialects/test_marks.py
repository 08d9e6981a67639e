"""Marks for caching at whatever may bear one: said where there is a word for them, else reported."""

from __future__ import annotations

import json
from typing import Any

import pytest

from gateway.core.catalogue import Model
from gateway.core.conversation import Conversation
from gateway.core.facts import Need, Tier
from gateway.dialects import DIALECTS, PROTOCOLS
from tests.gateway.dialects.samples import HEADERS, MODEL

MARK = {"cache_control": {"type": "ephemeral", "ttl": "1h"}}
IMAGE = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "iVBORw0KGgo="}}
DOCUMENT = {
    "type": "document",
    "source": {"type": "base64", "media_type": "application/pdf", "data": "JVBERg=="},
}
TOOL = {"name": "look", "input_schema": {"type": "object", "properties": {}}}
CALLED: list[dict[str, Any]] = [
    {"role": "user", "content": "Hi"},
    {"role": "assistant", "content": [{"type": "tool_use", "id": "t1", "name": "look", "input": {}}]},
]
RESULT = {"type": "tool_result", "tool_use_id": "t1", "content": "Rain"}
CLAUDE = Model(
    id="bedrock/anthropic.claude-x", provider="bedrock", tier=Tier.MID, can=frozenset(Need), max_output=99
)


def said(**fields: Any) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": "Hi"}]} | fields


def turn(block: dict[str, Any], *before: dict[str, Any]) -> dict[str, Any]:
    return said(messages=[*before, {"role": "user", "content": [block]}])


BEARERS: dict[str, dict[str, Any]] = {
    "system": said(system=[{"type": "text", "text": "Be brief."} | MARK]),
    "text": turn({"type": "text", "text": "Hi"} | MARK),
    "image": turn(IMAGE | MARK),
    "document": turn(DOCUMENT | MARK),
    "text document": turn({"type": "document", "source": {"type": "text", "data": "Rome"}} | MARK),
    "tool": said(tools=[TOOL | MARK]),
    "result": turn(RESULT | MARK, *CALLED) | {"tools": [TOOL]},
}
EACH = pytest.mark.parametrize("bearer", BEARERS)


def meant(bearer: str) -> Conversation:
    surface = DIALECTS["anthropic"]
    body = json.dumps({"model": "m", "max_tokens": 99} | BEARERS[bearer]).encode()
    return surface.conversation_of(surface.parse_request(body, HEADERS))


@EACH
@pytest.mark.parametrize("protocol", ["openai_chat", "openai_responses", "gemini", "cohere", "ollama"])
def test_where_there_is_no_word_for_it_that_is_said(bearer: str, protocol: str) -> None:
    if (bearer, protocol) in {("document", "cohere"), ("document", "ollama")}:
        return  # refused for what it is
    assert PROTOCOLS[protocol].translate(meant(bearer), MODEL).dropped == ("cache_control",)


@EACH
@pytest.mark.parametrize("protocol", ["anthropic", "vertex_anthropic", "bedrock_anthropic"])
def test_it_is_said_as_it_was(bearer: str, protocol: str) -> None:
    sent = PROTOCOLS[protocol].translate(meant(bearer), CLAUDE)
    assert sent.dropped == ()
    assert sent.body.count(json.dumps(MARK, separators=(",", ":"))[1:-1].encode()) == 1


@EACH
def test_it_may_be_a_block_of_its_own(bearer: str) -> None:
    sent = PROTOCOLS["bedrock"].translate(meant(bearer), CLAUDE)
    assert sent.dropped == ()
    assert sent.body.count(b'{"cachePoint":{"type":"default","ttl":"1h"}}') == 1


@EACH
def test_one_family_knows_no_marks_and_one_none_at_tools(bearer: str) -> None:
    other = Model(id="bedrock/qwen.q", provider="bedrock", tier=Tier.MID, can=frozenset(Need))
    assert PROTOCOLS["bedrock"].translate(meant(bearer), other).dropped == ("cache_control",)
    nova = Model(id="bedrock/amazon.nova-x", provider="bedrock", tier=Tier.MID, can=frozenset(Need))
    dropped = PROTOCOLS["bedrock"].translate(meant(bearer), nova).dropped
    assert dropped == (("cache_control",) if bearer == "tool" else ())


def test_chats_bear_them_too() -> None:
    body = {
        "model": "m",
        "messages": [
            {
                "role": "user",
                "content": [{"type": "image_url", "image_url": {"url": "https://x.test/a.png"}} | MARK],
            }
        ],
        "tools": [{"type": "function", "function": {"name": "look", "parameters": {}}} | MARK],
    }
    surface = DIALECTS["openai_chat"]
    conversation = surface.conversation_of(surface.parse_request(json.dumps(body).encode(), HEADERS))
    assert PROTOCOLS["anthropic"].translate(conversation, CLAUDE).body.count(b"cache_control") == 2
