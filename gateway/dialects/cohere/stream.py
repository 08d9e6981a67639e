"""This provider's events → deltas."""

from __future__ import annotations

from typing import Any

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
from gateway.dialects.citations import moved
from gateway.dialects.cohere.failure import message_of
from gateway.dialects.cohere.reply import FAILED, FINISHES, citations_of, logprobs_of
from gateway.dialects.cohere.usage import read_usage
from gateway.dialects.failures import redact
from gateway.dialects.reader import Reader
from gateway.errors import UpstreamError


class ChatReader(Reader):
    def __init__(self, secret: str) -> None:
        super().__init__(secret)
        self._calls: dict[int, int] = {}  # index as given → of the call among calls
        self._argued: set[int] = set()
        self._logprobs: list[float] = []
        self._said = 0  # characters
        self._begun: dict[int, int] = {}  # index of the content → characters said before it

    @property
    def logprobs(self) -> tuple[float, ...] | None:
        return tuple(self._logprobs) or None

    def read_object(self, name: bytes, body: dict[str, Any], deltas: list[Delta]) -> None:
        if self.complete:
            return
        kind, delta = body.get("type"), body.get("delta")
        delta = delta if type(delta) is dict else {}
        message = delta.get("message")
        message = message if type(message) is dict else {}
        index = body.get("index")
        index = index if type(index) is int else 0
        match kind:
            case "content-delta" | "content-start":
                self._begun.setdefault(index, self._said)
                self._read_content(body, message.get("content"), deltas)
            case "tool-call-start" | "tool-call-delta":
                self._read_call(index, message.get("tool_calls"), deltas)
            case "tool-call-end":
                self._end_call(index, deltas)
            case "tool-plan-delta" if type(message.get("tool_plan")) is str:
                deltas.append(ThinkingDelta(message["tool_plan"]))
            case "message-start" if not self.started:
                self.start(deltas, reply_id=body.get("id"), model="")
            case "citation-start":
                deltas += [
                    CitationDelta(moved(one, self._begun.get(place, 0)))
                    for place, one in citations_of([message.get("citations")])
                ]
            case "message-end":
                self._read_end(delta, deltas)
            case None:
                self.error = UpstreamError(redact(message_of(body), self.secret))

    def at_end(self, deltas: list[Delta]) -> None:
        if self.error is None and self.finish is not None:
            self.complete = True

    def _read_content(self, body: dict[str, Any], content: Any, deltas: list[Delta]) -> None:
        if type(content) is not dict:
            return
        self._logprobs += logprobs_of([body["logprobs"]] if body.get("logprobs") else [])
        text, thought = content.get("text"), content.get("thinking")
        if type(text) is str and text:
            self._said += len(text)
            deltas.append(TextDelta(text))
        if type(thought) is str and thought:
            deltas.append(ThinkingDelta(thought))

    def _read_call(self, index: int, call: Any, deltas: list[Delta]) -> None:
        function = call.get("function") if type(call) is dict else None
        if type(function) is not dict:
            return
        if index not in self._calls:
            number = self._calls[index] = len(self._calls)
            given = str(call.get("id") or f"call_{number}")
            deltas.append(ToolCallStarted(number, given, str(function.get("name") or "")))
        piece = function.get("arguments")
        if type(piece) is str and piece:
            self._argued.add(index)
            deltas.append(ToolArguments(self._calls[index], piece))

    def _end_call(self, index: int, deltas: list[Delta]) -> None:
        if index in self._calls and index not in self._argued:
            self._argued.add(index)
            deltas.append(ToolArguments(self._calls[index], "{}"))

    def _read_end(self, delta: dict[str, Any], deltas: list[Delta]) -> None:
        word, said = str(delta.get("finish_reason")), delta.get("error")
        usage, source = read_usage(delta.get("usage"))
        self.usage, self.usage_source = usage, source
        if word in FAILED:
            self.error = UpstreamError(redact(said, self.secret) if type(said) is str else "")
            return
        self.finish = FINISHES.get(word, Finish.UNKNOWN)
        deltas.append(Ended(finish=self.finish))
        deltas.append(Counted(usage))
        self.complete = True
