"""A stream as one JSON array: what the address gives that does not ask for events (`alt=sse`)."""

from __future__ import annotations

from urllib.parse import parse_qs

from gateway.dialects.sse import EventReader


def is_wanted(query: bytes) -> bool:
    """Of the query of the address."""
    return parse_qs(query.decode("latin-1")).get("alt", [""])[-1].lower() != "sse"


class JsonArray:
    """Events → elements, their bytes unchanged; what means nothing in a stream is a blank line here, too."""

    def __init__(self) -> None:
        self._events = EventReader()
        self._opened = False

    def feed(self, data: bytes) -> bytes:
        events = self._events.feed(data)
        return b"".join(self._element(event.data) for event in events) or (b"\n" if data else b"")

    def end(self) -> bytes:
        return b"\n]" if self._opened else b"[]"

    def _element(self, data: bytes) -> bytes:
        before = b",\r\n" if self._opened else b"["
        self._opened = True
        return before + data
