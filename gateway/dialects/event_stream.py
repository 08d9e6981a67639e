"""AWS's binary event stream, however the bytes are cut: messages with a checked prelude, headers and a payload.

After https://docs.aws.amazon.com/transcribe/latest/dg/streaming-setting-up.html#streaming-event-stream. A message:
its length and that of its headers (4 bytes each), a CRC of these, headers, payload, a CRC of all before it.
"""

from __future__ import annotations

from binascii import crc32
from struct import Struct, error

import msgspec

from gateway.dialects.dialect import MAX_EVENT
from gateway.dialects.sse import Event, Held

_PRELUDE = Struct(">III")
_LENGTH = Struct(">H")
_CRC = Struct(">I")
_LEAST = _PRELUDE.size + _CRC.size

_TEXT = 7
_SIZES = {0: 0, 1: 0, 2: 1, 3: 2, 4: 4, 5: 8, 8: 8, 9: 16}  # bytes, by type; 6 and 7 tell their length
FAILED = b":"  # begins the name of an event that tells of an error


class Broken(Exception):
    """These bytes are not such a stream, or were changed on the way."""


class Frames:
    """Bytes → events. After bytes that cannot be right it is `broken` and reads no more."""

    def __init__(self) -> None:
        self._held = Held()
        self._wanted = _PRELUDE.size  # bytes that must be there before there is anything to read
        self.overfull = False
        self.broken = False

    def feed(self, chunk: bytes) -> list[Event]:
        events: list[Event] = []
        self._held.add(chunk)
        if self.broken or self._held.size < self._wanted:
            return events
        try:
            self._read(self._held.take(), events)
        except (Broken, error, UnicodeDecodeError):
            self.broken = True
        return events

    def end(self) -> list[Event]:
        """What is left is no whole message."""
        return []

    def _read(self, data: bytes, events: list[Event]) -> None:
        start = 0
        while True:
            rest = len(data) - start
            self._wanted = _size(data, start) if rest >= _PRELUDE.size else _PRELUDE.size
            if rest < self._wanted:
                break
            events.append(_event(data[start : start + self._wanted]))
            start += self._wanted
        self._held.add(data[start:])


def _size(data: bytes, start: int) -> int:
    """Of the message that begins here."""
    size, headers, told = _PRELUDE.unpack_from(data, start)
    if crc32(data[start : start + 8]) != told or not _LEAST + headers <= size <= MAX_EVENT:
        raise Broken
    return int(size)


def _event(message: bytes) -> Event:
    if crc32(message[:-4]) != _CRC.unpack_from(message, len(message) - 4)[0]:
        raise Broken
    body = _PRELUDE.size + _PRELUDE.unpack_from(message)[1]
    headers, payload = _headers(message[_PRELUDE.size : body]), message[body:-4]
    kind = headers.get(b":message-type", b"event")
    if kind == b"event":
        return Event(headers.get(b":event-type", b""), payload)
    if kind == b"exception":
        return Event(FAILED + headers.get(b":exception-type", b""), payload or b"{}")
    told = {"message": headers.get(b":error-message", b"").decode()}
    return Event(FAILED + headers.get(b":error-code", b""), msgspec.json.encode(told))


def _headers(block: bytes) -> dict[bytes, bytes]:
    """Those that are text; of the others none says anything to us."""
    headers, place = {}, 0
    while place < len(block):
        name = block[place + 1 : place + 1 + block[place]]
        place += 1 + len(name)
        if place >= len(block):
            raise Broken
        kind, place = block[place], place + 1
        if kind in {6, _TEXT}:
            size, place = _LENGTH.unpack_from(block, place)[0], place + _LENGTH.size
        elif kind in _SIZES:
            size = _SIZES[kind]
        else:
            raise Broken
        if kind == _TEXT:
            headers[name] = block[place : place + size]
        place += size
    return headers
