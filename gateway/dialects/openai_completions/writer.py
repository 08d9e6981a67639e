"""Deltas → chunks for a caller of this surface."""

from __future__ import annotations

from typing import Any

import msgspec

from gateway.core.conversation import (
    ChatRequest,
    CitationDelta,
    Counted,
    Delta,
    Ended,
    ImageDelta,
    RefusalDelta,
    Started,
    TextDelta,
    Token,
)
from gateway.core.price import Usage
from gateway.dialects.openai_chat.surface import error_object
from gateway.dialects.openai_chat.usage import write_usage
from gateway.dialects.openai_completions.reply import WORDS, echo_of, reply_id, told_logprobs
from gateway.dialects.rendering import fitting
from gateway.dialects.sse import write_event
from gateway.dialects.unshown import NO_CITATION, NO_IMAGE
from gateway.errors import GatewayError

DONE = b"[DONE]"
_encode = msgspec.json.Encoder().encode


class CompletionWriter:
    def __init__(self, request: ChatRequest, *, now: int) -> None:
        self._request, self._now = request, now
        self._usage: Usage | None = None
        self._head = head_of("", "", now)
        self._offsets = [0] * request.choices  # characters said so far, a choice
        self._cites = False

    def write(self, delta: Delta) -> bytes:
        match delta:
            case TextDelta(text=text, choice=choice):
                return self._chunk(text, choice, delta.tokens)
            case RefusalDelta(text=text):
                return self._chunk(text)
            case ImageDelta():
                return NO_IMAGE
            case CitationDelta():
                return self._uncited()
            case Started(id=given, model=model):
                self._head = head_of(given, model, self._now)
                return self._echo()
            case Ended(finish=finish, choice=choice):
                return self._chunk("", choice, finish=WORDS.get(finish, "stop"))
            case Counted(usage=usage):
                self._usage = usage
        return b""

    def close(self) -> bytes:
        usage = b""
        if self._request.wants_usage and self._usage is not None:
            usage = write_event(self._head + b'],"usage":' + _encode(write_usage(self._usage)) + b"}")
        return usage + write_event(DONE)

    def error(self, error: GatewayError) -> bytes:
        return stream_error(error, self._head)

    def _uncited(self) -> bytes:
        """Said once."""
        before, self._cites = self._cites, True
        return b"" if before else NO_CITATION

    def _echo(self) -> bytes:
        echoed = echo_of(self._request)
        return (
            b"".join(self._chunk(echoed, choice) for choice in range(len(self._offsets))) if echoed else b""
        )

    def _chunk(
        self, text: str, choice: int = 0, tokens: tuple[Token, ...] = (), finish: str | None = None
    ) -> bytes:
        if choice >= len(self._offsets):
            return b""
        logprobs = told_logprobs(tokens, self._offsets[choice])
        self._offsets[choice] += len(text)
        said: dict[str, Any] = {
            "text": text,
            "index": choice,
            "logprobs": logprobs,
            "finish_reason": finish,
        }
        return write_event(self._head + _encode(said) + b"]}")


def head_of(given: str, model: str, now: int) -> bytes:
    """What all chunks of an answer begin with, up to the list of choices."""
    head = {"id": reply_id(given), "object": "text_completion", "created": now, "model": model}
    return _encode(head)[:-1] + b',"choices":['


def stream_error(error: GatewayError, head: bytes) -> bytes:
    tail = b'%b{"text":"","index":0,"logprobs":null,"finish_reason":"error"}],"error":%b}'

    def written(message: str) -> bytes:
        return write_event(tail % (head, _encode(error_object(error, message))))

    return fitting(written, error.message)
