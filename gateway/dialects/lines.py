"""JSON, an object a line, however the bytes are cut."""

from __future__ import annotations

from gateway.dialects.dialect import MAX_EVENT
from gateway.dialects.sse import Event, Held


class Lines:
    """Bytes → events without a name. After a line larger than `MAX_EVENT` it is `overfull` and reads no more."""

    def __init__(self) -> None:
        self._held = Held()
        self.overfull = False

    def feed(self, chunk: bytes) -> list[Event]:
        if b"\n" not in chunk:
            self._hold(chunk)
            return []
        *lines, rest = (self._held.take() + chunk).split(b"\n")
        self._hold(rest)
        return self._events(lines)

    def end(self) -> list[Event]:
        return self._events([self._held.take()])

    def _events(self, lines: list[bytes]) -> list[Event]:
        events = []
        for line in lines:
            self.overfull = self.overfull or len(line) > MAX_EVENT
            if self.overfull:
                break
            if line.strip():
                events.append(Event(b"", line))
        return events

    def _hold(self, rest: bytes) -> None:
        self.overfull = self.overfull or not self._held.add(rest)
