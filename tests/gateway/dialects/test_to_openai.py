"""A request of Messages, said to a provider of chat completions: what each field becomes, what cannot be said."""

from __future__ import annotations

import json
from typing import Any

import pytest

from gateway.errors import Untranslatable
from tests.gateway.dialects.samples import (
    ANTHROPIC,
    CALLED,
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


def to_openai(**changes: Any) -> dict[str, Any]:
    return sent(OPENAI, parse(ANTHROPIC, **changes))


@pytest.mark.parametrize(
    ("said", "becomes"),
    [
        ({}, {"model": "some-model", "max_tokens": 100, "messages": [USER]}),
        ({"temperature": 0.5, "top_p": 0.5}, {"temperature": 0.5, "top_p": 0.5}),
        ({"stop_sequences": ["x"]}, {"stop": ["x"]}),
        ({"stream": True}, {"stream": True, "stream_options": {"include_usage": True}}),
        ({"metadata": {"user_id": "u"}}, {"user": "u"}),
        ({"system": "s"}, {"messages": [{"role": "system", "content": "s"}, USER]}),
        (
            {
                "system": [
                    {"type": "text", "text": "s"},
                    {"type": "text", "text": "t", "cache_control": {"type": "ephemeral"}},
                ]
            },
            {"messages": [{"role": "system", "content": "s\n\nt"}, USER]},
        ),
        (
            {"messages": [USER, {"role": "system", "content": "s"}]},
            {"messages": [USER, {"role": "system", "content": "s"}]},
        ),
        ({"tools": [OWN_TOOL]}, {"tools": [tool()]}),
        ({"tools": [OWN_TOOL | {"type": "custom", "strict": True}]}, {"tools": [tool(strict=True)]}),
        ({"tools": [OWN_TOOL], "tool_choice": {"type": "auto"}}, {"tool_choice": "auto"}),
        (
            {"tools": [OWN_TOOL], "tool_choice": {"type": "any", "disable_parallel_tool_use": True}},
            {"tool_choice": "required", "parallel_tool_calls": False},
        ),
        (
            {"tools": [OWN_TOOL], "tool_choice": {"type": "tool", "name": "f"}},
            {"tool_choice": {"type": "function", "function": {"name": "f"}}},
        ),
        ({"tools": [OWN_TOOL], "tool_choice": {"type": "none"}}, {"tool_choice": "none"}),
        (
            {"output_config": {"format": {"type": "json_schema", "schema": SCHEMA}}},
            {
                "response_format": {
                    "type": "json_schema",
                    "json_schema": {"name": "answer", "schema": SCHEMA, "strict": True},
                }
            },
        ),
        (
            {"thinking": {"type": "enabled", "budget_tokens": 2_000}, "max_tokens": 9_000},
            {"reasoning_effort": "low"},
        ),
        (
            {"thinking": {"type": "enabled", "budget_tokens": 8_000}, "max_tokens": 9_000},
            {"reasoning_effort": "medium"},
        ),
        ({"output_config": {"effort": "max"}}, {"reasoning_effort": "high"}),
        (
            {"messages": USED},
            {
                "messages": [
                    USER,
                    CALLED
                    | {
                        "tool_calls": [
                            CALLED["tool_calls"][0],
                            CALLED["tool_calls"][1] | {"function": {"name": "f", "arguments": "{}"}},
                        ]
                    },
                    RESULTS[0],
                    RESULTS[1] | {"content": "rain"},
                    {"role": "user", "content": "And now?"},
                ]
            },
        ),
    ],
)
def test_fields_of_messages(said: dict[str, Any], becomes: dict[str, Any]) -> None:
    told = to_openai(**said)
    assert told | becomes == told
    assert dropped(ANTHROPIC, **said) == (("cache_control",) if "cache_control" in str(said) else ())


def test_blocks_of_every_kind() -> None:
    content = [
        {"type": "text", "text": "look"},
        {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PNG}},
        {"type": "image", "source": {"type": "url", "url": "https://x.test/y.png"}},
        {"type": "document", "source": {"type": "base64", "media_type": "application/pdf", "data": "JVBE"}},
        {
            "type": "document",
            "source": {"type": "text", "media_type": "text/plain", "data": "words"},
            "title": "T",
        },
    ]
    (message,) = to_openai(messages=[{"role": "user", "content": content}])["messages"]
    assert message["content"] == [
        {"type": "text", "text": "look"},
        {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PNG}"}},
        {"type": "image_url", "image_url": {"url": "https://x.test/y.png"}},
        {
            "type": "file",
            "file": {"filename": "document.pdf", "file_data": "data:application/pdf;base64,JVBE"},
        },
        {"type": "text", "text": "T\n\nwords"},
    ]


def test_pictures_that_a_tool_returned_follow_as_the_users() -> None:
    picture = {"type": "image", "source": {"type": "url", "url": "https://x.test/y.png"}}
    result = {
        "type": "tool_result",
        "tool_use_id": "a",
        "content": [{"type": "text", "text": "see"}, picture],
        "is_error": True,
    }
    called = {"role": "assistant", "content": [{"type": "tool_use", "id": "a", "name": "f", "input": {}}]}
    messages = [USER, called, {"role": "user", "content": [result]}]
    assert to_openai(messages=messages)["messages"][2:] == [
        {"role": "tool", "tool_call_id": "a", "content": "see"},
        {"role": "user", "content": [{"type": "image_url", "image_url": {"url": "https://x.test/y.png"}}]},
    ]
    assert dropped(ANTHROPIC, messages=messages) == ("messages[2].content[].is_error",)


@pytest.mark.parametrize(
    ("said", "lost"),
    [
        ({"top_k": 5}, "top_k"),
        ({"cache_control": {"type": "ephemeral"}}, "cache_control"),
        ({"service_tier": "auto"}, "service_tier"),
        (
            {
                "messages": [
                    USER,
                    {
                        "role": "assistant",
                        "content": [
                            {"type": "thinking", "thinking": "hm", "signature": "s"},
                            {"type": "text", "text": "Yes"},
                        ],
                    },
                    USER,
                ]
            },
            "messages[].content[].thinking",
        ),
    ],
)
def test_what_is_lost_of_messages_is_told(said: dict[str, Any], lost: str) -> None:
    assert dropped(ANTHROPIC, **said) == (lost,)
    assert "hm" not in json.dumps(to_openai(**said))


@pytest.mark.parametrize(
    ("said", "place"),
    [
        ({"stop_sequences": list("abcde")}, "stop_sequences"),
        ({"mcp_servers": [{"url": "x"}]}, "mcp_servers"),
        ({"container": "c"}, "container"),
        ({"context_management": {"edits": []}}, "context_management"),
        ({"tools": [{"type": "web_search_20250305", "name": "web_search"}]}, "tools[0].type"),
        (
            {"messages": [{"role": "user", "content": [{"type": "container_upload", "file_id": "x"}]}]},
            "messages[0].content[0].type",
        ),
        (
            {
                "messages": [
                    {
                        "role": "user",
                        "content": [{"type": "image", "source": {"type": "file", "file_id": "x"}}],
                    }
                ]
            },
            "messages[0].content[0].source.type",
        ),
        (
            {
                "messages": [
                    {"role": "user", "content": [{"type": "document", "source": {"type": "url", "url": "x"}}]}
                ]
            },
            "messages[0].content",
        ),
    ],
)
def test_what_cannot_be_said_of_messages_is_refused_with_its_place(said: dict[str, Any], place: str) -> None:
    with pytest.raises(Untranslatable) as caught:
        to_openai(**said)
    assert caught.value.param == place


def test_a_loose_schema_is_not_called_strict() -> None:
    loose = {"type": "object", "properties": {"x": {"type": "string"}}, "additionalProperties": False}
    told = to_openai(output_config={"format": {"type": "json_schema", "schema": loose}})
    assert told["response_format"]["json_schema"]["strict"] is False
