"""This server's lines → deltas."""

from __future__ import annotations

from typing import Any

from gateway.core.conversation import (
    Counted,
    Delta,
    Ended,
    TextDelta,
    ThinkingDelta,
    ToolArguments,
    ToolCallStarted,
)
from gateway.dialects.lines import Lines
from gateway.dialects.ollama.failure import error_in
from gateway.dialects.ollama.reply import calls_of, finish_of, id_of, logprobs_of, read_usage
from gateway.dialects.reader import Reader


class ChatReader(Reader):
    """A call comes whole, on one line; the last line has the counts."""

    def __init__(self, secret: str) -> None:
        super().__init__(secret, Lines())
        self._calls = 0
        self._logprobs: list[float] = []

    @property
    def logprobs(self) -> tuple[float, ...] | None:
        return tuple(self._logprobs) or None

    def read_object(self, name: bytes, body: dict[str, Any], deltas: list[Delta]) -> None:
        if self.complete:
            return
        self.error = error_in(body, self.secret)
        message = body.get("message")
        if self.error is not None or type(message) is not dict:
            return
        if not self.started:
            self.start(deltas, reply_id=id_of(str(body.get("created_at"))), model=body.get("model"))
        self._read_message(message, str(body.get("created_at")), deltas)
        self._logprobs += logprobs_of(body.get("logprobs"))
        if body.get("done") is True:
            self._read_end(body, deltas)

    def _read_message(self, message: dict[str, Any], when: str, deltas: list[Delta]) -> None:
        thought, text = message.get("thinking"), message.get("content")
        if type(thought) is str and thought:
            deltas.append(ThinkingDelta(thought))
        if type(text) is str and text:
            deltas.append(TextDelta(text))
        for call in calls_of(message, when, before=self._calls):
            deltas.append(ToolCallStarted(self._calls, call.id, call.name))
            deltas.append(ToolArguments(self._calls, call.arguments))
            self._calls += 1

    def _read_end(self, body: dict[str, Any], deltas: list[Delta]) -> None:
        self.usage, self.usage_source = read_usage(body)
        self.finish = finish_of(body.get("done_reason"), calls=self._calls > 0)
        deltas.append(Ended(finish=self.finish))
        deltas.append(Counted(self.usage))
        self.complete = True
