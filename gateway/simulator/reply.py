"""What goes on the wire, made by a dialect and sent by the server."""

from __future__ import annotations

from typing import Any, Protocol

import msgspec
from msgspec import Struct

from gateway.simulator.asked import Usage
from gateway.simulator.behaviour import Behaviour
from gateway.simulator.prompt_cache import PromptCache

type Json = dict[str, Any]


class Frame(Struct, frozen=True):
    """One server-sent event. `tokens` are what the model had to produce for it."""

    data: bytes
    tokens: int = 0
    content: bool = False  # part of the answer, not of its wrapping
    final_usage: bool = False


class Reply(Struct, frozen=True, kw_only=True):
    """Either a body or the frames of a stream."""

    usage: Usage
    body: bytes = b""
    frames: tuple[Frame, ...] = ()
    stream_type: bytes = b"text/event-stream; charset=utf-8"


class Problem(Exception):
    """What a provider refuses, in words; the dialect gives it its shape."""

    def __init__(
        self, status: int, message: str, *, code: str | None = None, param: str | None = None
    ) -> None:
        super().__init__(message)
        self.status, self.message, self.code, self.param = status, message, code, param


class Asking(Protocol):
    model: str


class Dialect[Request: Asking](Protocol):
    """What the modules `openai` and `anthropic` both have."""

    ID_HEADER: bytes

    def key_of(self, headers: dict[bytes, bytes], /) -> str: ...

    def parse(self, body: bytes, headers: dict[bytes, bytes], /) -> Request: ...

    def bill(self, request: Request, cache: PromptCache, key: str, /) -> Usage: ...

    def reply(
        self, request: Request, usage: Usage, behaviour: Behaviour, request_id: str, now: int, /
    ) -> Reply: ...

    def problem_body(self, problem: Problem, request_id: str, /) -> Json: ...

    def error_frame(self, problem: Problem, request_id: str, /) -> Frame: ...


def encoded(value: object) -> bytes:
    return msgspec.json.encode(value)


def misreported(usage: Json, behaviour: Behaviour) -> Json:
    """Usage as a careless provider gives it."""
    if behaviour.word not in WRONG_COUNTS:
        return usage
    wrong = WRONG_COUNTS[behaviour.word]
    return {name: wrong if name.lower().endswith(COUNTS) else value for name, value in usage.items()}


COUNTS = ("tokens", "_count", "tokencount")


WRONG_COUNTS: dict[str, Any] = {
    "usage-negative": -1,
    "usage-huge": 1e30,
    "usage-string": "5",
    "usage-null": None,
    "usage-float": 7.5,
}
