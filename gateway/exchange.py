"""A call and its answer as the handler sees them: no ASGI type in sight, so that another server can carry it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from os import urandom
from time import time_ns
from typing import Protocol

from msgspec import Struct

Headers = tuple[tuple[bytes, bytes], ...]

LEFT = "the caller left"  # why a task is cancelled; for any other reason it is we who stop


class Call(Struct, frozen=True, kw_only=True):
    """One HTTP request, its body read. Header names are lower-case; of a repeated one the first counts."""

    method: str
    endpoint: Endpoint
    headers: Mapping[bytes, bytes]
    credentials: tuple[bytes, ...]
    body: bytes
    request_id: str
    arrived: float  # monotonic seconds
    query: bytes = b""  # what follows the path's question mark

    def text(self, name: bytes, limit: int = 512) -> str:
        """A header as text without anything unprintable; empty when it is absent."""
        value = self.headers.get(name)
        if not value:
            return ""
        return "".join(char for char in value[:limit].decode("utf-8", "replace") if char.isprintable())

    @property
    def session(self) -> str:
        return self.text(b"x-rungway-session", 128)


class Endpoint(Struct, frozen=True, kw_only=True):
    """What a path means: which surface, which of its operations, under which router."""

    surface: str
    operation: str  # chat | embed | count | models
    method: str
    model: str = ""  # where a surface puts it into the path
    streaming: bool = False  # likewise
    batch: bool = False  # likewise: several embeddings at once
    router: str | None = None


class Parts(Protocol):
    """A body that comes in parts. It is closed whatever happens, and then settles what is open."""

    def __aiter__(self) -> AsyncIterator[bytes]: ...
    def stop(self) -> bytes:
        """We stop before it is whole: settled so, and what tells its reader."""
        ...

    def close(self) -> None: ...


class Answer(Struct, kw_only=True):
    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes | Parts


def new_request_id() -> str:
    """32 hexadecimal digits: milliseconds since 1970, then chance; they sort by time."""
    return f"{time_ns() // 1_000_000:012x}{urandom(10).hex()}"
