"""Server-sent events, however the bytes are cut: LF, CRLF, CR, comments, a byte order mark, an open end."""

from __future__ import annotations

import re
from typing import NamedTuple

import msgspec

from gateway.dialects.dialect import MAX_EVENT

_BOM = b"\xef\xbb\xbf"
_BLANK_LINE = re.compile(rb"\r\n\r\n|\n\n|\r\r|\n\r\n|\r\n\n|\r\n\r|\n\r")


class Event(NamedTuple):
    name: bytes
    data: bytes


class Held:
    """Pieces that wait for more, up to `MAX_EVENT`."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self.size = 0
        self.tail = b""  # the last bytes, as many as the end of an event may lie across

    def add(self, piece: bytes) -> bool:
        self._pieces.append(piece)
        self.size += len(piece)
        self.tail = (self.tail + piece[-3:])[-3:]
        return self.size <= MAX_EVENT

    def take(self) -> bytes:
        held = b"".join(self._pieces)
        self._pieces, self.size, self.tail = [], 0, b""
        return held

    def ends_with(self, end: bytes) -> bool:
        return self.tail.endswith(end)


class EventReader:
    """Bytes → events. After an event larger than `MAX_EVENT` it is `overfull` and reads no more."""

    def __init__(self) -> None:
        self._held = Held()
        self._skips_newline = False  # the last byte was CR: an LF that follows belongs to it
        self._fresh = True
        self.overfull = False

    def feed(self, chunk: bytes) -> list[Event]:
        if self._fresh:
            chunk = self._without_mark(chunk)
        if b"\r" in chunk or self._skips_newline:
            chunk = self._normalised(chunk)
        # What waits is joined only when an event ends: an event in many pieces costs no more than in one.
        if b"\n\n" not in chunk and not (self._held.ends_with(b"\n") and chunk.startswith(b"\n")):
            self._hold(chunk)
            return []
        *blocks, rest = (self._held.take() + chunk).split(b"\n\n")
        self._hold(rest)
        return self._events(blocks)

    def end(self) -> list[Event]:
        """What came without a blank line after it."""
        return self._events([self._held.take()])

    def _events(self, blocks: list[bytes]) -> list[Event]:
        events = []
        for block in blocks:
            if len(block) > MAX_EVENT:
                self.overfull = True
            if self.overfull:
                break
            event = _event(block)
            if event is not None:
                events.append(event)
        return events

    def _hold(self, rest: bytes) -> None:
        self.overfull = self.overfull or not self._held.add(rest)

    def _normalised(self, chunk: bytes) -> bytes:
        if self._skips_newline and chunk:
            chunk = chunk.removeprefix(b"\n")
            self._skips_newline = False
        if chunk.endswith(b"\r"):
            self._skips_newline = True
        return chunk.replace(b"\r\n", b"\n").replace(b"\r", b"\n")

    def _without_mark(self, chunk: bytes) -> bytes:
        chunk = self._held.take() + chunk
        if len(chunk) < len(_BOM) and _BOM.startswith(chunk):
            self._hold(chunk)
            return b""
        self._fresh = False
        return chunk.removeprefix(_BOM)


def _event(block: bytes) -> Event | None:
    if block.startswith(b"data: ") and b"\n" not in block:
        return Event(b"", block[6:])
    name, data = b"", []
    for line in block.split(b"\n"):
        if line.startswith(b"data:"):
            data.append(line[5:].removeprefix(b" "))
        elif line.startswith(b"event:"):
            name = line[6:].strip()
    return Event(name, b"\n".join(data)) if data else None


def is_readable(rest: bytes) -> bool:
    """Whether what came without a blank line after it is an event all the same."""
    event = _event(rest.replace(b"\r\n", b"\n").replace(b"\r", b"\n"))
    if event is None:
        return False
    try:
        return event.data.strip() == b"[DONE]" or type(msgspec.json.decode(event.data)) is dict
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False


def write_event(data: bytes, name: bytes = b"") -> bytes:
    """`data` is JSON, where line ends are escaped; those that only some readers take for one are as well."""
    for raw, escaped in _LOOSE_LINE_ENDS:
        if raw in data:
            data = data.replace(raw, escaped)
    return b"event: %b\ndata: %b\n\n" % (name, data) if name else b"data: %b\n\n" % data


_LOOSE_LINE_ENDS = (
    (b"\xe2\x80\xa8", b"\\u2028"),
    (b"\xe2\x80\xa9", b"\\u2029"),
    (b"\xc2\x85", b"\\u0085"),
)


class WholeEvents:
    """Bytes → the same bytes, up to the end of the last whole event; the rest waits."""

    def __init__(self) -> None:
        self._held = Held()
        self.overfull = False

    def feed(self, chunk: bytes) -> bytes:
        if self._held.size == 0 and chunk.endswith((b"\n\n", b"\r\n\r\n")):
            return chunk
        if not _last_end(self._held.tail + chunk):
            self._hold(chunk)
            return b""
        joined = self._held.take() + chunk
        end = _last_end(joined)
        self._hold(joined[end:])
        return joined[:end]

    def rest(self) -> bytes:
        return self._held.take()

    def _hold(self, rest: bytes) -> None:
        self.overfull = self.overfull or not self._held.add(rest)


def _last_end(data: bytes) -> int:
    end = data.rfind(b"\n\n") + 2
    if b"\r" in data:
        ends = (data.rfind(mark) + len(mark) for mark in (b"\n\r\n", b"\r\r") if mark in data)
        end = max(end, *ends, 0)
    return end if end > 1 else 0


def split_events(data: bytes) -> list[bytes]:
    """Whole events, each with the blank line after it."""
    if b"\r" not in data:
        return [block + b"\n\n" for block in data.split(b"\n\n")[:-1]]
    pieces, start = [], 0
    for found in _BLANK_LINE.finditer(data):
        pieces.append(data[start : found.end()])
        start = found.end()
    if start < len(data):
        pieces.append(data[start:])
    return pieces
