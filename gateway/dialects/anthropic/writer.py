"""Deltas → events for a caller: blocks one after the other, each begun, filled and ended."""

from __future__ import annotations

from typing import Any

import msgspec

from gateway.core.conversation import (
    CitationDelta,
    Counted,
    Delta,
    Ended,
    Finish,
    ImageDelta,
    RefusalDelta,
    Started,
    TextDelta,
    ThinkingDelta,
    ToolArguments,
    ToolCallStarted,
)
from gateway.core.price import NOTHING, Usage
from gateway.dialects.anthropic.citations import written
from gateway.dialects.anthropic.reply import WORDS, reply_id
from gateway.dialects.anthropic.surface import stream_error
from gateway.dialects.anthropic.usage import write_usage
from gateway.dialects.sse import write_event
from gateway.dialects.unshown import NO_IMAGE
from gateway.errors import GatewayError

_encode = msgspec.json.Encoder().encode


class MessageWriter:
    """Usage comes after the end in other dialects, so the end is written when the stream is closed.

    What comes while a tool's arguments are not whole yet waits: blocks cannot be interleaved.
    """

    def __init__(self, *, prompt_tokens: int, shows_thinking: bool) -> None:
        self._prompt_tokens = prompt_tokens
        self._shows_thinking = shows_thinking
        self._blocks = 0  # begun so far
        self._kind = ""  # of the open block: text | thinking | tool; empty: none is open
        self._call = -1  # whose arguments the open block holds
        self._arguments: list[str] = []
        self._waiting: list[Delta] = []
        self._usage: Usage | None = None
        self._end = Ended(finish=Finish.UNKNOWN)

    def write(self, delta: Delta) -> bytes:
        match delta:
            case Started():
                return self._start(delta)
            case Ended():
                self._end = delta
            case Counted(usage=usage):
                self._usage = usage
            case ToolArguments(index=index, json=piece) if self._kind == "tool" and index == self._call:
                self._arguments.append(piece)
                return self._fill({"type": "input_json_delta", "partial_json": piece}) + self._catch_up()
            case _ if self._kind == "tool" and not self._is_whole():
                self._waiting.append(delta)
            case _:
                return self._say(delta)
        return b""

    def close(self) -> bytes:
        written = self._close_block()
        while self._waiting:
            waiting, self._waiting = self._waiting, []
            written += b"".join(map(self.write, waiting)) + self._close_block()
        end = self._end
        body = {
            "type": "message_delta",
            "delta": {
                "stop_reason": WORDS.get(end.finish, "end_turn"),
                "stop_sequence": end.stop_sequence or None,
            },
            "usage": write_usage(self._usage or Usage(input=self._prompt_tokens)),
        }
        return written + _event(b"message_delta", body) + _event(b"message_stop", {"type": "message_stop"})

    def error(self, error: GatewayError) -> bytes:
        return stream_error(error)

    def _start(self, started: Started) -> bytes:
        usage = Usage(input=self._prompt_tokens) if started.usage == NOTHING else started.usage
        message: dict[str, Any] = {
            "id": reply_id(started.id),
            "type": "message",
            "role": "assistant",
            "model": started.model,
            "content": [],
            "stop_reason": None,
            "stop_sequence": None,
            "usage": write_usage(usage),
        }
        return _event(b"message_start", {"type": "message_start", "message": message})

    def _say(self, delta: Delta) -> bytes:
        match delta:
            case TextDelta(text=text, choice=0) | RefusalDelta(text=text):
                return self._open("text", {"type": "text", "text": ""}) + self._fill(
                    {"type": "text_delta", "text": text}
                )
            case CitationDelta(citation=citation, choice=0) if citation.url and self._kind == "text":
                return self._fill({"type": "citations_delta", "citation": written(citation)})
            case ImageDelta():
                return NO_IMAGE
            case ThinkingDelta() if self._shows_thinking:
                return self._think(delta)
            case ToolCallStarted(choice=0):
                block = {"type": "tool_use", "id": delta.id, "name": delta.name, "input": {}}
                opened = self._close_block() + self._open("tool", block)
                self._call, self._arguments = delta.index, []
                return opened
        return b""

    def _think(self, delta: ThinkingDelta) -> bytes:
        if delta.redacted:
            block = {"type": "redacted_thinking", "data": delta.redacted}
            return self._close_block() + self._open("thinking", block) + self._close_block()
        written = self._open("thinking", {"type": "thinking", "thinking": "", "signature": ""})
        if delta.text:
            written += self._fill({"type": "thinking_delta", "thinking": delta.text})
        if delta.signature:
            written += self._fill({"type": "signature_delta", "signature": delta.signature})
            written += self._close_block()
        return written

    def _catch_up(self) -> bytes:
        if not self._waiting or not self._is_whole():
            return b""
        waiting, self._waiting = self._waiting, []
        return b"".join(map(self.write, waiting))

    def _is_whole(self) -> bool:
        try:
            msgspec.json.decode("".join(self._arguments) or "{}")
        except msgspec.DecodeError:
            return False
        return True

    def _open(self, kind: str, block: dict[str, Any]) -> bytes:
        if self._kind == kind:
            return b""
        closed = self._close_block()
        self._kind = kind
        self._blocks += 1
        start = {"type": "content_block_start", "index": self._blocks - 1, "content_block": block}
        return closed + _event(b"content_block_start", start)

    def _fill(self, delta: dict[str, Any]) -> bytes:
        filled = {"type": "content_block_delta", "index": self._blocks - 1, "delta": delta}
        return _event(b"content_block_delta", filled)

    def _close_block(self) -> bytes:
        if not self._kind:
            return b""
        self._kind = ""
        stop = {"type": "content_block_stop", "index": self._blocks - 1}
        return _event(b"content_block_stop", stop)


def _event(name: bytes, body: dict[str, Any]) -> bytes:
    return write_event(_encode(body), name)
