"""A request that uses everything, with each thing in it replaced by each kind of nonsense: it is taken or refused."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from gateway.dialects import DIALECTS
from gateway.errors import InvalidRequest, UpstreamError
from tests.gateway.dialects.samples import ANTHROPIC, HEADERS, MODEL, OPENAI, OTHER, PNG, SURFACES, body

NONSENSE: list[Any] = [
    None,
    True,
    0,
    -1,
    1e300,
    "",
    "x",
    "none",
    [],
    [[]],
    ["x"],
    [{}],
    {},
    {"x": []},
    {"type": "text"},
]

DEEP = {
    "type": "object",
    "properties": {
        "a": {"type": "array", "items": {"type": "string", "format": "date"}, "minItems": 1},
        "b": {"anyOf": [{"type": "null"}, {"$ref": "#/$defs/c"}], "description": "d", "enum": ["x"]},
    },
    "required": ["a"],
    "additionalProperties": False,
    "$defs": {"c": {"type": "object", "properties": {"x": {"const": 1}}, "required": ["x"]}},
}
RICH: dict[str, dict[str, Any]] = {
    OPENAI: body(
        OPENAI,
        messages=[
            {"role": "system", "content": "s", "name": "n"},
            {
                "role": "user",
                "content": [
                    {"type": "text", "text": "x", "cache_control": {"type": "ephemeral"}},
                    {
                        "type": "image_url",
                        "image_url": {"url": f"data:image/png;base64,{PNG}", "detail": "low"},
                    },
                    {"type": "document_url", "document_url": {"url": "https://x.test"}, "document_name": "n"},
                    {"type": "file", "file": {"filename": "f", "file_data": "data:application/pdf;base64,x"}},
                ],
            },
            {
                "role": "assistant",
                "content": [
                    {"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]},
                    {"type": "text", "text": "x"},
                ],
                "refusal": "r",
                "audio": {"id": ""},
                "reasoning_content": "hm",
                "reasoning_details": [
                    {"type": "reasoning.text", "text": "hm", "signature": "s", "format": ""}
                ],
                "tool_calls": [{"id": "a", "type": "function", "function": {"name": "f", "arguments": "{}"}}],
            },
            {"role": "tool", "tool_call_id": "a", "content": [{"type": "text", "text": "x"}]},
            {"role": "assistant", "content": [{"type": "refusal", "refusal": "no"}]},
        ],
        tools=[
            {
                "type": "function",
                "function": {"name": "f", "description": "d", "parameters": DEEP, "strict": True},
            }
        ],
        tool_choice={"type": "function", "function": {"name": "f"}},
        response_format={"type": "json_schema", "json_schema": {"name": "n", "schema": DEEP, "strict": True}},
        stream=True,
        stream_options={"include_usage": True},
        stop=["x"],
        metadata={"k": "v"},
        logit_bias={"1": 1},
        user="u",
        modalities=["text"],
        audio=None,
        functions=None,
        function_call=None,
        prediction={"type": "content", "content": "x"},
        reasoning_effort="low",
        temperature=0.5,
        n=1,
        max_tokens=5_000,
    ),
    ANTHROPIC: body(
        ANTHROPIC,
        system=[{"type": "text", "text": "s", "cache_control": {"type": "ephemeral", "ttl": "1h"}}],
        messages=[
            {
                "role": "user",
                "content": [
                    {"type": "text", "text": "x"},
                    {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PNG}},
                    {
                        "type": "document",
                        "source": {"type": "text", "media_type": "text/plain", "data": "x"},
                        "title": "t",
                    },
                    {
                        "type": "document",
                        "source": {"type": "base64", "media_type": "application/pdf", "data": "x"},
                    },
                ],
            },
            {
                "role": "assistant",
                "content": [
                    {"type": "thinking", "thinking": "hm", "signature": "s"},
                    {"type": "redacted_thinking", "data": "x"},
                    {"type": "tool_use", "id": "a", "name": "f", "input": {"x": 1}},
                ],
            },
            {
                "role": "user",
                "content": [
                    {
                        "type": "tool_result",
                        "tool_use_id": "a",
                        "is_error": True,
                        "content": [
                            {"type": "text", "text": "x"},
                            {"type": "image", "source": {"type": "url", "url": "https://x.test"}},
                        ],
                    }
                ],
            },
        ],
        tools=[{"type": "custom", "name": "f", "description": "d", "input_schema": DEEP, "strict": True}],
        tool_choice={"type": "tool", "name": "f", "disable_parallel_tool_use": True},
        output_config={"effort": "low", "format": {"type": "json_schema", "schema": DEEP}},
        thinking={"type": "enabled", "budget_tokens": 2_000},
        metadata={"user_id": "u"},
        stop_sequences=["x"],
        stream=True,
        temperature=0.5,
        top_k=5,
        max_tokens=5_000,
        container=None,
        mcp_servers=None,
    ),
}


def places(value: Any) -> list[tuple[Any, ...]]:
    """The way to everything there is in a value."""
    keys: list[Any] = (
        list(value) if isinstance(value, dict) else list(range(len(value))) if isinstance(value, list) else []
    )
    return [(key, *way) for key in keys for way in [(), *places(value[key])]]


def changed(request: dict[str, Any], way: tuple[Any, ...], value: Any) -> dict[str, Any]:
    request = copy.deepcopy(request)
    inner: Any = request
    for key in way[:-1]:
        inner = inner[key]
    if value is ...:
        del inner[way[-1]]
    else:
        inner[way[-1]] = value
    return request


def exercise(surface: str, request: dict[str, Any]) -> bool:
    """All that the gateway would do with it; whether it was taken and could be translated."""
    dialect = DIALECTS[surface]
    try:
        taken = dialect.parse_request(json.dumps(request).encode(), HEADERS)
        dialect.prompt_of(taken)
        dialect.pass_through(taken, MODEL)
        dialect.stream_writer(taken, now=1)
        DIALECTS[OTHER[surface]].translate(dialect.conversation_of(taken), MODEL)
    except InvalidRequest as error:
        rendered = dialect.render_error(error, "req_1")
        assert (rendered.status, len(rendered.body) <= 2_048) == (400, True)
        return False
    return True


@pytest.mark.parametrize("surface", SURFACES)
def test_the_request_that_uses_everything_is_right(surface: str) -> None:
    assert exercise(surface, RICH[surface])


@pytest.mark.parametrize("surface", SURFACES)
def test_nonsense_anywhere_is_taken_or_refused(surface: str) -> None:
    outcomes = [
        exercise(surface, changed(RICH[surface], way, value))
        for way in places(RICH[surface])
        for value in [..., *NONSENSE]
    ]
    assert len(outcomes) > 1_500
    assert 0.1 < sum(outcomes) / len(outcomes) < 0.9


ANSWERS: dict[str, dict[str, Any]] = {
    OPENAI: {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": "m",
        "choices": [
            {
                "index": 0,
                "finish_reason": "stop",
                "logprobs": {"content": [{"token": "x", "logprob": -0.5}]},
                "message": {
                    "role": "assistant",
                    "content": "x",
                    "refusal": "r",
                    "reasoning": "hm",
                    "reasoning_details": [{"type": "reasoning.text", "text": "hm", "signature": "s"}],
                    "audio": {"transcript": "x"},
                    "function_call": {"name": "f", "arguments": "{}"},
                    "tool_calls": [
                        {"id": "a", "type": "function", "function": {"name": "f", "arguments": "{}"}}
                    ],
                },
            }
        ],
        "usage": {
            "prompt_tokens": 9,
            "completion_tokens": 4,
            "total_tokens": 13,
            "prompt_tokens_details": {"cached_tokens": 1, "audio_tokens": 1},
            "completion_tokens_details": {"reasoning_tokens": 1},
        },
    },
    ANTHROPIC: {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "m",
        "content": [
            {"type": "text", "text": "x"},
            {"type": "thinking", "thinking": "hm", "signature": "s"},
            {"type": "redacted_thinking", "data": "x"},
            {"type": "tool_use", "id": "a", "name": "f", "input": {"x": 1}},
        ],
        "stop_reason": "tool_use",
        "stop_sequence": None,
        "usage": {
            "input_tokens": 9,
            "output_tokens": 4,
            "cache_read_input_tokens": 1,
            "cache_creation_input_tokens": 2,
            "cache_creation": {"ephemeral_5m_input_tokens": 1, "ephemeral_1h_input_tokens": 1},
        },
    },
}


@pytest.mark.parametrize("protocol", SURFACES)
def test_nonsense_in_an_answer_is_read_or_refused(protocol: str) -> None:
    for way in places(ANSWERS[protocol]):
        for value in [..., *NONSENSE]:
            raw = json.dumps(changed(ANSWERS[protocol], way, value)).encode()
            try:
                reply = DIALECTS[protocol].parse_reply(raw)
            except UpstreamError:
                continue
            assert reply.usage.prompt >= 0 <= reply.usage.completion
            for surface in SURFACES:
                asked = DIALECTS[surface].parse_request(json.dumps(body(surface)).encode(), HEADERS)
                DIALECTS[surface].parse_reply(DIALECTS[surface].render_reply(reply, asked, now=1))
