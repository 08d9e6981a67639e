"""Streams as they come: cut anywhere, ended anyhow, in every line ending, from providers of every kind."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.core.assemble import assemble
from gateway.core.conversation import Delta, Ended, Finish, TextDelta, ToolArguments, ToolCallStarted
from gateway.core.price import Usage, UsageSource
from gateway.dialects import DIALECTS
from gateway.dialects.dialect import MAX_EVENT
from gateway.errors import RateLimited, UpstreamError, UpstreamInvalidResponse, UpstreamRateLimited
from tests.gateway.dialects.samples import ANTHROPIC, OPENAI, SURFACES, events, parse, streams

both = pytest.mark.parametrize("dialect", SURFACES)


def chunk(delta: dict[str, Any] | None = None, finish: str | None = None, **more: Any) -> bytes:
    choice = {"index": 0, "delta": delta or {}, "logprobs": None, "finish_reason": finish}
    body = {
        "id": "chatcmpl-1",
        "object": "chat.completion.chunk",
        "created": 1,
        "model": "m",
        "choices": [choice],
    }
    return b"data: " + json.dumps(body | more, separators=(",", ":")).encode() + b"\n\n"


def event(kind: str, **more: Any) -> bytes:
    return b"event: %b\ndata: %b\n\n" % (kind.encode(), json.dumps({"type": kind} | more).encode())


USAGE = {"prompt_tokens": 9, "completion_tokens": 4, "total_tokens": 13}
COUNTED = {"input_tokens": 9, "output_tokens": 4}

CHAT = (
    chunk({"role": "assistant", "content": ""})
    + chunk({"content": "Hellö "})
    + b": a comment\n\n"
    + chunk({"content": '\u4e16\u754c 🌍 "data: {}"\n\n'})
    + chunk(
        {
            "tool_calls": [
                {"index": 0, "id": "c1", "type": "function", "function": {"name": "f", "arguments": ""}}
            ]
        }
    )
    + chunk({"tool_calls": [{"index": 0, "function": {"arguments": '{"x":'}}]})
    + chunk({"tool_calls": [{"index": 0, "function": {"arguments": "1}"}}]})
    + chunk({}, "tool_calls")
    + chunk(choices=[], usage=USAGE)
    + b"data: [DONE]\n\n"
)
MESSAGES = (
    event(
        "message_start",
        message={"id": "msg_1", "model": "m", "usage": {"input_tokens": 9, "output_tokens": 1}},
    )
    + event("content_block_start", index=0, content_block={"type": "text", "text": ""})
    + event("ping")
    + event("content_block_delta", index=0, delta={"type": "text_delta", "text": "Hellö "})
    + event(
        "content_block_delta", index=0, delta={"type": "text_delta", "text": '\u4e16\u754c 🌍 "data: {}"\n\n'}
    )
    + event("content_block_stop", index=0)
    + event(
        "content_block_start",
        index=1,
        content_block={"type": "tool_use", "id": "c1", "name": "f", "input": {}},
    )
    + event("content_block_delta", index=1, delta={"type": "input_json_delta", "partial_json": ""})
    + event("content_block_delta", index=1, delta={"type": "input_json_delta", "partial_json": '{"x":'})
    + event("content_block_delta", index=1, delta={"type": "input_json_delta", "partial_json": "1}"})
    + event("content_block_stop", index=1)
    + event("message_delta", delta={"stop_reason": "tool_use", "stop_sequence": None}, usage=COUNTED)
    + event("message_stop")
)
STREAM = {OPENAI: CHAT, ANTHROPIC: MESSAGES}


def read(dialect: str, *pieces: bytes) -> tuple[list[Delta], Any]:
    reader = DIALECTS[dialect].stream_reader()
    deltas = [delta for piece in pieces for delta in reader.feed(piece)]
    return deltas + reader.end(), reader


def relay(dialect: str, *pieces: bytes, wants_usage: bool = True) -> tuple[bytes, Any]:
    wanted: dict[str, Any] = {"stream": True}
    if dialect == OPENAI and wants_usage:
        wanted["stream_options"] = {"include_usage": True}
    relayed = DIALECTS[dialect].stream_relay(parse(dialect, **wanted))
    return b"".join(map(relayed.feed, pieces)) + relayed.end(), relayed


@both
def test_a_stream_is_what_it_says(dialect: str) -> None:
    deltas, reader = read(dialect, STREAM[dialect])
    reply = assemble(deltas)
    assert reply.text == 'Hellö 世界 🌍 "data: {}"\n\n'
    assert [(c.id, c.name, c.arguments) for c in reply.tool_calls] == [("c1", "f", '{"x":1}')]
    assert reply.finish is reader.finish is Finish.TOOL_CALLS
    assert reader.usage == Usage(input=9, output=4)
    assert (reader.usage_source, reader.complete, reader.error) == (UsageSource.PROVIDER_FINAL, True, None)


@both
@pytest.mark.parametrize("ending", [b"\n", b"\r\n", b"\r"])
def test_every_split_in_two_reads_the_same(dialect: str, ending: bytes) -> None:
    stream = b"\xef\xbb\xbf" + STREAM[dialect].replace(b"\n", ending)
    assert 1_500 < len(stream) < 3_000
    whole, _ = read(dialect, stream)
    for cut in range(len(stream) + 1):
        assert read(dialect, stream[:cut], stream[cut:])[0] == whole
        relayed, state = relay(dialect, stream[:cut], stream[cut:])
        assert relayed == stream
        assert state.complete


@both
@pytest.mark.parametrize("ending", [b"\n", b"\r\n", b"\r"])
@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_every_piece_size_reads_the_same(dialect: str, ending: bytes, size: int) -> None:
    stream = STREAM[dialect].replace(b"\n", ending)
    pieces = [stream[start : start + size] for start in range(0, len(stream), size)]
    assert read(dialect, *pieces)[0] == read(dialect, stream)[0]
    assert relay(dialect, *pieces)[0] == stream


@settings(max_examples=60, deadline=None)
@given(data=st.data())
@both
def test_recorded_streams_read_the_same_however_they_are_cut(dialect: str, data: st.DataObject) -> None:
    row = data.draw(st.sampled_from(sorted(streams(dialect), key=lambda row: row.id)))
    stream = row.answer[:6_000]
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=40)))
    pieces = [stream[a:b] for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    whole, one = read(dialect, stream)
    cut, other = read(dialect, *pieces)
    assert cut == whole
    assert (one.usage, one.finish, one.complete) == (other.usage, other.finish, other.complete)
    assert relay(dialect, *pieces)[0] == relay(dialect, stream)[0]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
FIELDS = st.sampled_from(
    [
        "choices",
        "delta",
        "content",
        "index",
        "tool_calls",
        "function",
        "arguments",
        "finish_reason",
        "usage",
        "prompt_tokens",
        "error",
        "id",
        "model",
        "type",
        "message",
        "content_block",
        "text",
        "partial_json",
        "stop_reason",
        "input_tokens",
        "output_tokens",
        "x_groq",
        "reasoning_details",
        "logprobs",
        "completion_tokens_details",
        "cache_creation",
    ]
)
wild_objects = st.recursive(
    json_values,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(FIELDS, inner, max_size=6),
    max_leaves=12,
)


@settings(max_examples=300, deadline=None)
@given(
    kinds=st.lists(
        st.sampled_from(["message_start", "content_block_start", "content_block_delta", "message_delta"])
    ),
    bodies=st.lists(st.dictionaries(FIELDS, wild_objects, max_size=8), max_size=6),
)
@both
def test_no_object_whatever_makes_a_reader_raise(
    dialect: str, kinds: list[str], bodies: list[dict[str, Any]]
) -> None:
    bodies = [{"type": kind} | body for kind, body in zip(kinds, bodies, strict=False)] + bodies
    stream = b"".join(b"data: " + json.dumps(body).encode() + b"\n\n" for body in bodies)
    deltas, reader = read(dialect, stream)
    assert reader.usage.prompt >= 0 <= reader.usage.completion
    relay(dialect, stream)
    for surface in SURFACES:
        writer = DIALECTS[surface].stream_writer(parse(surface, stream=True), now=1)
        events(b"".join(map(writer.write, deltas)) + writer.close())


@settings(max_examples=200, deadline=None)
@given(
    pieces=st.lists(
        st.binary(max_size=40) | st.sampled_from([b"data: ", b"\n\n", b"\r", b'{"a":1}', b"[DONE]"])
    )
)
@both
def test_no_bytes_whatever_make_a_reader_raise(dialect: str, pieces: list[bytes]) -> None:
    read(dialect, *pieces)
    relay(dialect, *pieces)


# How streams go wrong: F-32 to F-34, B-60


@both
def test_a_stream_cut_off_anywhere_never_ends_well(dialect: str) -> None:
    stream = STREAM[dialect]
    told = stream.index(b'"tool_calls"}') if dialect == OPENAI else stream.index(b"event: message_delta")
    for cut in range(told):
        _, reader = read(dialect, stream[:cut])
        assert not reader.complete
        assert reader.error is not None
        relayed, state = relay(dialect, stream[:cut])
        assert stream.startswith(relayed)
        assert (state.complete, state.error is None) == (False, False)
        assert events(relayed + DIALECTS[dialect].stream_error(state.error))[-1]["error"]


@pytest.mark.parametrize(
    "last", [CHAT.removesuffix(b"data: [DONE]\n\n"), CHAT.removesuffix(b"\n\n"), CHAT.rstrip()]
)
def test_a_missing_last_word_is_forgiven_once_the_end_was_told(last: bytes) -> None:
    deltas, reader = read(OPENAI, last)
    assert reader.complete
    assert assemble(deltas).usage == Usage(input=9, output=4)


@pytest.mark.parametrize(
    ("dialect", "stream"),
    [
        (OPENAI, b"data: [DONE]\n\n"),
        (ANTHROPIC, event("message_stop")),
        *[
            (dialect, raw)
            for dialect in SURFACES
            for raw in (b"", b"null", b"{}", b"<html>no</html>", b"\n\n\n")
        ],
        *[
            (dialect, b"data: %b\n\n" % raw)
            for dialect in SURFACES
            for raw in (b"null", b"[]", b"{}", b"{", b"\x00")
        ],
    ],
)
def test_an_empty_answer_is_none(dialect: str, stream: bytes) -> None:
    deltas, reader = read(dialect, stream)
    assert deltas == []
    assert isinstance(reader.error, UpstreamError)
    _, state = relay(dialect, stream)
    assert (state.content_seen, state.complete) == (False, False)


ERRORS = {
    OPENAI: b'data: {"error":{"message":"slow down","type":"rate_limit_error","code":null}}\n\n',
    ANTHROPIC: event("error", error={"type": "rate_limit_error", "message": "slow down"}),
}


@both
def test_an_error_before_the_answer_leaves_another_try(dialect: str) -> None:
    first = STREAM[dialect][: STREAM[dialect].index(b"\n\n") + 2]
    for stream in (ERRORS[dialect], first + ERRORS[dialect]):
        relayed, state = relay(dialect, stream)
        assert isinstance(state.error, UpstreamRateLimited)
        assert not state.content_seen
        assert b"error" not in relayed


@both
def test_an_error_in_the_answer_is_kept_back_and_ends_it(dialect: str) -> None:
    cut = STREAM[dialect].index(b"\\u4e16")
    cut = STREAM[dialect].rindex(b"\n\n", 0, cut) + 2
    stream = STREAM[dialect][:cut] + ERRORS[dialect] + STREAM[dialect][cut:]
    relayed, state = relay(dialect, stream)
    assert relayed == STREAM[dialect][:cut]
    assert (state.content_seen, state.complete) == (True, False)
    deltas, reader = read(dialect, stream)
    assert assemble(deltas).text == "Hellö "
    assert isinstance(reader.error, UpstreamRateLimited)


@both
def test_what_cannot_be_read_ends_the_answer_once(dialect: str) -> None:
    cut = STREAM[dialect].index(b"tool") - 200
    cut = STREAM[dialect].index(b"\n\n", cut) + 2
    for broken in (
        b'data: {"choices": [\n\n',
        b"data: nonsense\n\n",
        b'data: {"a":"\xff"}\n\n',
        b'data: {"a":NaN}\n\n',
    ):
        deltas, reader = read(dialect, STREAM[dialect][:cut] + broken + STREAM[dialect][cut:])
        assert isinstance(reader.error, UpstreamInvalidResponse)
        assert not any(isinstance(delta, Ended) for delta in deltas)


def test_what_only_looks_odd_is_tolerated() -> None:
    odd = (
        b"event: admin\n" + chunk({"content": "a"})
        + b"id: 7\rretry: 5\n" + chunk({"content": "b"})
        + b'data: {"id":"x"}\n\n' + b'data: {"id":"x","choices":null}\n\n' + b'data: {"id":"x","choices":[]}\n\n'
        + b'data: {"id":"x","choices":[null,{"index":0,"delta":null}]}\n\n'
        + chunk({"content": "c"}, "stop") + chunk({}, "length")
        + b"data: [DONE]\n\n" + b"data: [DONE]\n\n" + chunk({"content": "after the end"})
    )  # fmt: skip
    deltas, reader = read(OPENAI, odd)
    assert assemble(deltas).text == "abc"
    assert [delta.finish for delta in deltas if isinstance(delta, Ended)] == [Finish.STOP]
    assert (reader.complete, reader.error) == (True, None)


def test_forgotten_blank_lines_are_forgiven() -> None:
    lines = CHAT.replace(b"\n\n", b"\n") + b"\n"
    assert read(OPENAI, lines)[0] == read(OPENAI, CHAT)[0]


@both
def test_control_characters_in_an_answer_forge_no_event(dialect: str) -> None:
    """T-25: whatever an answer holds, as many events are read as were sent."""
    evil = '\r\rdata: {"evil":1}\r\r\n\ndata: [DONE]\u2028data: x\u0085\u2029'
    writer = DIALECTS[dialect].stream_writer(parse(dialect, stream=True), now=1)
    written = writer.write(TextDelta(evil))
    lines = [line for line in written.decode().splitlines() if line.startswith("data: ")]
    assert len(lines) == written.count(b"\n\n") == (1 if dialect == OPENAI else 2)
    last = json.loads(lines[-1].removeprefix("data: "))
    delta = last["choices"][0]["delta"] if dialect == OPENAI else last["delta"]
    assert evil in delta.values()


def test_a_raw_carriage_return_is_seen_for_the_line_end_that_it_is() -> None:
    stream = (
        chunk({"content": "a"})
        + b'data: {"choices":[{"delta":{"content":"x\r\rdata: {\\"evil\\":1}\r\r"}}]}\n\n'
    )
    relayed, state = relay(OPENAI, stream)
    assert relayed == chunk({"content": "a"})
    assert isinstance(state.error, UpstreamInvalidResponse)


@both
def test_one_event_of_four_mebibytes_is_nothing_special(dialect: str) -> None:
    words = "x" * 4_194_304
    stream = STREAM[dialect].replace(b"Hell\\u00f6", words.encode())
    pieces = [stream[start : start + 65_536] for start in range(0, len(stream), 65_536)]
    assert assemble(read(dialect, *pieces)[0]).text.startswith(words)
    relayed, state = relay(dialect, *pieces)
    assert relayed == stream
    assert state.characters == len(words) + len(' 世界 🌍 "data: {}"\n\n') + len('f{"x":1}')


@both
def test_an_event_beyond_the_limit_is_a_clean_error(dialect: str) -> None:
    pieces = [b"data: "] + [b"x" * 1_048_576] * (MAX_EVENT // 1_048_576 + 1)
    for end in (b"", b"\n\n"):
        _, reader = read(dialect, *pieces, end)
        assert isinstance(reader.error, UpstreamInvalidResponse)
        relayed, state = relay(dialect, *pieces, end)
        assert relayed == b""
        assert isinstance(state.error, UpstreamInvalidResponse)


# Usage in streams: F-41, F-42


def test_usage_that_only_we_asked_for_is_kept_back() -> None:
    hidden, state = relay(OPENAI, CHAT, wants_usage=False)
    assert hidden == CHAT.replace(chunk(choices=[], usage=USAGE), b"")
    assert (state.usage, state.usage_source) == (Usage(input=9, output=4), UsageSource.PROVIDER_FINAL)
    beside = CHAT.replace(chunk({}, "tool_calls"), chunk({}, "tool_calls", usage=USAGE))
    assert relay(OPENAI, beside, wants_usage=False)[0] == beside.replace(chunk(choices=[], usage=USAGE), b"")


@both
def test_a_stream_without_usage_says_so(dialect: str) -> None:
    if dialect == OPENAI:
        stream = CHAT.replace(chunk(choices=[], usage=USAGE), b"")
    else:
        stream = MESSAGES.replace(b'"input_tokens": 9, "output_tokens": 1', b"").replace(
            b'"input_tokens": 9, "output_tokens": 4', b""
        )
    _, reader = read(dialect, stream)
    assert reader.complete
    assert (reader.usage, reader.usage_source) == (Usage(), UsageSource.NONE)
    assert relay(dialect, stream)[1].characters == len('Hellö 世界 🌍 "data: {}"\n\n') + len('f{"x":1}')


def test_running_totals_are_not_added_up() -> None:
    growing = b"".join(
        chunk({"content": "x"}, usage={"prompt_tokens": 9, "completion_tokens": n, "total_tokens": 9 + n})
        for n in range(1, 5)
    )
    _, reader = read(OPENAI, growing + CHAT)
    assert (reader.usage, reader.usage_source) == (Usage(input=9, output=4), UsageSource.PROVIDER_FINAL)
    later = event("message_delta", delta={}, usage={"output_tokens": 2})
    _, reader = read(ANTHROPIC, MESSAGES.replace(event("message_stop"), later + event("message_stop")))
    assert reader.usage == Usage(input=9, output=4)


def test_a_shrinking_total_is_flagged() -> None:
    shrunk = chunk(choices=[], usage=USAGE | {"completion_tokens": 1, "total_tokens": 10})
    _, reader = read(OPENAI, CHAT.replace(b"data: [DONE]", shrunk + b"data: [DONE]"))
    assert (reader.usage.output, reader.usage_source) == (4, UsageSource.PROVIDER_PARTIAL)


def test_later_reports_without_the_cache_do_not_lose_it() -> None:
    start = {
        "input_tokens": 9,
        "cache_read_input_tokens": 50,
        "cache_creation_input_tokens": 70,
        "cache_creation": {"ephemeral_5m_input_tokens": 0, "ephemeral_1h_input_tokens": 70},
        "output_tokens": 1,
    }
    end = {"output_tokens": 4, "cache_creation_input_tokens": 70, "cache_read_input_tokens": 50}
    stream = (
        event("message_start", message={"id": "msg_1", "model": "m", "usage": start})
        + event("message_delta", delta={"stop_reason": "end_turn"}, usage=end)
        + event("message_stop")
    )
    _, reader = read(ANTHROPIC, stream)
    assert reader.usage == Usage(input=9, cache_read=50, cache_write_1h=70, output=4)


# What callers of the other dialect get


def test_tool_calls_that_vendors_send_in_their_own_ways() -> None:
    def call(**fields: Any) -> bytes:
        return chunk({"tool_calls": [fields]})

    no_index = call(id="a", function={"name": "f", "arguments": "{}"}) + call(
        id="b", function={"name": "g", "arguments": '{"y":2}'}
    )
    repeated = call(index=0, id="a", function={"name": "f", "arguments": "{"}) + call(
        index=0, id="a", function={"name": "f", "arguments": "}"}
    )
    as_object = call(index=3, id="a", function={"name": "f", "arguments": {"x": 1}})
    for stream, expected in (
        (no_index, [("a", "f", "{}"), ("b", "g", '{"y":2}')]),
        (repeated, [("a", "f", "{}")]),
        (as_object, [("a", "f", '{"x":1}')]),
    ):
        deltas, reader = read(OPENAI, stream + chunk({}, "stop") + b"data: [DONE]\n\n")
        assert [(c.id, c.name, c.arguments) for c in assemble(deltas).tool_calls] == expected
        assert reader.finish is Finish.TOOL_CALLS


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
