"""Nonsense, in requests to and answers from the protocols that only providers speak: taken or refused, nothing else."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from gateway.core.assemble import assemble
from gateway.dialects import DIALECTS, PROTOCOLS
from gateway.errors import InvalidRequest, UpstreamError
from gateway.simulator.event_stream import event as frame
from tests.gateway.dialects.samples import ANTHROPIC, HEADERS, MODEL, OPENAI, SURFACES, body
from tests.gateway.dialects.test_mutations import NONSENSE, RICH, changed, places

OTHERS = ("azure", "bedrock", "bedrock_anthropic", "cohere", "ollama")
USE = {"toolUseId": "a", "name": "f", "input": {"x": 1}}
ANSWERS: dict[str, dict[str, Any]] = {
    "bedrock": {
        "output": {
            "message": {
                "role": "assistant",
                "content": [
                    {"text": "x"},
                    {"toolUse": USE},
                    {"toolUse": USE | {"type": "server_tool_use"}},
                    {"toolResult": {"toolUseId": "a", "content": [{"json": {}}], "status": "success"}},
                    {"reasoningContent": {"reasoningText": {"text": "hm", "signature": "s"}}},
                    {"reasoningContent": {"redactedContent": "aGk="}},
                    {"citationsContent": {"content": [{"text": "x"}], "citations": [{}]}},
                ],
            }
        },
        "stopReason": "tool_use",
        "additionalModelResponseFields": {"stop_sequence": "END"},
        "usage": {
            "inputTokens": 9,
            "outputTokens": 4,
            "totalTokens": 16,
            "cacheReadInputTokens": 1,
            "cacheWriteInputTokens": 2,
            "cacheDetails": [{"ttl": "1h", "inputTokens": 1}],
        },
        "metrics": {"latencyMs": 5},
    },
    "cohere": {
        "id": "x",
        "finish_reason": "TOOL_CALL",
        "message": {
            "role": "assistant",
            "tool_plan": "p",
            "content": [{"type": "text", "text": "x"}, {"type": "thinking", "thinking": "hm"}],
            "tool_calls": [{"id": "a", "type": "function", "function": {"name": "f", "arguments": "{}"}}],
            "citations": [{"start": 0}],
        },
        "logprobs": [{"text": "x", "token_ids": [1], "logprobs": [-0.5]}],
        "usage": {
            "billed_units": {"input_tokens": 9, "output_tokens": 4},
            "tokens": {"input_tokens": 90, "output_tokens": 5},
        },
    },
    "ollama": {
        "model": "m",
        "created_at": "2026-11-24T12:00:00Z",
        "message": {
            "role": "assistant",
            "content": "x",
            "thinking": "hm",
            "tool_calls": [{"id": "a", "function": {"name": "f", "arguments": {"x": 1}}}],
        },
        "logprobs": [{"token": "x", "logprob": -0.5}],
        "done": True,
        "done_reason": "stop",
        "prompt_eval_count": 9,
        "eval_count": 4,
    },
}


# What would have to be fetched, which none of these providers does.
BY_REFERENCE: dict[str, list[tuple[Any, ...]]] = {
    OPENAI: [("messages", 1, "content", 2)],
    ANTHROPIC: [("messages", 2, "content", 0, "content", 1)],
}


@pytest.mark.parametrize("surface", SURFACES)
def test_nonsense_in_a_request_is_said_or_refused(surface: str) -> None:
    said, rich = 0, RICH[surface]
    for way in BY_REFERENCE[surface]:
        rich = changed(rich, way, ...)
    for way in places(rich):
        for value in [..., *NONSENSE]:
            request = json.dumps(changed(rich, way, value)).encode()
            try:
                conversation = DIALECTS[surface].conversation_of(
                    DIALECTS[surface].parse_request(request, HEADERS)
                )
            except InvalidRequest:
                continue
            for protocol in OTHERS:
                try:
                    PROTOCOLS[protocol].translate(conversation, MODEL)
                except InvalidRequest:
                    continue
                said += 1
    assert said > 200


@pytest.mark.parametrize("protocol", ANSWERS)
def test_nonsense_in_an_answer_is_read_or_refused(protocol: str) -> None:
    for way in places(ANSWERS[protocol]):
        for value in [..., *NONSENSE]:
            raw = json.dumps(changed(ANSWERS[protocol], way, value)).encode()
            try:
                reply = PROTOCOLS[protocol].parse_reply(raw)
            except UpstreamError:
                continue
            assert reply.usage.prompt >= 0 <= reply.usage.completion
            for surface in SURFACES:
                asked = DIALECTS[surface].parse_request(json.dumps(body(surface)).encode(), HEADERS)
                DIALECTS[surface].parse_reply(DIALECTS[surface].render_reply(reply, asked, now=1))


@pytest.mark.parametrize("protocol", OTHERS)
@pytest.mark.parametrize("raw", [b"", b"null", b"[]", b"{}", b'"x"', b"{", b"\xff", b"<html>", b"[" * 5_000])
def test_what_is_no_answer_is_none(protocol: str, raw: bytes) -> None:
    with pytest.raises(UpstreamError):
        PROTOCOLS[protocol].parse_reply(raw)
    for status in (200, 302, 400, 418, 429, 500):
        assert isinstance(PROTOCOLS[protocol].classify_error(status, {}, raw, now=0.0), UpstreamError)
    reader = PROTOCOLS[protocol].stream_reader()
    reader.feed(raw)
    reader.end()
    assert reader.complete is False


def server_sent(value: dict[str, Any]) -> bytes:
    return b"data: " + json.dumps(value).encode() + b"\n\n"


def framed(value: dict[str, Any]) -> bytes:
    return frame(value["name"], value["body"])


def line(value: dict[str, Any]) -> bytes:
    return json.dumps(value).encode() + b"\n"


def of_message(**value: Any) -> dict[str, Any]:
    return {"index": 0, "delta": {"message": value}}


CALL = {"id": "a", "type": "function", "function": {"name": "f", "arguments": "{}"}}
EVENTS: dict[str, tuple[Callable[[dict[str, Any]], bytes], list[dict[str, Any]]]] = {
    "bedrock": (
        framed,
        [
            {"name": name, "body": told}
            for name, told in (
                ("messageStart", {"role": "assistant"}),
                ("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"text": "x"}}),
                (
                    "contentBlockDelta",
                    {"contentBlockIndex": 0, "delta": {"reasoningContent": {"text": "hm"}}},
                ),
                (
                    "contentBlockDelta",
                    {"contentBlockIndex": 0, "delta": {"reasoningContent": {"signature": "s"}}},
                ),
                (
                    "contentBlockStart",
                    {"contentBlockIndex": 1, "start": {"toolUse": {"toolUseId": "a", "name": "f"}}},
                ),
                ("contentBlockDelta", {"contentBlockIndex": 1, "delta": {"toolUse": {"input": "{}"}}}),
                ("contentBlockStop", {"contentBlockIndex": 1}),
                (
                    "messageStop",
                    {"stopReason": "tool_use", "additionalModelResponseFields": {"stop_sequence": "x"}},
                ),
                ("metadata", {"usage": ANSWERS["bedrock"]["usage"], "metrics": {}}),
            )
        ],
    ),
    "cohere": (
        server_sent,
        [
            {"type": "message-start", "id": "x"} | of_message(role="assistant", content=[]),
            {"type": "tool-plan-delta"} | of_message(tool_plan="p"),
            {"type": "content-start"} | of_message(content={"type": "text", "text": ""}),
            {"type": "content-delta", "logprobs": {"logprobs": [-0.5]}} | of_message(content={"text": "x"}),
            {"type": "content-delta"} | of_message(content={"thinking": "x"}),
            {"type": "tool-call-start"} | of_message(tool_calls=CALL),
            {"type": "tool-call-delta"} | of_message(tool_calls={"function": {"arguments": "{}"}}),
            {"type": "tool-call-end", "index": 0},
            {
                "type": "message-end",
                "delta": {"finish_reason": "TOOL_CALL", "usage": ANSWERS["cohere"]["usage"], "error": "x"},
            },
        ],
    ),
    "ollama": (line, [ANSWERS["ollama"] | {"done": False}, ANSWERS["ollama"]]),
}


@pytest.mark.parametrize("protocol", EVENTS)
def test_nonsense_in_a_stream_is_read_or_ends_it(protocol: str) -> None:
    write, told = EVENTS[protocol]
    for number, value in enumerate(told):
        for way in places(value):
            if way == ("name",):
                continue
            for nonsense in [..., *NONSENSE]:
                if way == ("body",) and nonsense is ...:
                    continue
                events = [*told[:number], changed(value, way, nonsense), *told[number + 1 :]]
                reader = PROTOCOLS[protocol].stream_reader()
                deltas = reader.feed(b"".join(map(write, events))) + reader.end()
                assert reader.usage.prompt >= 0 <= reader.usage.completion
                assert not (reader.complete and reader.error)
                for surface in SURFACES:
                    asked = DIALECTS[surface].parse_request(
                        json.dumps(body(surface, stream=True)).encode(), HEADERS
                    )
                    writer = DIALECTS[surface].stream_writer(asked, now=1)
                    b"".join(map(writer.write, deltas)) + writer.close()
                assemble(deltas)
