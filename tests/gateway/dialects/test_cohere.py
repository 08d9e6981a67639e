"""Cohere's chat: what is said, what is read, whole and as a stream, and what cannot be said."""

from __future__ import annotations

import json
from typing import Any

import pytest

from gateway.core.assemble import assemble
from gateway.core.conversation import Conversation, Finish, Message, Role, Text, Thinking, ToolCall
from gateway.core.price import Usage, UsageSource
from gateway.dialects import DIALECTS, PROTOCOLS
from gateway.dialects.dialect import Outgoing
from gateway.errors import Untranslatable, UpstreamError
from tests.gateway.dialects.other_rows import rows
from tests.gateway.dialects.sample_streams import event
from tests.gateway.dialects.samples import ANTHROPIC, MODEL, OPENAI, parse

COHERE = PROTOCOLS["cohere"]
TOOL = {"type": "function", "function": {"name": "f", "parameters": {"type": "object", "properties": {}}}}
SCHEMA = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}


def said_of(value: Any) -> dict[str, Any]:
    return {"delta": {"message": value}}


STREAM = b"".join(
    [
        event("message-start", id="abc", **said_of({"role": "assistant", "content": []})),
        event("tool-plan-delta", **said_of({"tool_plan": "I will "})),
        event("tool-plan-delta", **said_of({"tool_plan": "look."})),
        event("content-start", index=0, **said_of({"content": {"type": "text", "text": ""}})),
        event(
            "content-delta",
            index=0,
            **said_of({"content": {"text": "Hellö "}}),
            logprobs={"logprobs": [-0.5]},
        ),
        event("content-delta", index=0, **said_of({"content": {"text": "🌍"}})),
        event("citation-start", index=0, **said_of({"citations": {"start": 0, "end": 5, "text": "Hellö"}})),
        event("citation-end", index=0),
        event("content-end", index=0),
        event(
            "tool-call-start",
            index=0,
            **said_of(
                {"tool_calls": {"id": "f_1", "type": "function", "function": {"name": "f", "arguments": ""}}}
            ),
        ),
        event("tool-call-delta", index=0, **said_of({"tool_calls": {"function": {"arguments": '{"x":'}}})),
        event("tool-call-delta", index=0, **said_of({"tool_calls": {"function": {"arguments": "1}"}}})),
        event("tool-call-end", index=0),
        event(
            "tool-call-start",
            index=1,
            **said_of(
                {"tool_calls": {"id": "g_1", "type": "function", "function": {"name": "g", "arguments": ""}}}
            ),
        ),
        event("tool-call-end", index=1),
        event(
            "message-end",
            id="abc",
            delta={
                "finish_reason": "TOOL_CALL",
                "usage": {
                    "billed_units": {"input_tokens": 9.0, "output_tokens": 4},
                    "tokens": {"input_tokens": 500, "output_tokens": 20},
                },
            },
        ),
    ]
)


def outgoing(surface: str, **changes: Any) -> Outgoing:
    return COHERE.translate(DIALECTS[surface].conversation_of(parse(surface, **changes)), MODEL)


def sent(surface: str, **changes: Any) -> Any:
    return json.loads(outgoing(surface, **changes).body)


@pytest.mark.parametrize("row", rows("cohere.chat"), ids=lambda row: row["id"])
def test_recorded_requests_are_said_so(row: dict[str, Any]) -> None:
    """They are chat completions in all but a few words, so from those words the recorded ones come out."""
    request = dict(row["request"])
    stops, choice = request.pop("stop_sequences", None), request.pop("tool_choice", None)
    asked = request | ({"stop": stops} if stops else {}) | ({"tool_choice": "required"} if choice else {})
    for message in asked["messages"]:
        if type(message.get("content")) is list:
            thoughts = [part["thinking"] for part in message["content"] if part["type"] == "thinking"]
            text = "".join(part["text"] for part in message["content"] if part["type"] == "text")
            message |= {"content": text, "reasoning_content": "\n".join(thoughts)}
    made = sent(OPENAI, **asked)
    expected = dict(row["request"], model=MODEL.wire_name)
    if "reasoning_content" not in json.dumps(asked):
        assert made == expected
    else:
        assert made["messages"][1]["content"][0]["type"] == "thinking"


def test_a_stream() -> None:
    reader = COHERE.stream_reader()
    deltas = reader.feed(STREAM) + reader.end()
    reply = assemble(deltas)
    assert reply.id == "abc"
    assert reply.parts == (
        Thinking(text="I will look."),
        Text("Hellö 🌍"),
        ToolCall("f_1", "f", '{"x":1}'),
        ToolCall("g_1", "g", "{}"),
    )
    assert (reply.finish, reader.usage) == (Finish.TOOL_CALLS, Usage(input=9, output=4))
    assert (reader.complete, reader.error, reader.usage_source) == (True, None, UsageSource.PROVIDER_FINAL)
    assert reader.logprobs == (-0.5,)
    for step in (1, 2, 7, 64):
        again = COHERE.stream_reader()
        pieces = [STREAM[i : i + step] for i in range(0, len(STREAM), step)]
        assert [d for piece in pieces for d in again.feed(piece)] + again.end() == deltas


def test_a_stream_that_ends_in_an_error() -> None:
    start, _ = STREAM.split(b"\n\n", 1)
    failed = event("message-end", delta={"finish_reason": "ERROR", "error": "model broke"})
    reader = COHERE.stream_reader()
    reader.feed(start + b"\n\n" + failed)
    assert isinstance(reader.error, UpstreamError)
    assert (reader.error.message, reader.complete) == ("model broke", False)


def test_a_plan_goes_back_as_one() -> None:
    turns = (
        Message(Role.USER, (Text("Hi"),)),
        Message(Role.ASSISTANT, (Thinking(text="I will look."), ToolCall("a", "f", "{}"))),
    )
    body = json.loads(COHERE.translate(Conversation(messages=turns), MODEL).body)
    assert body["messages"][1] == {
        "role": "assistant",
        "tool_plan": "I will look.",
        "tool_calls": [{"id": "a", "type": "function", "function": {"name": "f", "arguments": "{}"}}],
    }


def test_all_that_has_a_place() -> None:
    body = sent(
        ANTHROPIC,
        temperature=0.2,
        top_p=0.9,
        top_k=7,
        stop_sequences=["END"],
        thinking={"type": "enabled", "budget_tokens": 2_000},
        max_tokens=3_000,
    )
    del body["messages"]
    assert body == {
        "model": "some-model",
        "stream": False,
        "max_tokens": 3_000,
        "temperature": 0.2,
        "p": 0.9,
        "k": 7,
        "stop_sequences": ["END"],
        "thinking": {"type": "enabled", "token_budget": 2_000},
    }


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        ("auto", None),
        ("none", "NONE"),
        ("required", "REQUIRED"),
        ({"type": "function", "function": {"name": "g"}}, "REQUIRED"),
    ],
)
def test_which_tool(choice: Any, expected: str | None) -> None:
    other = {"type": "function", "function": {"name": "g"}}
    body = sent(OPENAI, tools=[TOOL, other], tool_choice=choice)
    assert body.get("tool_choice") == expected
    names = [tool["function"]["name"] for tool in body["tools"]]
    assert names == (["g"] if isinstance(choice, dict) else ["f", "g"])


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({"type": "json_object"}, {"type": "json_object"}),
        (
            {"type": "json_schema", "json_schema": {"name": "a", "schema": SCHEMA}},
            {"type": "json_object", "json_schema": SCHEMA},
        ),
    ],
)
def test_an_answer_in_json(wanted: Any, expected: Any) -> None:
    assert sent(OPENAI, response_format=wanted)["response_format"] == expected


@pytest.mark.parametrize(
    ("field", "value"), [("top_p", 1.0), ("frequency_penalty", -0.5), ("presence_penalty", 1.5)]
)
def test_what_lies_out_of_bounds_is_left_out_and_said_so(field: str, value: float) -> None:
    made = outgoing(OPENAI, **{field: value})
    assert made.dropped == (field,)
    assert json.loads(made.body).keys() == {"model", "messages", "stream"}


@pytest.mark.parametrize(
    ("changes", "param"),
    [
        ({"n": 2}, "n"),
        ({"tools": [TOOL], "response_format": {"type": "json_object"}}, "response_format"),
        (
            {
                "messages": [
                    {
                        "role": "user",
                        "content": [
                            {"type": "input_audio", "input_audio": {"data": "aGk=", "format": "wav"}}
                        ],
                    }
                ]
            },
            "messages[0].content",
        ),
    ],
)
def test_what_would_change_the_meaning_is_refused(changes: dict[str, Any], param: str) -> None:
    with pytest.raises(Untranslatable) as refused:
        outgoing(OPENAI, **changes)
    assert refused.value.param == param


def test_too_many_stop_sequences_are_refused() -> None:
    with pytest.raises(Untranslatable) as refused:
        outgoing(ANTHROPIC, stop_sequences=list("abcdef"))
    assert refused.value.param == "stop_sequences"


@pytest.mark.parametrize(
    ("status", "message", "code", "retryable"),
    [
        (400, "invalid request: bad role", "provider_invalid_request", False),
        (400, "too many tokens: size limit exceeded by 1 tokens", "provider_invalid_request", True),
        (401, "invalid api token", "provider_credentials_invalid", True),
        (404, "model 'x' not found", "provider_invalid_request", True),
        (429, "You are past the per minute request limit", "upstream_rate_limited", True),
        (429, "trial key, limited to 1000 API calls / month", "provider_quota_exhausted", True),
        (498, "invalid token: the output is toxic", "upstream_error", True),
        (500, "internal server error", "upstream_error", True),
    ],
)
def test_errors(status: int, message: str, code: str, retryable: bool) -> None:
    error = COHERE.classify_error(status, {}, json.dumps({"message": message}).encode(), now=0.0)
    assert (error.code, error.retryable) == (code, retryable)


@pytest.mark.parametrize(
    ("report", "usage", "source"),
    [
        (
            {"tokens": {"input_tokens": 5, "output_tokens": 2}},
            Usage(input=5, output=2),
            UsageSource.PROVIDER_FINAL,
        ),
        ({"billed_units": {"output_tokens": 2}}, Usage(), UsageSource.NONE),
        (
            {"billed_units": {"input_tokens": -1, "output_tokens": 2}},
            Usage(output=2),
            UsageSource.PROVIDER_PARTIAL,
        ),
        ({}, Usage(), UsageSource.NONE),
    ],
)
def test_usage(report: Any, usage: Usage, source: UsageSource) -> None:
    body = {"message": {"content": [{"type": "text", "text": "Hi"}]}, "usage": report}
    reply = COHERE.parse_reply(json.dumps(body).encode())
    assert (reply.usage, reply.usage_source) == (usage, source)
