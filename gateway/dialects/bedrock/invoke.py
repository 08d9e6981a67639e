"""InvokeModel, for Anthropic's models in their maker's words: a caller of the same words gets the answer's own bytes.

The model stands in the path and the version in the body; a stream wraps each of the maker's events in one of AWS's.
"""

from __future__ import annotations

from base64 import b64decode
from binascii import Error
from collections.abc import Mapping
from functools import partial
from typing import Any
from urllib.parse import quote

import msgspec
from msgspec import Struct

from gateway.core.catalogue import Model
from gateway.core.conversation import ChatRequest, Conversation, Delta
from gateway.dialects.anthropic import Anthropic
from gateway.dialects.anthropic.outgoing import Said, repeat, say, written
from gateway.dialects.anthropic.stream import MessageReader, is_notable
from gateway.dialects.bedrock.failure import classify_error
from gateway.dialects.dialect import Outgoing
from gateway.dialects.event_stream import FAILED, Frames
from gateway.dialects.relay import Relay
from gateway.dialects.sse import Event, write_event
from gateway.errors import Untranslatable, UpstreamError

VERSION = "bedrock-2023-05-31"
BETA = b"anthropic-beta"

_KINDS: Mapping[bytes, str] = {  # an exception in a stream → an error, in the maker's words
    b"modelTimeoutException": "timeout_error",
    b"serviceUnavailableException": "overloaded_error",
    b"throttlingException": "rate_limit_error",
    b"validationException": "invalid_request_error",
}
_DAMAGED = {"type": "api_error", "message": "The provider's stream was damaged on its way."}


class BedrockAnthropic(Anthropic):
    name = "bedrock_anthropic"

    def pass_through(
        self, request: ChatRequest, model: Model, *, rejects: frozenset[str] = frozenset()
    ) -> Outgoing:
        return _outgoing(repeat(request, model), model, rejects, streaming=request.streaming)

    def translate(
        self, conversation: Conversation, model: Model, *, rejects: frozenset[str] = frozenset()
    ) -> Outgoing:
        return _outgoing(say(conversation, model), model, rejects, streaming=conversation.streaming)

    def stream_reader(self, *, secret: str = "") -> InvokeReader:
        return InvokeReader(secret)

    def stream_relay(self, request: ChatRequest, *, keeps: bool = False, secret: str = "") -> InvokeRelay:
        return InvokeRelay(secret, keeps=keeps)

    def classify_error(
        self, status: int, headers: Mapping[bytes, bytes], body: bytes, *, now: float, secret: str = ""
    ) -> UpstreamError:
        return classify_error(status, headers, body, now=now, secret=secret)


class Unwrapped:
    """AWS's events → the server-sent events that are in them, errors too."""

    def __init__(self) -> None:
        self._frames = Frames()
        self._damaged = False

    def feed(self, data: bytes) -> bytes:
        events = b"".join(map(_unwrapped, self._frames.feed(data)))
        if self._frames.broken and not self._damaged:
            self._damaged = True
            events += _error(_DAMAGED)
        return events


class InvokeReader(MessageReader):
    def __init__(self, secret: str) -> None:
        super().__init__(secret)
        self._unwrapped = Unwrapped()

    def feed(self, data: bytes) -> list[Delta]:
        return super().feed(self._unwrapped.feed(data))


class InvokeRelay(Relay):
    def __init__(self, secret: str, *, keeps: bool) -> None:
        super().__init__(partial(MessageReader, secret), is_notable, hides_usage=False, keeps=keeps)
        self._unwrapped = Unwrapped()

    def feed(self, data: bytes) -> bytes:
        return super().feed(self._unwrapped.feed(data))


def _unwrapped(event: Event) -> bytes:
    """What is no event of theirs is passed over; what tells of an error is one of theirs, too."""
    try:
        said = msgspec.json.decode(event.data, type=_Wrapping)
        if event.name.startswith(FAILED):
            kind = _KINDS.get(event.name.removeprefix(FAILED), "api_error")
            return _error({"type": kind, "message": said.message})
        inner = b64decode(said.bytes, validate=True)
        return write_event(inner, msgspec.json.decode(inner, type=_Named).type.encode()) if inner else b""
    except (msgspec.DecodeError, Error, ValueError):
        return _error(_DAMAGED)


def _error(error: dict[str, str]) -> bytes:
    return write_event(msgspec.json.encode({"type": "error", "error": error}), b"error")


class _Wrapping(Struct):
    bytes: str = ""
    message: str = ""


class _Named(Struct):
    type: str


def _outgoing(said: Said, model: Model, rejects: frozenset[str], *, streaming: bool) -> Outgoing:
    for index, message in enumerate(said.body["messages"]):
        _refuse_references(f"messages[{index}].content", message["content"])
    body = {"anthropic_version": VERSION} | said.body
    del body["model"]
    body.pop("stream", None)
    betas = [
        word.strip() for name, value in said.headers if name == BETA for word in value.decode().split(",")
    ]
    if betas:
        body["anthropic_beta"] = betas
    operation = "invoke-with-response-stream" if streaming else "invoke"
    path = f"/model/{quote(model.wire_name, safe='')}/{operation}"
    return written(path, Said(body, said.dropped, ()), rejects | model.rejects)


def _refuse_references(place: str, content: Any) -> None:
    """What its maker fetches elsewhere is not fetched here."""
    for number, block in enumerate(content if type(content) is list else ()):
        source, here = block.get("source"), f"{place}[{number}]"
        if type(source) is dict and source.get("type") in {"url", "file"}:
            kind = block.get("type")
            raise Untranslatable(
                f"This model's provider takes no {kind} by reference, only within the request.",
                param=f"{here}.source",
            )
        _refuse_references(f"{here}.content", block.get("content"))
