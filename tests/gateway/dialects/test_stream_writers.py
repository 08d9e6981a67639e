"""Streams for callers of another dialect: blocks in order, usage in its place, never a false end."""

from __future__ import annotations

import json

import pytest

from gateway.core.assemble import assemble
from gateway.core.conversation import Delta, Ended, Finish, TextDelta, ToolArguments, ToolCallStarted
from gateway.dialects import DIALECTS
from gateway.errors import RateLimited, UpstreamRateLimited
from tests.gateway.dialects.sample_streams import CHAT, COUNTED, MESSAGES, STREAM, chunk, event, read
from tests.gateway.dialects.samples import ANTHROPIC, OPENAI, SURFACES, events, parse

both = pytest.mark.parametrize("dialect", SURFACES)


def test_interleaved_tool_calls_become_blocks_one_after_the_other() -> None:
    writer = DIALECTS[ANTHROPIC].stream_writer(parse(ANTHROPIC, stream=True), now=1)
    deltas: list[Delta] = [
        ToolCallStarted(0, "a", "f"),
        ToolArguments(0, '{"x"'),
        ToolCallStarted(1, "b", "g"),
        ToolArguments(1, '{"y":'),
        TextDelta("between"),
        ToolArguments(0, ":1}"),
        ToolArguments(1, "2}"),
        Ended(finish=Finish.TOOL_CALLS),
    ]
    written = b"".join(map(writer.write, deltas)) + writer.close()
    assert_blocks_are_in_order(written)
    reply = assemble(read(ANTHROPIC, written)[0])
    assert [(c.id, json.loads(c.arguments)) for c in reply.tool_calls] == [("a", {"x": 1}), ("b", {"y": 2})]
    assert reply.text == "between"


def test_half_a_tool_call_ends_in_order_too() -> None:
    writer = DIALECTS[ANTHROPIC].stream_writer(parse(ANTHROPIC, stream=True), now=1)
    deltas: list[Delta] = [
        ToolCallStarted(0, "a", "f"),
        ToolArguments(0, '{"x": "cut of'),
        ToolCallStarted(1, "b", "g"),
        ToolCallStarted(2, "c", "h"),
        ToolArguments(1, '{"y"'),
        Ended(finish=Finish.LENGTH),
    ]
    written = b"".join(map(writer.write, deltas)) + writer.close()
    assert_blocks_are_in_order(written)
    assert len(assemble(read(ANTHROPIC, written)[0]).tool_calls) == 3


def assert_blocks_are_in_order(written: bytes) -> None:
    current = -1
    is_open = False
    for told in events(written):
        match told["type"]:
            case "content_block_start":
                current += 1
                assert (told["index"], is_open) == (current, False)
                is_open = True
            case "content_block_delta":
                assert (told["index"], is_open) == (current, True)
            case "content_block_stop":
                assert (told["index"], is_open) == (current, True)
                is_open = False
    assert not is_open


def test_a_translated_stream_tells_the_estimate_first_and_the_truth_last() -> None:
    writer = DIALECTS[ANTHROPIC].stream_writer(parse(ANTHROPIC, stream=True), now=1, prompt_tokens=77)
    told = events(b"".join(map(writer.write, read(OPENAI, CHAT)[0])) + writer.close())
    assert told[0]["message"]["usage"]["input_tokens"] == 77
    assert told[-2]["usage"] | {"input_tokens": 9, "output_tokens": 4} == told[-2]["usage"]
    assert [event["type"] for event in told[-2:]] == ["message_delta", "message_stop"]


@pytest.mark.parametrize("wants_usage", [True, False])
def test_usage_closes_a_chat_stream_if_it_was_asked_for(wants_usage: bool) -> None:
    wanted = {"stream_options": {"include_usage": wants_usage}}
    writer = DIALECTS[OPENAI].stream_writer(parse(OPENAI, stream=True, **wanted), now=1)
    written = b"".join(map(writer.write, read(ANTHROPIC, MESSAGES)[0])) + writer.close()
    assert written.endswith(b"data: [DONE]\n\n")
    last = events(written)[-1]
    assert (last["choices"] == []) == ("usage" in last) == wants_usage
    assert not wants_usage or last["usage"]["total_tokens"] == 13


@both
def test_an_error_never_looks_like_a_good_end(dialect: str) -> None:
    writer = DIALECTS[dialect].stream_writer(parse(dialect, stream=True), now=1)
    deltas = read(OPENAI, CHAT)[0][:3]
    written = b"".join(map(writer.write, deltas)) + writer.error(RateLimited())
    for ended in (written, DIALECTS[dialect].stream_error(RateLimited())):
        assert b"[DONE]" not in ended
        assert b"message_stop" not in ended
        assert b'"stop"' not in ended
        _, reader = read(dialect, ended)
        assert isinstance(reader.error, UpstreamRateLimited)


@both
def test_what_keeps_a_connection_alive_means_nothing(dialect: str) -> None:
    quiet = DIALECTS[dialect].keep_alive
    busy = STREAM[dialect].replace(b"\n\n", b"\n\n" + quiet)
    assert read(dialect, quiet + busy)[0] == read(dialect, STREAM[dialect])[0]


@pytest.mark.parametrize(
    ("told", "counted"),
    [({"prompt_tokens": 31, "completion_tokens": 1}, 31), (None, 7)],
    ids=["told", "ours"],
)
def test_the_first_event_has_the_real_count_where_the_provider_tells_it(
    told: dict[str, int] | None, counted: int
) -> None:
    """By vendors who count as they write; else our estimate stands there, and the real count at the end."""
    deltas = DIALECTS[OPENAI].stream_reader().feed(chunk({"content": "Hi"}, usage=told))
    writer = DIALECTS[ANTHROPIC].stream_writer(parse(ANTHROPIC, stream=True), now=1, prompt_tokens=7)
    first = events(b"".join(map(writer.write, deltas)))[0]
    assert (first["type"], first["message"]["usage"]["input_tokens"]) == ("message_start", counted)
    assert first["message"]["usage"]["output_tokens"] == 0


def test_thoughts_are_shown_to_those_who_asked() -> None:
    signed = (
        event("message_start", message={"id": "msg_1", "model": "m", "usage": COUNTED})
        + event(
            "content_block_start",
            index=0,
            content_block={"type": "thinking", "thinking": "", "signature": ""},
        )
        + event("content_block_delta", index=0, delta={"type": "thinking_delta", "thinking": "hm"})
        + event("content_block_delta", index=0, delta={"type": "signature_delta", "signature": "sig"})
        + event("content_block_stop", index=0)
        + event("content_block_start", index=1, content_block={"type": "redacted_thinking", "data": "secret"})
        + event("content_block_stop", index=1)
        + event("content_block_start", index=2, content_block={"type": "text", "text": "Hi"})
        + event("message_delta", delta={"stop_reason": "end_turn"}, usage=COUNTED)
        + event("message_stop")
    )
    deltas, _ = read(ANTHROPIC, signed)
    chat = DIALECTS[OPENAI].stream_writer(parse(OPENAI, stream=True), now=1)
    told = b"".join(map(chat.write, deltas)) + chat.close()
    assert b'"reasoning_content":"hm"' in told
    assert b'"signature":"sig"' in told
    assert b'"data":"secret"' in told
    thinking = {"type": "enabled", "budget_tokens": 1024}
    asked = parse(ANTHROPIC, stream=True, max_tokens=2_000, thinking=thinking)
    for request, kinds in ((asked, ["thinking", "redacted_thinking", "text"]), (parse(ANTHROPIC), ["text"])):
        writer = DIALECTS[ANTHROPIC].stream_writer(request, now=1)
        written = b"".join(map(writer.write, read(OPENAI, told)[0])) + writer.close()
        assert_blocks_are_in_order(written)
        begun = [e["content_block"]["type"] for e in events(written) if e["type"] == "content_block_start"]
        assert begun == kinds
