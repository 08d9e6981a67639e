"""A model's events → deltas."""

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
from gateway.dialects.bedrock.citations import read
from gateway.dialects.bedrock.failure import error_of
from gateway.dialects.bedrock.reply import FINISHES, inside, is_callers, redacted_of, stop_sequence_of
from gateway.dialects.bedrock.usage import read_usage
from gateway.dialects.event_stream import FAILED, Frames
from gateway.dialects.reader import Reader
from gateway.dialects.sse import Event
from gateway.errors import UpstreamInvalidResponse


class ConverseReader(Reader):
    """The end of the message comes before its count of tokens, and only that makes it whole."""

    def __init__(self, secret: str) -> None:
        self._frames = Frames()
        super().__init__(secret, self._frames)
        self._calls: dict[int, int] = {}  # index of the block → of the call among calls
        self._argued: set[int] = set()  # calls of which arguments have come
        self._said = self._begun = 0  # characters, and those before the block
        self._cited: list[dict[str, Any]] = []  # what the block rests on

    def read_object(self, name: bytes, body: dict[str, Any], deltas: list[Delta]) -> None:
        index = body.get("contentBlockIndex")
        index = index if type(index) is int else 0
        match name:
            case b"contentBlockDelta":
                self._read_delta(index, body.get("delta"), deltas)
            case b"contentBlockStart":
                self._read_start(index, inside(body, "start", "toolUse"), deltas)
            case b"contentBlockStop":
                self._end_block(index, deltas)
            case b"messageStart" if not self.started:
                self.start(deltas, reply_id="", model="")
            case b"messageStop":
                self._read_stop(body, deltas)
            case b"metadata":
                self._read_metadata(body, deltas)
            case _ if name.startswith(FAILED):
                self.error = error_of(name[len(FAILED) :].decode("latin-1"), body, self.secret)

    def at_end(self, deltas: list[Delta]) -> None:
        if self.error is None and self.finish is not None:
            self.complete = True

    def _take(self, events: list[Event], deltas: list[Delta]) -> None:
        super()._take(events, deltas)
        if self.error is None and self._frames.broken:
            self.error = UpstreamInvalidResponse("The provider's stream was damaged on its way.")

    def _read_start(self, index: int, use: Any, deltas: list[Delta]) -> None:
        if type(use) is dict and is_callers(use) and index not in self._calls:
            call = self._calls[index] = len(self._calls)
            name, given = str(use.get("name") or ""), str(use.get("toolUseId") or "")
            deltas.append(ToolCallStarted(call, given, name))

    def _read_delta(self, index: int, delta: Any, deltas: list[Delta]) -> None:
        if type(delta) is not dict:
            return
        if type(text := delta.get("text")) is str:
            if text:
                self._said += len(text)
                deltas.append(TextDelta(text))
        elif type(cited := delta.get("citation")) is dict:
            self._cited.append(cited)
        elif type(piece := inside(delta, "toolUse", "input")) is str:
            if piece and index in self._calls:
                self._argued.add(index)
                deltas.append(ToolArguments(self._calls[index], piece))
        elif type(thought := delta.get("reasoningContent")) is dict:
            _read_thought(thought, deltas)

    def _end_block(self, index: int, deltas: list[Delta]) -> None:
        deltas += [CitationDelta(read(one, self._begun, self._said)) for one in self._cited]
        self._cited, self._begun = [], self._said
        if index in self._calls and index not in self._argued:
            self._argued.add(index)
            deltas.append(ToolArguments(self._calls[index], "{}"))

    def _read_stop(self, body: dict[str, Any], deltas: list[Delta]) -> None:
        if self.finish is None:
            self.finish = FINISHES.get(str(body.get("stopReason")), Finish.UNKNOWN)
            deltas.append(Ended(finish=self.finish, stop_sequence=stop_sequence_of(body)))

    def _read_metadata(self, body: dict[str, Any], deltas: list[Delta]) -> None:
        self.usage, self.usage_source = read_usage(body)
        deltas.append(Counted(self.usage))
        self.complete = self.finish is not None


def _read_thought(thought: dict[str, Any], deltas: list[Delta]) -> None:
    text, signature, redacted = (thought.get(name) for name in ("text", "signature", "redactedContent"))
    if type(text) is str and text:
        deltas.append(ThinkingDelta(text))
    elif type(signature) is str and signature:
        deltas.append(ThinkingDelta(signature=signature))
    elif type(redacted) is str and redacted:
        deltas.append(ThinkingDelta(redacted=redacted_of(redacted)))
