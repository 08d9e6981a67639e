"""Answers as providers give them, good and bad: B-54, B-55, B-61."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.core.conversation import Finish, Refused, Reply, Text, Thinking, ToolCall
from gateway.core.price import Usage, UsageSource
from gateway.dialects import DIALECTS
from gateway.errors import (
    ProviderInvalidRequest,
    UpstreamError,
    UpstreamInvalidResponse,
    UpstreamRateLimited,
)
from tests.gateway.dialects.samples import ANTHROPIC, OPENAI, SURFACES, parse

both = pytest.mark.parametrize("dialect", SURFACES)


def chat(message: dict[str, Any] | None = None, finish: Any = "stop", **more: Any) -> bytes:
    choice = {
        "index": 0,
        "message": {"role": "assistant", "content": "Hi"} | (message or {}),
        "finish_reason": finish,
    }
    return json.dumps({"id": "chatcmpl-1", "created": 5, "model": "m", "choices": [choice]} | more).encode()


def message(*content: dict[str, Any], **more: Any) -> bytes:
    blocks = content or ({"type": "text", "text": "Hi"},)
    body = {"id": "msg_1", "type": "message", "model": "m", "content": blocks, "stop_reason": "end_turn"}
    return json.dumps(body | more).encode()


@both
@pytest.mark.parametrize(
    "body",
    [
        b"null",
        b"{}",
        b"[]",
        b"true",
        b"",
        b"<html><body>Bad gateway</body></html>",
        b'{"id": "x", "choices"',
        b"\xff\xfe",
        b'{"choices": []}',
        b'{"choices": null}',
        b'{"choices": [null]}',
        b'{"choices": [{"message": null}]}',
        b'{"content": null}',
        b'{"content": "words"}',
        b'{"x": NaN}',
        b"[" * 100_000,
    ],
    ids=lambda body: repr(body[:24]),
)
def test_what_is_no_answer(dialect: str, body: bytes) -> None:
    with pytest.raises(UpstreamInvalidResponse):
        DIALECTS[dialect].parse_reply(body)


@pytest.mark.parametrize(
    ("dialect", "error", "kind"),
    [
        (OPENAI, {"message": "slow", "type": "rate_limit_error"}, UpstreamRateLimited),
        (OPENAI, {"message": "slow", "code": 429}, UpstreamRateLimited),
        (OPENAI, {"message": "no", "code": 400}, ProviderInvalidRequest),
        (
            OPENAI,
            {"message": "no", "type": "invalid_request_error", "status_code": 422},
            ProviderInvalidRequest,
        ),
        (OPENAI, {"message": "down", "type": "server_error"}, UpstreamError),
        (OPENAI, "down", UpstreamError),
        (OPENAI, [{"message": "down"}], UpstreamError),
        (ANTHROPIC, {"type": "overloaded_error", "message": "x"}, UpstreamError),
        (ANTHROPIC, {"type": "invalid_request_error", "message": "x"}, ProviderInvalidRequest),
        (ANTHROPIC, {"type": "rate_limit_error", "message": "x"}, UpstreamRateLimited),
        (ANTHROPIC, "down", UpstreamError),
    ],
)
def test_an_error_in_an_answer_is_an_error(dialect: str, error: Any, kind: type[UpstreamError]) -> None:
    with pytest.raises(kind):
        DIALECTS[dialect].parse_reply(json.dumps({"type": "error", "error": error}).encode())


@pytest.mark.parametrize(
    ("message", "finish", "parts", "ended"),
    [
        ({}, "stop", [Text("Hi")], Finish.STOP),
        ({"content": None}, "stop", [], Finish.STOP),
        ({}, "length", [Text("Hi")], Finish.LENGTH),
        ({}, "model_length", [Text("Hi")], Finish.LENGTH),
        ({}, "content_filter", [Text("Hi")], Finish.CONTENT_FILTER),
        ({}, "", [Text("Hi")], Finish.UNKNOWN),
        ({}, None, [Text("Hi")], Finish.UNKNOWN),
        ({}, 5, [Text("Hi")], Finish.UNKNOWN),
        ({"content": None, "refusal": "No."}, "stop", [Refused("No.")], Finish.REFUSAL),
        (
            {
                "content": [
                    {"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]},
                    {"type": "text", "text": "Hi"},
                ]
            },
            "stop",
            [Thinking(text="hm"), Text("Hi")],
            Finish.STOP,
        ),
        ({"reasoning_content": "hm"}, "stop", [Thinking(text="hm"), Text("Hi")], Finish.STOP),
        ({"reasoning": "hm"}, "stop", [Thinking(text="hm"), Text("Hi")], Finish.STOP),
        (
            {"content": None, "audio": {"id": "a", "data": "x", "transcript": "Hi"}},
            "stop",
            [Text("Hi")],
            Finish.STOP,
        ),
        (
            {"content": None, "tool_calls": [{"id": "a", "function": {"name": "f", "arguments": '{"x":1}'}}]},
            "stop",
            [ToolCall("a", "f", '{"x":1}')],
            Finish.TOOL_CALLS,
        ),
        (
            {"content": None, "tool_calls": [{"function": {"name": "f", "arguments": {"x": 1}}}]},
            "",
            [ToolCall("call_0", "f", '{"x":1}')],
            Finish.TOOL_CALLS,
        ),
        (
            {"content": None, "tool_calls": [None, {"id": "a"}, {"id": "b", "function": {"name": "f"}}]},
            "tool_calls",
            [ToolCall("b", "f", "{}")],
            Finish.TOOL_CALLS,
        ),
        (
            {"content": None, "function_call": {"name": "f", "arguments": "{}"}},
            "function_call",
            [ToolCall("call_0", "f", "{}")],
            Finish.TOOL_CALLS,
        ),
    ],
)
def test_what_chat_completions_say(
    message: dict[str, Any], finish: Any, parts: list[Any], ended: Finish
) -> None:
    reply = DIALECTS[OPENAI].parse_reply(chat(message, finish))
    assert list(reply.parts) == parts
    assert reply.finish is ended


def test_more_choices_and_logprobs() -> None:
    choices = [
        {
            "index": n,
            "message": {"content": str(n)},
            "finish_reason": "stop",
            "logprobs": {"content": [{"logprob": -0.5}, {"logprob": -1}]},
        }
        for n in range(3)
    ]
    reply = DIALECTS[OPENAI].parse_reply(chat(choices=choices))
    assert [choice.text for choice in (reply, *reply.more)] == ["0", "1", "2"]
    assert reply.mean_logprob == -0.75
    again = json.loads(DIALECTS[OPENAI].render_reply(reply, parse(OPENAI), now=1))
    assert [choice["message"]["content"] for choice in again["choices"]] == ["0", "1", "2"]
    assert DIALECTS[OPENAI].parse_reply(chat()).logprobs is None


@pytest.mark.parametrize(
    ("reason", "ended"),
    [
        ("end_turn", Finish.STOP),
        ("max_tokens", Finish.LENGTH),
        ("model_context_window_exceeded", Finish.LENGTH),
        ("stop_sequence", Finish.STOP_SEQUENCE),
        ("tool_use", Finish.TOOL_CALLS),
        ("pause_turn", Finish.PAUSE),
        ("refusal", Finish.REFUSAL),
        ("new_reason", Finish.UNKNOWN),
        (None, Finish.UNKNOWN),
    ],
)
def test_why_messages_end(reason: str | None, ended: Finish) -> None:
    reply = DIALECTS[ANTHROPIC].parse_reply(message(stop_reason=reason, stop_sequence="END"))
    assert (reply.finish, reply.stop_sequence) == (ended, "END")


def test_blocks_of_an_answer() -> None:
    blocks: list[dict[str, Any]] = [
        {"type": "thinking", "thinking": "hm", "signature": "sig"},
        {"type": "redacted_thinking", "data": "x"},
        {"type": "server_tool_use", "id": "s", "name": "web_search", "input": {}},
        {"type": "web_search_tool_result", "tool_use_id": "s", "content": []},
        {"type": "text", "text": "Hi", "citations": None},
        {"type": "tool_use", "id": "a", "name": "f", "input": {"x": 1}},
        {"type": "from_the_future"},
    ]
    reply = DIALECTS[ANTHROPIC].parse_reply(message(*blocks))
    assert reply.parts == (
        Thinking(text="hm", signature="sig"),
        Thinking(redacted="x"),
        Text("Hi"),
        ToolCall("a", "f", '{"x":1}'),
    )


# Rendered for callers


def rendered(surface: str, *parts: Any, finish: Finish = Finish.STOP, **asked: Any) -> dict[str, Any]:
    reply = Reply(id="x", model="m", parts=parts, finish=finish)
    told: dict[str, Any] = json.loads(DIALECTS[surface].render_reply(reply, parse(surface, **asked), now=7))
    return told


@pytest.mark.parametrize(
    ("finish", "chat_word", "message_word"),
    [
        (Finish.STOP, "stop", "end_turn"),
        (Finish.LENGTH, "length", "max_tokens"),
        (Finish.TOOL_CALLS, "tool_calls", "tool_use"),
        (Finish.CONTENT_FILTER, "content_filter", "refusal"),
        (Finish.REFUSAL, "content_filter", "refusal"),
        (Finish.STOP_SEQUENCE, "stop", "stop_sequence"),
        (Finish.PAUSE, "stop", "pause_turn"),
        (Finish.UNKNOWN, "stop", "end_turn"),
    ],
)
def test_why_an_answer_ended_in_each_word(finish: Finish, chat_word: str, message_word: str) -> None:
    assert rendered(OPENAI, Text("Hi"), finish=finish)["choices"][0]["finish_reason"] == chat_word
    assert rendered(ANTHROPIC, Text("Hi"), finish=finish)["stop_reason"] == message_word


def test_a_refusal_is_shown_as_one() -> None:
    choice = rendered(OPENAI, Refused("No."), finish=Finish.REFUSAL)["choices"][0]
    assert (choice["message"]["refusal"], choice["message"]["content"]) == ("No.", None)
    assert choice["finish_reason"] == "stop"
    told = rendered(ANTHROPIC, Refused("No."), finish=Finish.REFUSAL)
    assert (told["content"], told["stop_reason"]) == ([{"type": "text", "text": "No."}], "refusal")


def test_thoughts_are_shown_to_those_who_asked() -> None:
    thought = Thinking(text="hm", signature="sig")
    asked: dict[str, Any] = {"thinking": {"type": "enabled", "budget_tokens": 1_024}, "max_tokens": 2_000}
    assert [block["type"] for block in rendered(ANTHROPIC, thought, Text("Hi"))["content"]] == ["text"]
    assert rendered(ANTHROPIC, thought, **asked)["content"] == [
        {"type": "thinking", "thinking": "hm", "signature": "sig"}
    ]
    said = rendered(OPENAI, thought, Thinking(redacted="x"), Text("Hi"))["choices"][0]["message"]
    assert said["reasoning_content"] == "hm"
    again = parse(OPENAI, messages=[{"role": "user", "content": "?"}, said, {"role": "user", "content": "?"}])
    assert DIALECTS[OPENAI].conversation_of(again).messages[1].parts[:2] == (thought, Thinking(redacted="x"))


def test_arguments_that_are_no_json_are_shown_as_they_are() -> None:
    (block,) = rendered(ANTHROPIC, ToolCall("a", "f", '{"x": "cut o'), finish=Finish.LENGTH)["content"]
    assert block["input"] == {"_invalid_json": '{"x": "cut o'}


def test_ids_look_like_the_surfaces_own() -> None:
    assert rendered(OPENAI)["id"] == "chatcmpl-x"
    assert rendered(ANTHROPIC)["id"] == "msg_x"
    assert rendered(OPENAI)["created"] == 7


# Usage


def usage_of(dialect: str, report: Any) -> tuple[Usage, UsageSource]:
    body = chat(usage=report) if dialect == OPENAI else message(usage=report)
    reply = DIALECTS[dialect].parse_reply(body)
    return reply.usage, reply.usage_source


FINAL, PARTIAL, NONE = UsageSource.PROVIDER_FINAL, UsageSource.PROVIDER_PARTIAL, UsageSource.NONE
P, C = "prompt_tokens", "completion_tokens"


@pytest.mark.parametrize(
    ("report", "usage", "source"),
    [
        ({P: 9, C: 4}, Usage(input=9, output=4), FINAL),
        (
            {P: 9, C: 4, "prompt_tokens_details": {"cached_tokens": 6}},
            Usage(input=3, cache_read=6, output=4),
            FINAL,
        ),
        (
            {P: 9, C: 4, "prompt_tokens_details": {"cached_tokens": 2, "cache_write_tokens": 5}},
            Usage(input=2, cache_read=2, cache_write=5, output=4),
            FINAL,
        ),
        (
            {
                P: 9,
                C: 4,
                "prompt_tokens_details": {"audio_tokens": 5},
                "completion_tokens_details": {"audio_tokens": 3},
            },
            Usage(input=4, audio_input=5, output=1, audio_output=3),
            FINAL,
        ),
        (
            {P: 9, C: 4, "completion_tokens_details": {"reasoning_tokens": 3}},
            Usage(input=9, output=4, reasoning=3),
            FINAL,
        ),
        (
            {P: 9, C: 4, "total_tokens": 16, "completion_tokens_details": {"reasoning_tokens": 3}},
            Usage(input=9, output=7, reasoning=3),
            FINAL,
        ),
        (
            {P: 9, C: 4, "prompt_cache_hit_tokens": 6, "prompt_cache_miss_tokens": 3},
            Usage(input=3, cache_read=6, output=4),
            FINAL,
        ),
        ({P: 9, C: 4, "num_cached_tokens": 6}, Usage(input=9, output=4), FINAL),
        ({P: 9, C: 4, "cached_tokens": 6}, Usage(input=3, cache_read=6, output=4), FINAL),
        (
            {P: 9, C: 4, "prompt_tokens_details": None, "completion_tokens_details": None},
            Usage(input=9, output=4),
            FINAL,
        ),
        (
            {P: 9, C: 4, "prompt_tokens_details": {"cached_tokens": 20}},
            Usage(cache_read=9, output=4),
            PARTIAL,
        ),
        (
            {P: 9, C: 4, "prompt_tokens_details": {"cached_tokens": 8, "cache_write_tokens": 8}},
            Usage(input=1, cache_read=8, output=4),
            PARTIAL,
        ),
        ({P: -1, C: 4}, Usage(output=4), PARTIAL),
        ({P: 1e30, C: 4}, Usage(output=4), PARTIAL),
        ({P: 10**12, C: 4}, Usage(output=4), PARTIAL),
        ({P: "5", C: 4}, Usage(output=4), PARTIAL),
        ({P: 5.5, C: 4}, Usage(output=4), PARTIAL),
        ({P: True, C: 4}, Usage(output=4), PARTIAL),
        ({P: None, C: 4}, Usage(output=4), PARTIAL),
        ({P: 9}, Usage(input=9), PARTIAL),
        ({}, Usage(), NONE),
        (None, Usage(), NONE),
        ([], Usage(), NONE),
        ("9", Usage(), NONE),
    ],
)
def test_usage_of_chat_completions(report: Any, usage: Usage, source: UsageSource) -> None:
    assert usage_of(OPENAI, report) == (usage, source)


@pytest.mark.parametrize(
    ("report", "usage", "source"),
    [
        ({"input_tokens": 9, "output_tokens": 4}, Usage(input=9, output=4), FINAL),
        (
            {"input_tokens": 9, "output_tokens": 4, "cache_read_input_tokens": 6},
            Usage(input=9, cache_read=6, output=4),
            FINAL,
        ),
        (
            {"input_tokens": 9, "output_tokens": 4, "cache_creation_input_tokens": 6},
            Usage(input=9, cache_write=6, output=4),
            FINAL,
        ),
        (
            {
                "input_tokens": 9,
                "output_tokens": 4,
                "cache_creation_input_tokens": 6,
                "cache_creation": {"ephemeral_5m_input_tokens": 2, "ephemeral_1h_input_tokens": 4},
            },
            Usage(input=9, cache_write=2, cache_write_1h=4, output=4),
            FINAL,
        ),
        ({"input_tokens": 9, "output_tokens": 4, "cache_creation": None}, Usage(input=9, output=4), FINAL),
        (
            {"input_tokens": 9, "output_tokens": 4, "output_tokens_details": {"thinking_tokens": 3}},
            Usage(input=9, output=4, reasoning=3),
            FINAL,
        ),
        ({"input_tokens": -1, "output_tokens": 4}, Usage(output=4), PARTIAL),
        ({"input_tokens": 9, "output_tokens": 1e30}, Usage(input=9), PARTIAL),
        ({"input_tokens": "9", "output_tokens": 4}, Usage(output=4), PARTIAL),
        ({"input_tokens": 9, "output_tokens": None}, Usage(input=9), PARTIAL),
        ({"output_tokens": 4}, Usage(output=4), PARTIAL),
        ({}, Usage(), NONE),
        (None, Usage(), NONE),
        ([1], Usage(), NONE),
    ],
)
def test_usage_of_messages(report: Any, usage: Usage, source: UsageSource) -> None:
    assert usage_of(ANTHROPIC, report) == (usage, source)


counts = st.integers(0, 1_000_000)


@settings(max_examples=200, deadline=None)
@given(
    st.builds(
        Usage, input=counts, cache_read=counts, cache_write=counts, cache_write_1h=counts, output=counts
    )
)
def test_every_bucket_survives_both_surfaces(usage: Usage) -> None:
    for surface in SURFACES:
        reply = Reply(id="x", model="m", parts=(Text("Hi"),), finish=Finish.STOP, usage=usage)
        again = DIALECTS[surface].parse_reply(DIALECTS[surface].render_reply(reply, parse(surface), now=1))
        assert (again.usage, again.usage_source) == (usage, FINAL)
