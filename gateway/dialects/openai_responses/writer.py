"""Deltas → events for a caller: items one after the other, each begun, filled and ended, every event numbered.

At its end the shape repeats the whole answer, so the answer is kept until then.
"""

from __future__ import annotations

from typing import Any

import msgspec

from gateway.core.conversation import (
    ChatRequest,
    CitationDelta,
    Counted,
    Delta,
    Ended,
    Finish,
    Image,
    ImageDelta,
    RefusalDelta,
    Started,
    TextDelta,
    ThinkingDelta,
    Token,
    ToolArguments,
    ToolCall,
    ToolCallStarted,
)
from gateway.core.price import Usage
from gateway.dialects.citations import moved
from gateway.dialects.openai_responses.ids import new_id, seal
from gateway.dialects.openai_responses.reply import (
    call_item,
    finished,
    image_item,
    item_status,
    message_item,
    reasoning_item,
    refusal_part,
    skeleton,
    text_part,
    told_citations,
    wants_encrypted,
)
from gateway.dialects.openai_responses.surface import stream_error
from gateway.dialects.openai_responses.usage import write_usage
from gateway.dialects.sse import write_event
from gateway.dialects.tokens import told_tokens
from gateway.errors import GatewayError

_encode = msgspec.json.Encoder().encode


class ResponseWriter:
    def __init__(self, request: ChatRequest, *, now: int, prompt_tokens: int) -> None:
        self._request, self._now = request, now
        self._usage = Usage(input=prompt_tokens)
        self._sealing = wants_encrypted(request)
        self._finish = Finish.UNKNOWN
        self._number = 0  # of the next event
        self._said = 0  # characters
        self._id = ""
        self._response: dict[str, Any] = skeleton(request, "", "", now)
        self._output: list[dict[str, Any] | None] = []  # items, with None where one is open
        self._message: _Message | None = None
        self._thought: _Thought | None = None
        self._calls: dict[int, _Call] = {}

    def write(self, delta: Delta) -> bytes:
        match delta:
            case TextDelta(text=text, choice=0):
                return self._say("output_text", text, delta.tokens)
            case ToolArguments(index=index, json=piece, choice=0):
                return self._argue(index, piece)
            case ThinkingDelta():
                return self._think(delta)
            case ToolCallStarted(choice=0):
                return self._call(delta)
            case RefusalDelta(text=text):
                return self._say("refusal", text, ())
            case CitationDelta(choice=0) | ImageDelta(choice=0):
                return self._show(delta)
            case Started():
                return self._start(delta)
            case Ended(choice=0):
                self._finish = delta.finish
            case Counted(usage=usage):
                self._usage = usage
        return b""

    def close(self) -> bytes:
        written = self._end_message() + self._end_thought()
        written += b"".join(self._end_call(call) for call in self._calls.values())
        output = [item for item in self._output if item is not None]
        response = finished(self._response, output, self._finish) | {"usage": write_usage(self._usage)}
        return written + self._event(f"response.{response['status']}", {"response": response})

    def error(self, error: GatewayError) -> bytes:
        return stream_error(error, self._number)

    def _event(self, kind: str, body: dict[str, Any]) -> bytes:
        event = {"type": kind, "sequence_number": self._number} | body
        self._number += 1
        return write_event(_encode(event), kind.encode())

    def _start(self, started: Started) -> bytes:
        self._id = started.id
        self._response = skeleton(self._request, started.id, started.model, self._now)
        begun = {"response": self._response}
        return self._event("response.created", begun) + self._event("response.in_progress", begun)

    def _open(self, item: dict[str, Any]) -> tuple[int, bytes]:
        place = len(self._output)
        self._output.append(None)
        return place, self._event("response.output_item.added", {"output_index": place, "item": item})

    def _close(self, place: int, item: dict[str, Any]) -> bytes:
        self._output[place] = item
        return self._event("response.output_item.done", {"output_index": place, "item": item})

    # Text and refusals

    def _say(self, kind: str, text: str, tokens: tuple[Token, ...]) -> bytes:
        written = self._end_thought()
        message = self._message
        if message is None:
            message = self._message = _Message(new_id("msg", self._id, len(self._output)))
            message.place, opened = self._open(message_item(message.id, [], "in_progress"))
            written += opened
        if message.kind != kind:
            written += self._end_part(message)
            message.begin(kind, self._said)
            written += self._event("response.content_part.added", message.at | {"part": message.part})
        message.pieces.append(text)
        message.tokens.extend(tokens)
        self._said += len(text) if kind == "output_text" else 0
        told = {"logprobs": told_tokens(tokens)} if kind == "output_text" else {}
        return written + self._event(f"response.{kind}.delta", message.at | {"delta": text} | told)

    def _end_part(self, message: _Message) -> bytes:
        if not message.kind:
            return b""
        part = message.end()
        at = message.at
        if part["type"] == "refusal":
            whole = self._event("response.refusal.done", at | {"refusal": part["refusal"]})
        else:
            told = {"text": part["text"], "logprobs": part["logprobs"]}
            whole = self._event("response.output_text.done", at | told)
        message.content.append(part)
        return whole + self._event("response.content_part.done", at | {"part": part})

    def _end_message(self) -> bytes:
        message, self._message = self._message, None
        if message is None:
            return b""
        written = self._end_part(message)
        item = message_item(message.id, message.content, item_status(self._finish))
        return written + self._close(message.place, item)

    def _show(self, delta: CitationDelta | ImageDelta) -> bytes:
        if isinstance(delta, ImageDelta):
            return self._end_message() + self._end_thought() + self._draw(delta.image)
        message = self._message
        if message is None or message.kind != "output_text" or not delta.citation.url:
            return b""  # its text has ended, and was told whole
        citation = moved(delta.citation, -message.begun)
        if not 0 <= citation.start <= citation.end <= self._said - message.begun:
            return b""
        (told,) = told_citations([citation])
        at = message.at | {"annotation_index": len(message.annotations), "annotation": told}
        message.annotations.append(told)
        return self._event("response.output_text.annotation.added", at)

    def _draw(self, image: Image) -> bytes:
        if not image.data:
            return b""
        item = image_item(new_id("ig", self._id, len(self._output)), image)
        place, opened = self._open({**item, "status": "in_progress", "result": None})
        return opened + self._close(place, item)

    # Thoughts

    def _think(self, delta: ThinkingDelta) -> bytes:
        written = self._end_message()
        if delta.redacted:
            written += self._end_thought() + self._begin_thought()
        elif self._thought is None:
            written += self._begin_thought()
        thought = self._thought
        assert thought is not None
        thought.signature += delta.signature
        thought.redacted = delta.redacted or thought.redacted
        if delta.text:
            if not thought.pieces:
                part = {"type": "summary_text", "text": ""}
                written += self._event("response.reasoning_summary_part.added", thought.at | {"part": part})
            thought.pieces.append(delta.text)
            written += self._event(
                "response.reasoning_summary_text.delta", thought.at | {"delta": delta.text}
            )
        return written + (self._end_thought() if delta.redacted or delta.signature else b"")

    def _begin_thought(self) -> bytes:
        thought = self._thought = _Thought(new_id("rs", self._id, len(self._output)))
        thought.place, opened = self._open(reasoning_item(thought.id, "", None))
        return opened

    def _end_thought(self) -> bytes:
        thought, self._thought = self._thought, None
        if thought is None:
            return b""
        text, written = "".join(thought.pieces), b""
        if text:
            written = self._event("response.reasoning_summary_text.done", thought.at | {"text": text})
            part = {"type": "summary_text", "text": text}
            written += self._event("response.reasoning_summary_part.done", thought.at | {"part": part})
        sealed = seal(thought.signature, thought.redacted) if self._sealing else None
        return written + self._close(thought.place, reasoning_item(thought.id, text, sealed))

    # Calls of tools

    def _call(self, started: ToolCallStarted) -> bytes:
        written = self._end_message() + self._end_thought()
        call = _Call(new_id("fc", self._id, len(self._output)), started.id, started.name)
        call.place, opened = self._open(
            call_item(call.id, ToolCall(started.id, started.name, ""), "in_progress")
        )
        self._calls[started.index] = call
        return written + opened

    def _argue(self, index: int, piece: str) -> bytes:
        call = self._calls.get(index)
        if call is None:
            return b""
        call.pieces.append(piece)
        body = {"item_id": call.id, "output_index": call.place, "delta": piece}
        return self._event("response.function_call_arguments.delta", body)

    def _end_call(self, call: _Call) -> bytes:
        arguments = "".join(call.pieces) or "{}"
        whole = {"item_id": call.id, "output_index": call.place, "name": call.name, "arguments": arguments}
        item = call_item(call.id, ToolCall(call.call_id, call.name, arguments), item_status(self._finish))
        return self._event("response.function_call_arguments.done", whole) + self._close(call.place, item)


class _Message:
    """An open message: the parts it has, and the one that is being said."""

    def __init__(self, item_id: str) -> None:
        self.id, self.place = item_id, 0
        self.content: list[dict[str, Any]] = []
        self.kind = ""
        self.pieces: list[str] = []
        self.tokens: list[Token] = []
        self.annotations: list[dict[str, Any]] = []
        self.begun = 0  # characters said before the part
        self.at: dict[str, Any] = {}

    @property
    def part(self) -> dict[str, Any]:
        text = "".join(self.pieces)
        return (
            refusal_part(text) if self.kind == "refusal" else text_part(text, self.tokens, self.annotations)
        )

    def begin(self, kind: str, begun: int) -> None:
        self.kind, self.pieces, self.tokens, self.annotations, self.begun = kind, [], [], [], begun
        self.at = {"item_id": self.id, "output_index": self.place, "content_index": len(self.content)}

    def end(self) -> dict[str, Any]:
        part, self.kind = self.part, ""
        return part


class _Thought:
    def __init__(self, item_id: str) -> None:
        self.id, self.place = item_id, 0
        self.pieces: list[str] = []
        self.signature = self.redacted = ""

    @property
    def at(self) -> dict[str, Any]:
        return {"item_id": self.id, "output_index": self.place, "summary_index": 0}


class _Call:
    def __init__(self, item_id: str, call_id: str, name: str) -> None:
        self.id, self.call_id, self.name, self.place = item_id, call_id, name, 0
        self.pieces: list[str] = []
