"""Streams as they come: cut anywhere, ended anyhow, in every line ending, from providers of every kind."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.core.assemble import assemble
from gateway.core.conversation import Ended, Finish, TextDelta
from gateway.core.price import Usage, UsageSource
from gateway.dialects import DIALECTS
from gateway.dialects.dialect import MAX_EVENT
from gateway.errors import UpstreamError, UpstreamInvalidResponse, UpstreamRateLimited
from tests.gateway.dialects.sample_streams import CHAT, MESSAGES, STREAM, USAGE, chunk, event, read, relay
from tests.gateway.dialects.samples import ANTHROPIC, OPENAI, SURFACES, events, parse, streams

both = pytest.mark.parametrize("dialect", SURFACES)


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


@settings(max_examples=100, deadline=None)
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


@both
@pytest.mark.parametrize("keeps", [True, False])
def test_how_long_an_answer_is_follows_from_its_beginning(dialect: str, keeps: bool) -> None:
    """A long stream is not read to the end for an estimate, unless someone asks for all of it."""
    said = (
        STREAM[dialect][: STREAM[dialect].index(b"tool")].rpartition(b"\n\n")[0].rpartition(b"\n\n")[0]
        + b"\n\n"
    )
    if dialect == OPENAI:
        word = chunk({"content": "word "})
    else:
        word = event("content_block_delta", index=0, delta={"type": "text_delta", "text": "word "})
    relayed = DIALECTS[dialect].stream_relay(parse(dialect, stream=True), keeps=keeps)
    for piece in [said, *[word * 10] * 300]:
        relayed.feed(piece)
    assert abs(relayed.characters / (3_000 * 5) - 1) < 0.02
    assert (relayed.text.count("word ") == 3_000) == keeps
