"""What the stream readers of all dialects share: events → objects, and how a stream may go wrong."""

from __future__ import annotations

from typing import Any, Protocol

import msgspec

from gateway.core.conversation import Delta, Finish, Started
from gateway.core.price import NOTHING, Usage, UsageSource
from gateway.dialects.sse import Event, EventReader
from gateway.errors import UpstreamError, UpstreamInvalidResponse

_decode = msgspec.json.Decoder().decode


class Events(Protocol):
    """Bytes → events: how a protocol frames them."""

    overfull: bool  # an event is larger than `MAX_EVENT`, and nothing more is read

    def feed(self, chunk: bytes) -> list[Event]: ...
    def end(self) -> list[Event]: ...


class Reader:
    """A dialect fills in `read_object`. What makes no sense is passed over; what cannot be read ends it."""

    def __init__(self, secret: str, events: Events | None = None) -> None:
        self.secret = secret  # never repeated from an error
        self._events: Events = events or EventReader()
        self.started = False
        self.id = ""
        self.model = ""
        self.usage: Usage = NOTHING
        self.usage_source = UsageSource.NONE
        self.finish: Finish | None = None
        self.stop_sequence = ""
        self.complete = False
        self.error: UpstreamError | None = None
        self.only_usage = False  # whether the last event told of usage and nothing else

    @property
    def logprobs(self) -> tuple[float, ...] | None:
        return None

    def feed(self, data: bytes) -> list[Delta]:
        deltas: list[Delta] = []
        if self.error is None:
            self._take(self._events.feed(data), deltas)
        return deltas

    def end(self) -> list[Delta]:
        deltas: list[Delta] = []
        before = self.error
        if before is None:
            self._take(self._events.end(), deltas)
        if before is None and isinstance(self.error, UpstreamInvalidResponse):
            self.error = None  # half an event: that the end is missing is what is wrong
        self.at_end(deltas)
        if self.error is None and not self.complete:
            self.error = UpstreamError("The provider's answer broke off before its end.")
        return deltas

    def read_object(self, name: bytes, body: dict[str, Any], deltas: list[Delta]) -> None:
        raise NotImplementedError

    def read_mark(self, data: bytes, deltas: list[Delta]) -> bool:
        """Whether the data of an event is a word of the protocol, not JSON."""
        return False

    def at_end(self, deltas: list[Delta]) -> None:
        """No more comes: what is still to be said of it."""

    def start(self, deltas: list[Delta], *, reply_id: Any, model: Any, usage: Usage = NOTHING) -> None:
        self.started = True
        self.id = reply_id if type(reply_id) is str else ""
        self.model = model if type(model) is str else ""
        deltas.append(Started(id=self.id, model=self.model, usage=usage))

    def _take(self, events: list[Event], deltas: list[Delta]) -> None:
        for event in events:
            self._read(event, deltas)
            if self.error is not None:
                return
        if self._events.overfull:
            self.error = UpstreamInvalidResponse("An event of the provider's stream is too large.")

    def _read(self, event: Event, deltas: list[Delta]) -> None:
        self.only_usage = False
        if not event.data.strip() or self.read_mark(event.data, deltas):
            return
        body = _object(event.data)
        if body is not None:
            self.read_object(event.name, body, deltas)
        elif b"\n" in event.data:  # blank lines between events were forgotten: each line is one
            for line in event.data.split(b"\n"):
                if self.error is None:
                    self._read(Event(event.name, line), deltas)
        else:
            self.error = UpstreamInvalidResponse("An event of the provider's stream is not JSON.")


def _object(data: bytes) -> dict[str, Any] | None:
    try:
        body = _decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return body if type(body) is dict else {}
