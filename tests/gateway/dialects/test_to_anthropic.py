"""A chat completion's request, said to a provider of Messages: what each field becomes, what cannot be said."""

from __future__ import annotations

import json
from typing import Any

import pytest
from msgspec.structs import replace

from gateway.core.facts import Need
from gateway.dialects import DIALECTS
from gateway.errors import Untranslatable
from tests.gateway.dialects.samples import (
    ANTHROPIC,
    CALLED,
    MODEL,
    OPENAI,
    OWN_TOOL,
    PNG,
    RESULTS,
    SCHEMA,
    USED,
    USER,
    dropped,
    parse,
    sent,
    tool,
)


def to_anthropic(**changes: Any) -> dict[str, Any]:
    return sent(ANTHROPIC, parse(OPENAI, **changes))


@pytest.mark.parametrize(
    ("said", "becomes"),
    [
        ({}, {"max_tokens": 4_096, "model": "some-model"}),
        ({"max_tokens": 5}, {"max_tokens": 5}),
        ({"max_completion_tokens": 5}, {"max_tokens": 5}),
        ({"temperature": 0.5}, {"temperature": 0.5}),
        ({"top_p": 0.5}, {"top_p": 0.5}),
        ({"stop": "x"}, {"stop_sequences": ["x"]}),
        ({"stop": ["x", "y"]}, {"stop_sequences": ["x", "y"]}),
        ({"stream": True}, {"stream": True}),
        ({"user": "u"}, {"metadata": {"user_id": "u"}}),
        ({"safety_identifier": "u"}, {"metadata": {"user_id": "u"}}),
        ({"tools": [tool()]}, {"tools": [OWN_TOOL]}),
        (
            {"tools": [{"type": "function", "function": {"name": "f"}}]},
            {"tools": [{"name": "f", "input_schema": {"type": "object", "properties": {}}}]},
        ),
        ({"tools": [tool(strict=True)]}, {"tools": [OWN_TOOL | {"strict": True}]}),
        ({"tools": [tool()], "tool_choice": "auto"}, {"tool_choice": {"type": "auto"}}),
        ({"tools": [tool()], "tool_choice": "none"}, {"tool_choice": {"type": "none"}}),
        ({"tools": [tool()], "tool_choice": "required"}, {"tool_choice": {"type": "any"}}),
        (
            {"tools": [tool()], "tool_choice": {"type": "function", "function": {"name": "f"}}},
            {"tool_choice": {"type": "tool", "name": "f"}},
        ),
        (
            {"tools": [tool()], "parallel_tool_calls": False},
            {"tool_choice": {"type": "auto", "disable_parallel_tool_use": True}},
        ),
        (
            {"response_format": {"type": "json_schema", "json_schema": {"name": "x", "schema": SCHEMA}}},
            {"output_config": {"format": {"type": "json_schema", "schema": SCHEMA}}},
        ),
        (
            {"reasoning_effort": "low", "max_tokens": 9_000},
            {"thinking": {"type": "enabled", "budget_tokens": 2_048}},
        ),
        (
            {"reasoning_effort": "high", "max_tokens": 9_000},
            {"thinking": {"type": "enabled", "budget_tokens": 7_976}},
        ),
        (
            {"messages": [{"role": "system", "content": "s"}, USER]},
            {"system": [{"type": "text", "text": "s"}]},
        ),
        (
            {"messages": [{"role": "developer", "content": "s"}, USER]},
            {"system": [{"type": "text", "text": "s"}]},
        ),
        (
            {"messages": [{"role": "system", "content": "s"}]},
            {"messages": [{"role": "user", "content": [{"type": "text", "text": "s"}]}]},
        ),
    ],
)
def test_fields_of_chat_completions(said: dict[str, Any], becomes: dict[str, Any]) -> None:
    told = to_anthropic(**said)
    assert told | becomes == told
    assert dropped(OPENAI, **said) == ()


def test_any_json_is_asked_for_in_words() -> None:
    wanted = {"response_format": {"type": "json_object"}}
    assert "JSON" in to_anthropic(**wanted)["system"][0]["text"]
    assert dropped(OPENAI, **wanted) == ("response_format",)


def test_the_models_own_limit_is_the_default() -> None:
    request = parse(OPENAI)
    assert sent(ANTHROPIC, request, replace(MODEL, max_output=64_000))["max_tokens"] == 64_000


def test_content_of_every_kind() -> None:
    content = [
        {"type": "text", "text": "look", "cache_control": {"type": "ephemeral", "ttl": "1h"}},
        {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PNG}", "detail": "low"}},
        {"type": "image_url", "image_url": {"url": "https://x.test/y.png"}},
        {"type": "file", "file": {"filename": "a.pdf", "file_data": "data:application/pdf;base64,JVBE"}},
    ]
    (message,) = to_anthropic(messages=[{"role": "user", "content": content}])["messages"]
    assert message == {
        "role": "user",
        "content": [
            {"type": "text", "text": "look", "cache_control": {"type": "ephemeral", "ttl": "1h"}},
            {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PNG}},
            {"type": "image", "source": {"type": "url", "url": "https://x.test/y.png"}},
            {
                "type": "document",
                "source": {"type": "base64", "media_type": "application/pdf", "data": "JVBE"},
                "title": "a.pdf",
            },
        ],
    }


def test_tools_in_use() -> None:
    messages: list[Any] = [USER, CALLED, *RESULTS, {"role": "user", "content": "And now?"}]
    assert to_anthropic(messages=messages, tools=[tool()])["messages"] == USED


def test_neighbours_of_a_role_are_one_turn_and_silence_is_none() -> None:
    messages = [USER, USER, {"role": "assistant", "content": ""}, {"role": "user", "content": "?"}]
    (turn,) = to_anthropic(messages=messages)["messages"]
    assert [block["text"] for block in turn["content"]] == ["Hi", "Hi", "?"]


def test_instructions_are_gathered_in_order() -> None:
    messages = [{"role": "system", "content": "a"}, USER, {"role": "developer", "content": "b"}]
    told = to_anthropic(messages=messages)
    assert [block["text"] for block in told["system"]] == ["a", "b"]
    assert len(told["messages"]) == 1


def test_thoughts_come_back_with_their_signature_or_not_at_all() -> None:
    signed = {"type": "reasoning.text", "text": "hm", "signature": "sig", "format": "anthropic-claude-v1"}
    encrypted = {"type": "reasoning.encrypted", "data": "x", "format": "anthropic-claude-v1"}
    foreign = {"type": "reasoning.encrypted", "data": "y", "format": "openai-responses-v1"}
    answer = {"role": "assistant", "content": "Yes", "reasoning_details": [signed, encrypted, foreign]}
    told = to_anthropic(messages=[USER, answer, USER])["messages"][1]["content"]
    assert told == [
        {"type": "thinking", "thinking": "hm", "signature": "sig"},
        {"type": "redacted_thinking", "data": "x"},
        {"type": "text", "text": "Yes"},
    ]
    unsigned = {"role": "assistant", "content": "Yes", "reasoning_content": "hm"}
    messages = [USER, unsigned, USER]
    assert to_anthropic(messages=messages)["messages"][1]["content"] == told[2:]
    assert dropped(OPENAI, messages=messages) == ("messages[].reasoning_content",)


@pytest.mark.parametrize(
    ("said", "lost"),
    [
        ({"seed": 1}, "seed"),
        ({"frequency_penalty": 1.0}, "frequency_penalty"),
        ({"presence_penalty": 1.0}, "presence_penalty"),
        ({"logprobs": True}, "logprobs"),
        ({"logit_bias": {"1": 1}}, "logit_bias"),
        ({"temperature": 1.5}, "temperature"),
        ({"temperature": 0.5, "top_p": 0.5}, "top_p"),
        ({"stop": ["\n"]}, "stop"),
        ({"service_tier": "flex"}, "service_tier"),
        ({"store": True}, "store"),
        ({"metadata": {"x": "y"}}, "metadata"),
        ({"verbosity": "low"}, "verbosity"),
        ({"from_the_future": 1}, "from_the_future"),
        ({"reasoning_effort": "high", "max_tokens": 1_500}, "reasoning_effort"),
        (
            {"reasoning_effort": "high", "max_tokens": 9_000, "tools": [tool()], "tool_choice": "required"},
            "reasoning_effort",
        ),
        ({"reasoning_effort": "high", "max_tokens": 9_000, "temperature": 0.5}, "temperature"),
    ],
)
def test_what_is_lost_is_told(said: dict[str, Any], lost: str) -> None:
    assert dropped(OPENAI, **said) == (lost,)
    assert lost not in to_anthropic(**said)


@pytest.mark.parametrize(
    ("said", "place"),
    [
        ({"n": 2}, "n"),
        ({"functions": [{"name": "f"}]}, "functions"),
        ({"web_search_options": {"search_context_size": "low"}}, "web_search_options"),
        ({"audio": {"voice": "x"}, "modalities": ["audio"]}, "audio"),
        ({"tools": [{"type": "custom", "custom": {"name": "f"}}]}, "tools[0].type"),
        ({"tools": [{"type": "vendor:search"}]}, "tools[0].type"),
        ({"messages": [{"role": "assistant", "content": "Hi"}, USER]}, "messages[0].role"),
        ({"messages": [{"role": "user", "content": ""}]}, "messages"),
        ({"messages": [USER, {"role": "function", "name": "f", "content": "x"}]}, "messages[1].role"),
        ({"messages": [USER, {"role": "assistant", "audio": {"id": "x"}}]}, "messages"),
        (
            {"messages": [{"role": "user", "content": [{"type": "file", "file": {"file_id": "x"}}]}]},
            "messages[0].content[0].file.file_id",
        ),
        (
            {"messages": [{"role": "user", "content": [{"type": "video_url", "video_url": {"url": "x"}}]}]},
            "messages[0].content[0].type",
        ),
        (
            {
                "messages": [
                    {
                        "role": "user",
                        "content": [{"type": "input_audio", "input_audio": {"data": "x", "format": "wav"}}],
                    }
                ]
            },
            "messages[0].content",
        ),
        (
            {
                "messages": [
                    USER,
                    {
                        "role": "assistant",
                        "tool_calls": [{"id": "a", "function": {"name": "f", "arguments": "{"}}],
                    },
                ]
            },
            "messages[1].content",
        ),
        (
            {
                "response_format": {
                    "type": "json_schema",
                    "json_schema": {"name": "x", "schema": {"type": "object"}},
                }
            },
            "response_format",
        ),
    ],
)
def test_what_cannot_be_said_is_refused_with_its_place(said: dict[str, Any], place: str) -> None:
    with pytest.raises(Untranslatable) as caught:
        to_anthropic(**said)
    assert caught.value.param == place


@pytest.mark.parametrize(
    ("name", "effort", "thinking", "word"),
    [
        ("claude-haiku-4-5", "medium", {"type": "enabled", "budget_tokens": 8_192}, None),
        ("claude-sonnet-4-5-20250929", "medium", {"type": "enabled", "budget_tokens": 8_192}, None),
        ("claude-sonnet-4-20250514", "low", {"type": "enabled", "budget_tokens": 2_048}, None),
        ("claude-opus-4-6", "low", {"type": "adaptive"}, "low"),
        ("claude-opus-5", "xhigh", {"type": "adaptive"}, "high"),
        ("claude-sonnet-4-6", "none", None, None),
        ("claude-sonnet-4-6", "minimal", None, None),
    ],
)
def test_effort_is_said_as_the_model_understands_it(
    name: str, effort: str, thinking: dict[str, Any] | None, word: str | None
) -> None:
    model = replace(MODEL, upstream_model=name, max_output=64_000)
    told = sent(ANTHROPIC, parse(OPENAI, reasoning_effort=effort), model)
    assert told.get("thinking") == thinking
    assert told.get("output_config", {}).get("effort") == word


def test_a_model_that_does_not_think_is_not_asked_to() -> None:
    plain = replace(MODEL, can=frozenset({Need.TOOLS}))
    assert "thinking" not in sent(ANTHROPIC, parse(OPENAI, reasoning_effort="high", max_tokens=9_000), plain)
    thinking = {"type": "enabled", "budget_tokens": 2_000}
    assert "reasoning_effort" not in sent(
        OPENAI, parse(ANTHROPIC, thinking=thinking, max_tokens=9_000), plain
    )


def test_thinking_does_not_begin_while_a_tool_is_in_use() -> None:
    told = to_anthropic(
        messages=[USER, CALLED, *RESULTS], tools=[tool()], reasoning_effort="high", max_tokens=9_000
    )
    assert "thinking" not in told


def test_schemas_are_cut_to_what_the_protocol_takes() -> None:
    schema = {
        "type": "object",
        "properties": {
            "age": {"type": "integer", "minimum": 0, "description": "years"},
            "tags": {"type": "array", "items": {"type": "string", "maxLength": 5}, "minItems": 2},
            "when": {"type": "string", "format": "date"},
            "code": {"type": "string", "format": "x-code"},
            "kind": {"enum": ["a", "b"], "type": "string"},
            "next": {"oneOf": [{"$ref": "#/$defs/node"}, {"type": "null"}]},
        },
        "required": ["age"],
        "$defs": {"node": {"type": "object", "properties": {"x": {"type": "number"}}}},
    }
    wanted = {"type": "json_schema", "json_schema": {"name": "x", "schema": schema}}
    assert to_anthropic(response_format=wanted)["output_config"]["format"]["schema"] == {
        "type": "object",
        "properties": {
            "age": {"type": "integer", "description": "years\n\n{minimum: 0}"},
            "tags": {
                "type": "array",
                "items": {"type": "string", "description": "{maxLength: 5}"},
                "description": "{minItems: 2}",
            },
            "when": {"type": "string", "format": "date"},
            "code": {"type": "string", "description": "{format: x-code}"},
            "kind": {"enum": ["a", "b"]},
            "next": {"anyOf": [{"$ref": "#/$defs/node"}, {"type": "null"}]},
        },
        "required": ["age"],
        "additionalProperties": False,
        "$defs": {
            "node": {
                "type": "object",
                "properties": {"x": {"type": "number"}},
                "additionalProperties": False,
            }
        },
    }


@pytest.mark.parametrize(
    ("name", "asked", "effort", "budget", "dropped"),
    [
        ("claude-opus-5", {"thinkingBudget": 2_000}, "low", None, ()),
        ("claude-opus-5", {"thinkingBudget": 30_000}, "high", None, ()),
        ("claude-haiku-4-5", {"thinkingBudget": 2_000}, None, 2_000, ()),
        (
            "claude-haiku-4-5",
            {"thinkingBudget": 30_000},
            None,
            8_976,
            ("generationConfig.thinkingConfig",),
        ),
    ],
)
def test_a_budget_that_is_cut_is_reported(
    name: str, asked: dict[str, Any], effort: str | None, budget: int | None, dropped: tuple[str, ...]
) -> None:
    config = {"maxOutputTokens": 10_000, "thinkingConfig": asked}
    body = {"contents": [{"role": "user", "parts": [{"text": "Hi"}]}], "generationConfig": config}
    surface = DIALECTS["gemini"]
    conversation = surface.conversation_of(surface.parse_request(json.dumps(body).encode(), model="m"))
    made = DIALECTS[ANTHROPIC].translate(conversation, replace(MODEL, upstream_model=name))
    said = json.loads(made.body)
    assert said.get("output_config", {}).get("effort") == effort
    assert said["thinking"].get("budget_tokens") == budget
    assert made.dropped == dropped
