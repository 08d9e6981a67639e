"""The binary event stream, against botocore's own reader: the same at any cut, and nothing believed that was changed."""

from __future__ import annotations

import json
from base64 import b64decode
from binascii import crc32
from itertools import pairwise
from typing import Any

import pytest
from botocore.eventstream import EventStreamBuffer
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.conversation import Delta
from gateway.core.price import Usage, UsageSource
from gateway.dialects import PROTOCOLS
from gateway.dialects.event_stream import Frames
from gateway.dialects.sse import Event
from gateway.errors import UpstreamError, UpstreamInvalidResponse, UpstreamRateLimited
from gateway.simulator.event_stream import event, exception, message
from tests.gateway.dialects.other_rows import rows

STREAMS = [b64decode(row["response"]) for row in rows("bedrock.converse_stream") if row["status"] == 200]
WHOLE = b"".join(
    [
        event("messageStart", {"role": "assistant", "p": "abc"}),
        event("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"text": "Hellö 🌍"}}),
        event("contentBlockStop", {"contentBlockIndex": 0}),
        event(
            "contentBlockStart",
            {"contentBlockIndex": 1, "start": {"toolUse": {"toolUseId": "t1", "name": "f"}}},
        ),
        event("contentBlockDelta", {"contentBlockIndex": 1, "delta": {"toolUse": {"input": '{"x":'}}}),
        event("contentBlockDelta", {"contentBlockIndex": 1, "delta": {"toolUse": {"input": "1}"}}}),
        event("contentBlockStop", {"contentBlockIndex": 1}),
        event("messageStop", {"stopReason": "tool_use"}),
        event("metadata", {"usage": {"inputTokens": 9, "outputTokens": 4, "totalTokens": 13}}),
    ]
)


def read(pieces: list[bytes]) -> tuple[list[Delta], UpstreamError | None]:
    reader = PROTOCOLS["bedrock"].stream_reader()
    deltas = [delta for piece in pieces for delta in reader.feed(piece)] + reader.end()
    return deltas, reader.error


def theirs(data: bytes) -> list[Event]:
    buffer = EventStreamBuffer()
    buffer.add_data(data)
    return [Event(found.headers[":event-type"].encode(), found.payload) for found in buffer]


@pytest.mark.parametrize("data", STREAMS)
def test_events_are_those_of_another_implementation(data: bytes) -> None:
    assert Frames().feed(data) == theirs(data)


@given(cuts=st.lists(st.integers(0, len(WHOLE)), max_size=12))
def test_a_stream_reads_the_same_however_it_is_cut(cuts: list[int]) -> None:
    edges = [0, *sorted(cuts), len(WHOLE)]
    pieces = [WHOLE[start:end] for start, end in pairwise(edges)]
    assert read(pieces) == read([WHOLE])
    assert read([WHOLE])[1] is None


@pytest.mark.parametrize("data", STREAMS)
def test_a_stream_reads_the_same_byte_by_byte(data: bytes) -> None:
    assert read([data[i : i + 1] for i in range(len(data))]) == read([data])


@given(place=st.integers(0, len(WHOLE) - 1), bit=st.integers(0, 7))
def test_a_stream_that_was_changed_is_not_believed(place: int, bit: int) -> None:
    """Whatever came before the damage is as it was; the rest is not read, and the end is no good one."""
    damaged = bytearray(WHOLE)
    damaged[place] ^= 1 << bit
    reader = PROTOCOLS["bedrock"].stream_reader()
    deltas = reader.feed(bytes(damaged)) + reader.end()
    right, _ = read([WHOLE])
    assert deltas == right[: len(deltas)]
    assert len(deltas) < len(right) or not reader.complete
    assert reader.complete is False
    assert reader.error is not None


@given(junk=st.binary(min_size=1, max_size=200))
def test_junk_is_never_a_stream(junk: bytes) -> None:
    reader = PROTOCOLS["bedrock"].stream_reader()
    assert reader.feed(junk) + reader.end() == []
    assert reader.complete is False
    assert isinstance(reader.error, UpstreamError)


@pytest.mark.parametrize("end", [0, 5, 40, len(WHOLE) - 1])
def test_a_stream_that_is_cut_is_not_whole(end: int) -> None:
    reader = PROTOCOLS["bedrock"].stream_reader()
    reader.feed(WHOLE[:end])
    reader.end()
    assert (reader.error is None) == reader.complete == (reader.finish is not None)


def test_a_message_that_is_too_large_ends_it() -> None:
    frames = Frames()
    data = message({":event-type": "x", ":message-type": "event"}, b" " * (16 * 1024 * 1024))
    assert frames.feed(data[:12]) == []
    assert frames.broken


def test_headers_of_every_type_are_passed_over() -> None:
    others = b"".join(
        bytes([len(name)]) + name + value
        for name, value in (
            (b"yes", b"\x00"),
            (b"no", b"\x01"),
            (b"byte", b"\x02\x07"),
            (b"short", b"\x03\x00\x07"),
            (b"int", b"\x04" + bytes(4)),
            (b"long", b"\x05" + bytes(8)),
            (b"bytes", b"\x06\x00\x02ab"),
            (b"time", b"\x08" + bytes(8)),
            (b"uuid", b"\x09" + bytes(16)),
            (b":event-type", b"\x07\x00\x04some"),
        )
    )
    assert Frames().feed(framed(others, b"{}")) == [Event(b"some", b"{}")]
    assert theirs(framed(others, b"{}")) == [Event(b"some", b"{}")]


@pytest.mark.parametrize("headers", [b"\x05abc", b"\x01a\x0a", b"\x01a\x07\x00", b"\x09a"])
def test_headers_that_cannot_be_end_it(headers: bytes) -> None:
    frames = Frames()
    assert frames.feed(framed(headers, b"{}")) == []
    assert frames.broken


def framed(headers: bytes, payload: bytes) -> bytes:
    sizes = (16 + len(headers) + len(payload)).to_bytes(4) + len(headers).to_bytes(4)
    whole = sizes + crc32(sizes).to_bytes(4) + headers + payload
    return whole + crc32(whole).to_bytes(4)


@pytest.mark.parametrize(
    ("kind", "value", "error", "status"),
    [
        ("throttlingException", {"message": "Too many requests"}, UpstreamRateLimited, 429),
        ("internalServerException", {"message": "x"}, UpstreamError, 502),
        ("modelStreamErrorException", {"message": "x", "originalStatusCode": 503}, UpstreamError, 502),
        ("validationException", {"message": "Input is too long for requested model."}, UpstreamError, 400),
        ("serviceUnavailableException", {}, UpstreamError, 502),
        ("somethingNew", {}, UpstreamError, 502),
    ],
)
def test_exceptions_keep_their_meaning(
    kind: str, value: dict[str, Any], error: type[UpstreamError], status: int
) -> None:
    reader = PROTOCOLS["bedrock"].stream_reader()
    start = event("messageStart", {"role": "assistant"})
    assert len(reader.feed(start + exception(kind, value) + WHOLE)) == 1
    assert isinstance(reader.error, error)
    assert reader.error.status == status
    assert reader.complete is False


def test_an_error_without_a_payload_is_one() -> None:
    told = {":message-type": "error", ":error-code": "InternalFailure", ":error-message": "It broke"}
    deltas, error = read([message(told, b"")])
    assert deltas == []
    assert isinstance(error, UpstreamError)
    assert not isinstance(error, UpstreamInvalidResponse)


@pytest.mark.parametrize(
    ("usage", "expected", "source"),
    [
        (
            {
                "inputTokens": 3,
                "outputTokens": 7,
                "totalTokens": 47,
                "cacheReadInputTokens": 5,
                "cacheWriteInputTokens": 32,
                "cacheDetails": [{"ttl": "5m", "inputTokens": 20}, {"ttl": "1h", "inputTokens": 12}],
            },
            Usage(input=3, cache_read=5, cache_write=20, cache_write_1h=12, output=7),
            UsageSource.PROVIDER_FINAL,
        ),
        ({"inputTokens": 3}, Usage(input=3), UsageSource.PROVIDER_PARTIAL),
        ({"inputTokens": -3, "outputTokens": 1}, Usage(output=1), UsageSource.PROVIDER_PARTIAL),
        (None, Usage(), UsageSource.NONE),
    ],
)
def test_usage_is_in_buckets(usage: Any, expected: Usage, source: UsageSource) -> None:
    reader = PROTOCOLS["bedrock"].stream_reader()
    reader.feed(event("messageStart", {}) + event("messageStop", {"stopReason": "end_turn"}))
    reader.feed(event("metadata", {"usage": usage} if usage else {"metrics": {}}))
    assert (reader.usage, reader.usage_source) == (expected, source)
    assert reader.complete
    whole = {"output": {"message": {"content": [{"text": "Hi"}]}}, "stopReason": "end_turn", "usage": usage}
    reply = PROTOCOLS["bedrock"].parse_reply(json.dumps(whole).encode())
    assert (reply.usage, reply.usage_source) == (expected, source)
