"""Streams of both dialects that say the same, and the shortest ways to read and relay one."""

from __future__ import annotations

import json
from typing import Any

from gateway.core.conversation import Delta
from gateway.dialects import DIALECTS
from tests.gateway.dialects.samples import ANTHROPIC, OPENAI, parse


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
