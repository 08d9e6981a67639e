"""Deltas → chunks for a caller. A call is said whole, so its arguments wait until they are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from gateway.core.conversation import (
    Citation,
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
    ToolCall,
    ToolCallStarted,
)
from gateway.core.price import NOTHING, Usage
from gateway.dialects.citations import Wording
from gateway.dialects.gemini.grounding import told
from gateway.dialects.gemini.logprobs import told_tokens
from gateway.dialects.gemini.reply import WORDS, call_part
from gateway.dialects.gemini.surface import stream_error
from gateway.dialects.gemini.usage import write_usage
from gateway.dialects.sse import write_event
from gateway.errors import GatewayError

NOTHING_MORE: Mapping[str, Any] = {}
_encode = msgspec.json.Encoder().encode


class ContentWriter:
    """Usage comes after the end in other dialects, so the end is written when the stream is closed."""

    def __init__(self, *, shows_thinking: bool) -> None:
        self._shows_thinking = shows_thinking
        self._tail = _tail("", "")
        self._head: dict[str, Any] = {}
        self._calls: dict[int, tuple[ToolCallStarted, list[str]]] = {}  # those that wait for their arguments
        self._ends: dict[int, Ended] = {}
        self._usage: Usage = NOTHING
        self._wordings: dict[int, Wording] = {}  # by choice
        self._citations: dict[int, list[tuple[int, Citation]]] = {}

    def write(self, delta: Delta) -> bytes:
        match delta:
            case TextDelta():
                return self._say(delta)
            case CitationDelta() | ImageDelta():
                return self._show(delta)
            case ToolArguments(index=index, json=piece) if index in self._calls:
                self._calls[index][1].append(piece)
            case ThinkingDelta(text=text) if text and self._shows_thinking:
                return self._said({"text": text, "thought": True}, 0)
            case ToolCallStarted():
                written = self._called(delta.choice)
                self._calls[delta.index] = (delta, [])
                return written
            case RefusalDelta(text=text):
                return self._said({"text": text}, 0)
            case Started(id=given, model=model):
                self._head = {"modelVersion": model, "responseId": given}
                self._tail = _tail(model, given)
            case Ended(choice=choice):
                self._ends[choice] = delta
                return self._called(choice, all_of_them=True)
            case Counted(usage=usage):
                self._usage = usage
        return b""

    def _say(self, delta: TextDelta) -> bytes:
        wording = self._wordings.get(delta.choice)
        if wording is None:
            wording = self._wordings[delta.choice] = Wording()
        wording.add(delta.text)
        return self._said({"text": delta.text}, delta.choice, told_tokens(delta.tokens))

    def _show(self, delta: CitationDelta | ImageDelta) -> bytes:
        """A picture at once; what the answer rests on, at its end."""
        if isinstance(delta, CitationDelta):
            self._citations.setdefault(delta.choice, []).append((0, delta.citation))
        elif delta.image.data:
            said = {"mimeType": delta.image.media_type, "data": delta.image.data}
            return self._said({"inlineData": said}, delta.choice)
        return b""

    def close(self) -> bytes:
        written = b"".join(self._called(choice, all_of_them=True) for choice in self._waiting())
        ends = self._ends or {0: Ended(finish=Finish.UNKNOWN)}
        candidates = [
            {"content": {"role": "model"}, "finishReason": WORDS.get(end.finish, "STOP"), "index": choice}
            | self._grounded(choice)
            for choice, end in sorted(ends.items())
        ]
        last = {"candidates": candidates, "usageMetadata": write_usage(self._usage)} | self._head
        return written + write_event(_encode(last))

    def _grounded(self, choice: int) -> dict[str, Any]:
        wording = self._wordings.get(choice)
        return told(self._citations.get(choice, ()), {0: wording} if wording else {})

    def error(self, error: GatewayError) -> bytes:
        return stream_error(error)

    def _said(self, part: dict[str, Any], choice: int, more: Mapping[str, Any] = NOTHING_MORE) -> bytes:
        return self._called(choice) + self._chunk(part, choice, more)

    def _chunk(self, part: dict[str, Any], choice: int, more: Mapping[str, Any] = NOTHING_MORE) -> bytes:
        chunk = b'{"candidates":[{"content":{"parts":[%b],"role":"model"},"index":%d%b}]%b'
        added = b"," + _encode(more)[1:-1] if more else b""
        return write_event(chunk % (_encode(part), choice, added, self._tail))

    def _called(self, choice: int, *, all_of_them: bool = False) -> bytes:
        """The calls that are whole; at the end, whatever came of the others."""
        written = b""
        for index, (call, pieces) in [*self._calls.items()] if self._calls else ():
            arguments = "".join(pieces)
            if call.choice == choice and (all_of_them or _is_whole(arguments)):
                del self._calls[index]
                part = call_part(ToolCall(call.id, call.name, arguments, call.signature))
                written += self._chunk(part, choice)
        return written

    def _waiting(self) -> list[int]:
        return sorted({call.choice for call, _ in self._calls.values()})


def _tail(model: str, given: str) -> bytes:
    """What all chunks end with."""
    return b',"modelVersion":%b,"responseId":%b}' % (_encode(model), _encode(given))


def _is_whole(arguments: str) -> bool:
    try:
        msgspec.json.decode(arguments)
    except msgspec.DecodeError:
        return False
    return True
