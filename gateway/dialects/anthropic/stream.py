"""A provider's events → deltas."""

from __future__ import annotations

from typing import Any

import msgspec

from gateway.core.conversation import (
    CitationDelta,
    Counted,
    Delta,
    Ended,
    Finish,
    TextDelta,
    ThinkingDelta,
    ToolArguments,
    ToolCallStarted,
)
from gateway.dialects.anthropic.citations import read
from gateway.dialects.anthropic.failure import error_in
from gateway.dialects.anthropic.reply import FINISHES
from gateway.dialects.anthropic.usage import Tally
from gateway.dialects.reader import Reader
from gateway.errors import UpstreamInvalidResponse


def is_notable(chunk: bytes) -> bool:
    """Whether whole events say anything besides the answer's next piece."""
    return b'"message_' in chunk or b'"error"' in chunk or b"\r" in chunk


class MessageReader(Reader):
    def __init__(self, secret: str) -> None:
        super().__init__(secret)
        self._tally = Tally()
        self._calls: dict[int, int] = {}  # index of the block → of the call among calls
        self._argued: set[int] = set()  # calls of which arguments have come
        self._said = self._begun = 0  # characters, and those before the block
        self._cited: list[dict[str, Any]] = []  # what the block rests on

    def read_object(self, name: bytes, body: dict[str, Any], deltas: list[Delta]) -> None:
        if self.complete:
            return
        self.error = error_in(body, self.secret)
        if self.error is not None:
            return
        match body.get("type"):
            case "content_block_delta":
                self._read_delta(_whole(body.get("index")), _object(body.get("delta")), deltas)
            case "content_block_start":
                self._read_block(_whole(body.get("index")), _object(body.get("content_block")), deltas)
            case "content_block_stop":
                self._end_block(_whole(body.get("index")), deltas)
            case "message_start":
                self._read_start(_object(body.get("message")), deltas)
            case "message_delta":
                self._read_end(body, deltas)
            case "message_stop":
                self._finish_well(deltas)

    def at_end(self, deltas: list[Delta]) -> None:
        if self.error is None and self.finish is not None:
            self.complete = True

    def _read_start(self, message: dict[str, Any], deltas: list[Delta]) -> None:
        if not self.started:
            self._count(message.get("usage"))
            self.start(deltas, reply_id=message.get("id"), model=message.get("model"), usage=self.usage)

    def _read_block(self, index: int, block: dict[str, Any], deltas: list[Delta]) -> None:
        kind = block.get("type")
        if kind == "text":
            self._begun = self._said
            self._say(block.get("text"), deltas)
        elif kind == "thinking":
            _think(deltas, block.get("thinking"))
        elif kind == "redacted_thinking" and type(block.get("data")) is str:
            deltas.append(ThinkingDelta(redacted=block["data"]))
        elif kind == "tool_use" and index not in self._calls:
            call = self._calls[index] = len(self._calls)
            deltas.append(ToolCallStarted(call, str(block.get("id") or ""), str(block.get("name") or "")))
            if type(block.get("input")) is dict and block["input"]:
                self._argue(call, msgspec.json.encode(block["input"]).decode(), deltas)

    def _read_delta(self, index: int, delta: dict[str, Any], deltas: list[Delta]) -> None:
        match delta.get("type"):
            case "text_delta":
                self._say(delta.get("text"), deltas)
            case "citations_delta":
                self._cited.append(_object(delta.get("citation")))
            case "thinking_delta":
                _think(deltas, delta.get("thinking"))
            case "signature_delta" if type(delta.get("signature")) is str:
                deltas.append(ThinkingDelta(signature=delta["signature"]))
            case "input_json_delta" if index in self._calls:
                self._argue(self._calls[index], delta.get("partial_json"), deltas)

    def _argue(self, call: int, piece: Any, deltas: list[Delta]) -> None:
        if type(piece) is str and piece:
            self._argued.add(call)
            deltas.append(ToolArguments(call, piece))

    def _say(self, text: Any, deltas: list[Delta]) -> None:
        if type(text) is str and text:
            self._said += len(text)
            deltas.append(TextDelta(text))

    def _end_block(self, index: int, deltas: list[Delta]) -> None:
        if self._cited:
            deltas += [CitationDelta(read(one, self._begun, self._said)) for one in self._cited]
            self._cited = []
        call = self._calls.get(index)
        if call is not None and call not in self._argued:
            self._argue(call, "{}", deltas)

    def _read_end(self, body: dict[str, Any], deltas: list[Delta]) -> None:
        delta = _object(body.get("delta"))
        reason, sequence = delta.get("stop_reason"), delta.get("stop_sequence")
        if self._count(body.get("usage")):
            deltas.append(Counted(self.usage))
        if type(reason) is str and self.finish is None:
            self.finish = FINISHES.get(reason, Finish.UNKNOWN)
            deltas.append(Ended(finish=self.finish, stop_sequence=sequence if type(sequence) is str else ""))

    def _count(self, report: Any) -> bool:
        told = self._tally.add(report)
        self.usage, self.usage_source = self._tally.usage, self._tally.source
        return told

    def _finish_well(self, deltas: list[Delta]) -> None:
        if not self.started:
            self.error = UpstreamInvalidResponse("The provider's stream is empty.")
            return
        if self.finish is None:
            self.finish = Finish.UNKNOWN
            deltas.append(Ended(finish=self.finish))
        self.complete = True


def _think(deltas: list[Delta], text: Any) -> None:
    if type(text) is str and text:
        deltas.append(ThinkingDelta(text))


def _object(value: Any) -> dict[str, Any]:
    return value if type(value) is dict else {}


def _whole(value: Any) -> int:
    return value if type(value) is int else 0
