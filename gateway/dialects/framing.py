"""The form of a stream, where the address that a caller chose gives another than events."""

from __future__ import annotations

from typing import Protocol

from gateway.dialects.gemini.array import JsonArray, is_wanted


class Frames(Protocol):
    """Whole events → bytes of another form."""

    def feed(self, data: bytes) -> bytes: ...
    def end(self) -> bytes: ...


def frames_for(surface: str, query: bytes) -> Frames | None:
    """None: events, as they are. `query`: of the address."""
    return JsonArray() if surface == "gemini" and is_wanted(query) else None
