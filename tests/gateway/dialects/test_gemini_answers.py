"""What providers of Gemini's protocol answer, and how callers of its surface are answered."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from gateway.core.assemble import assemble
from gateway.core.conversation import Ended, Finish, Thinking, ToolCall
from gateway.core.price import Usage, UsageSource
from gateway.dialects import DIALECTS, PROTOCOLS
from gateway.dialects.gemini.array import JsonArray, is_wanted
from gateway.dialects.gemini.parts import UNSIGNED
from gateway.errors import (
    ProviderCredentialsInvalid,
    ProviderInvalidRequest,
    ProviderQuotaExhausted,
    RateLimited,
    UpstreamError,
    UpstreamInvalidResponse,
    UpstreamRateLimited,
)
from gateway.learned import blamed
from tests.gateway.dialects.samples import (
    ANTHROPIC,
    OPENAI,
    parse,
)
from tests.gateway.dialects.test_gemini_requests import asked

GEMINI = DIALECTS["gemini"]

ANSWER: dict[str, Any] = {
    "candidates": [
        {
            "content": {
                "role": "model",
                "parts": [
                    {"text": "Hm.", "thought": True},
                    {"text": "Let me see.", "thoughtSignature": "x"},
                    {"functionCall": {"name": "f", "args": {"a": 1}}, "thoughtSignature": "c2ln"},
                    {"functionCall": {"id": "own", "name": "g"}},
                ],
            },
            "finishReason": "STOP",
        }
    ],
    "usageMetadata": {
        "promptTokenCount": 100,
        "cachedContentTokenCount": 40,
        "toolUsePromptTokenCount": 7,
        "candidatesTokenCount": 20,
        "thoughtsTokenCount": 5,
        "totalTokenCount": 132,
        "promptTokensDetails": [
            {"modality": "TEXT", "tokenCount": 60},
            {"modality": "AUDIO", "tokenCount": 30},
            {"modality": "IMAGE", "tokenCount": 10},
        ],
        "cacheTokensDetails": [
            {"modality": "AUDIO", "tokenCount": 25},
            {"modality": "TEXT", "tokenCount": 15},
        ],
        "candidatesTokensDetails": [{"modality": "AUDIO", "tokenCount": 4}],
    },
    "modelVersion": "gemini-x",
    "responseId": "R1",
}
COUNTED = Usage(
    input=45,
    cache_read=15,
    audio_cache_read=25,
    audio_input=5,
    image_input=10,
    tool_input=7,
    output=21,
    audio_output=4,
    reasoning=5,
)


def test_an_answer_is_read_with_every_bucket() -> None:
    reply = GEMINI.parse_reply(json.dumps(ANSWER).encode())
    assert reply.usage == COUNTED
    assert (reply.usage.prompt, reply.usage.completion) == (107, 25)
    assert reply.usage_source is UsageSource.PROVIDER_FINAL
    assert reply.finish is Finish.TOOL_CALLS
    assert reply.parts[0] == Thinking(text="Hm.")
    assert reply.tool_calls == (
        ToolCall("call_R1_0", "f", '{"a":1}', "c2ln"),
        ToolCall("own", "g", "{}"),
    )
    again = GEMINI.parse_reply(GEMINI.render_reply(reply, asked(), now=1))
    assert again.usage == replace(COUNTED, image_input=10)
    assert again.tool_calls == (reply.tool_calls[0], ToolCall("own", "g", "{}", UNSIGNED))
    assert again.text == "Let me see."


@pytest.mark.parametrize(
    ("changes", "source"),
    [
        ({"promptTokenCount": -1}, UsageSource.PROVIDER_PARTIAL),
        ({"candidatesTokenCount": 1e30}, UsageSource.PROVIDER_PARTIAL),
        ({"cachedContentTokenCount": 101}, UsageSource.PROVIDER_PARTIAL),
        ({"candidatesTokenCount": None}, UsageSource.PROVIDER_FINAL),
    ],
)
def test_usage_without_reason_is_not_believed(changes: dict[str, Any], source: UsageSource) -> None:
    body = ANSWER | {"usageMetadata": ANSWER["usageMetadata"] | changes}
    assert GEMINI.parse_reply(json.dumps(body).encode()).usage_source is source


@pytest.mark.parametrize(
    ("word", "finish"),
    [
        ("STOP", Finish.STOP),
        ("MAX_TOKENS", Finish.LENGTH),
        ("SAFETY", Finish.CONTENT_FILTER),
        ("RECITATION", Finish.CONTENT_FILTER),
        ("PROHIBITED_CONTENT", Finish.CONTENT_FILTER),
        ("MALFORMED_FUNCTION_CALL", Finish.UNKNOWN),
        ("SOMETHING_NEW", Finish.UNKNOWN),
    ],
)
def test_why_an_answer_ended(word: str, finish: Finish) -> None:
    body = json.dumps({"candidates": [{"finishReason": word}]}).encode()
    assert GEMINI.parse_reply(body).finish is finish
    reader = GEMINI.stream_reader()
    reader.feed(b"data: %b\r\n\r\n" % body)
    reader.end()
    assert (reader.finish, reader.complete) == (finish, True)


def test_a_prompt_that_is_blocked_is_an_answer_without_words() -> None:
    body = json.dumps(
        {"promptFeedback": {"blockReason": "SAFETY"}, "usageMetadata": {"promptTokenCount": 4}}
    ).encode()
    reply = GEMINI.parse_reply(body)
    assert (reply.parts, reply.finish, reply.usage.prompt) == ((), Finish.CONTENT_FILTER, 4)
    reader = GEMINI.stream_reader()
    deltas = reader.feed(b"data: %b\n\n" % body) + reader.end()
    assert Ended(finish=Finish.CONTENT_FILTER) in deltas
    assert reader.complete


@pytest.mark.parametrize(
    "body", [b"", b"null", b"[]", b"{}", b"<html>", b'{"candidates":[]}', b'{"candidates']
)
def test_what_is_no_answer(body: bytes) -> None:
    with pytest.raises(UpstreamInvalidResponse):
        GEMINI.parse_reply(body)


# Streams

CHUNKS: tuple[dict[str, Any], ...] = (
    {"candidates": [{"content": {"parts": [{"text": "Hm.", "thought": True}], "role": "model"}}]},
    {"candidates": [{"content": {"parts": [{"text": "Hellö 世界 "}], "role": "model"}, "index": 0}]},
    {"candidates": [{"content": {"parts": [{"text": '"data: {}"\n\n🌍'}], "role": "model"}, "index": 0}]},
    {"candidates": [{"content": {"parts": [{"functionCall": {"name": "f", "args": {"x": 1}}}]}}]},
    {"candidates": [{"finishReason": "STOP"}], "usageMetadata": ANSWER["usageMetadata"]},
)
STREAM = b"".join(
    b"data: "
    + json.dumps({"modelVersion": "m", "responseId": "R"} | chunk, ensure_ascii=False).encode()
    + b"\r\n\r\n"
    for chunk in CHUNKS
)


@settings(max_examples=60, deadline=None)
@given(
    cuts=st.lists(st.integers(0, len(STREAM)), max_size=6), ending=st.sampled_from([b"\r\n", b"\n", b"\r"])
)
def test_a_stream_reads_the_same_however_it_is_cut(cuts: list[int], ending: bytes) -> None:
    stream = STREAM.replace(b"\r\n", ending)
    places = [0, *sorted(min(cut, len(stream)) for cut in cuts), len(stream)]
    pieces = [stream[a:b] for a, b in pairwise(places)]
    reader, relay = GEMINI.stream_reader(), GEMINI.stream_relay(asked(streaming=True), keeps=True)
    deltas = [delta for piece in pieces for delta in reader.feed(piece)] + reader.end()
    relayed = b"".join([*map(relay.feed, pieces), relay.end()])
    reply = assemble(deltas)
    assert reply.text == 'Hellö 世界 "data: {}"\n\n🌍'
    assert reply.tool_calls == (ToolCall("call_R_0", "f", '{"x":1}'),)
    assert (reply.finish, reply.usage) == (Finish.TOOL_CALLS, COUNTED)
    assert relayed == stream
    assert relay.complete
    assert (relay.usage, relay.finish, relay.text) == (COUNTED, Finish.TOOL_CALLS, reply.text)


@pytest.mark.parametrize("surface", [OPENAI, ANTHROPIC])
def test_a_stream_of_another_protocol_is_written_and_read_again(surface: str) -> None:
    reader = GEMINI.stream_reader()
    deltas = reader.feed(STREAM) + reader.end()
    thinking = {"thinkingConfig": {"includeThoughts": True}}
    writer = GEMINI.stream_writer(asked(streaming=True, generationConfig=thinking), now=1)
    written = b"".join(map(writer.write, deltas)) + writer.close()
    again = GEMINI.stream_reader()
    read = assemble(again.feed(written) + again.end())
    assert (read.text, read.usage, read.finish) == (assemble(deltas).text, COUNTED, Finish.TOOL_CALLS)
    assert read.tool_calls == (ToolCall("call_R_0", "f", '{"x":1}', UNSIGNED),)
    assert read.parts[0] == Thinking(text="Hm.")
    other = DIALECTS[surface].stream_writer(parse(surface, stream=True), now=1)
    assert b"".join(map(other.write, deltas)) + other.close()


def test_a_stream_that_breaks_off_is_not_whole() -> None:
    cut = STREAM[: STREAM.index(b'{"modelVersion": "m", "responseId": "R", "candidates": [{"finish')]
    reader = GEMINI.stream_reader()
    reader.feed(cut)
    reader.end()
    assert not reader.complete
    assert isinstance(reader.error, UpstreamError)


def test_an_error_in_a_stream_is_kept_back_and_told_in_the_shape() -> None:
    error = b'data: {"error":{"code":429,"message":"slow down","status":"RESOURCE_EXHAUSTED"}}\r\n\r\n'
    relay = GEMINI.stream_relay(asked(streaming=True))
    first = STREAM.split(b"\r\n\r\n")[1] + b"\r\n\r\n"
    assert relay.feed(first + error) == first
    assert isinstance(relay.error, UpstreamRateLimited)
    told_error = json.loads(GEMINI.stream_error(relay.error).removeprefix(b"data: "))["error"]
    assert (told_error["code"], told_error["status"]) == (429, "RESOURCE_EXHAUSTED")


@given(cuts=st.lists(st.integers(0, len(STREAM)), max_size=4))
def test_a_stream_as_an_array(cuts: list[int]) -> None:
    places = [0, *sorted(cuts), len(STREAM)]
    array = JsonArray()
    written = b"".join(array.feed(STREAM[a:b]) for a, b in pairwise(places))
    assert json.loads(written + array.end()) == [
        {"modelVersion": "m", "responseId": "R"} | chunk for chunk in CHUNKS
    ]
    assert (is_wanted(b""), is_wanted(b"alt=sse"), is_wanted(b"x=1&alt=json")) == (True, False, True)
    assert JsonArray().end() == b"[]"


# Errors


@pytest.mark.parametrize(
    ("status", "error", "kind"),
    [
        (400, {"status": "INVALID_ARGUMENT", "message": "no"}, ProviderInvalidRequest),
        (400, {"details": [{"reason": "API_KEY_INVALID"}]}, ProviderCredentialsInvalid),
        (400, {"status": "FAILED_PRECONDITION"}, ProviderQuotaExhausted),
        (403, {"status": "PERMISSION_DENIED"}, ProviderCredentialsInvalid),
        (429, {"status": "RESOURCE_EXHAUSTED"}, UpstreamRateLimited),
        (429, {"details": [{"violations": [{"quotaId": "FreeTierPerDay"}]}]}, ProviderQuotaExhausted),
        (503, {"status": "UNAVAILABLE"}, UpstreamError),
    ],
)
def test_what_a_refusal_means(status: int, error: dict[str, Any], kind: type[UpstreamError]) -> None:
    for body in ({"error": error}, [{"error": error}]):
        found = GEMINI.classify_error(status, {}, json.dumps(body).encode(), now=0.0)
        assert type(found) is kind
    with pytest.raises(kind):
        GEMINI.parse_reply(json.dumps({"error": {"code": status} | error}).encode())


def test_a_wait_is_read_and_told() -> None:
    body = b'{"error":{"code":429,"details":[{"@type":"RetryInfo","retryDelay":"7.5s"}]}}'
    assert GEMINI.classify_error(429, {}, body, now=0.0).retry_after == 7.5
    rendered = GEMINI.render_error(RateLimited(retry_after=7.5), "r")
    details = json.loads(rendered.body)["error"]["details"]
    assert details[-1] == {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "8s"}
    assert (b"retry-after", b"8") in rendered.headers


def test_a_prompt_too_long_may_find_room_elsewhere() -> None:
    message = "The input token count (20) exceeds the maximum number of tokens allowed (10)."
    error = GEMINI.classify_error(400, {}, json.dumps({"error": {"message": message}}).encode(), now=0.0)
    assert isinstance(error, ProviderInvalidRequest)
    assert error.retryable


def test_a_field_that_is_not_enabled_is_one_to_leave_out() -> None:
    body = b'{"error":{"code":400,"message":"Logprobs is not enabled for models/gemini-2.5-pro"}}'
    error = GEMINI.classify_error(400, {}, body, now=0.0)
    assert isinstance(error, ProviderInvalidRequest)
    assert blamed(error) == "logprobs"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (
            {"error": {"code": 404, "message": "not in this region", "status": "NOT_FOUND"}},
            "not in this region",
        ),
        ({"type": "error", "error": {"type": "not_found_error", "message": "model: x"}}, "model: x"),
    ],
)
def test_on_vertex_errors_come_in_two_shapes(body: dict[str, Any], message: str) -> None:
    error = PROTOCOLS["vertex_anthropic"].classify_error(404, {}, json.dumps(body).encode(), now=0.0)
    assert (type(error), error.message) == (ProviderInvalidRequest, message)
