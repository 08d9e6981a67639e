"""One HTTP/1.1 connection: requests one after the other, each with its own response."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from math import inf
from typing import TYPE_CHECKING, Any, cast

from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser
from msgspec import Struct

from gateway.egress.errors import (
    ConnectionCut,
    DeadlineExceeded,
    EgressError,
    FirstByteTimeout,
    IdleTimeout,
    InvalidResponse,
    ResponseTooLarge,
)
from gateway.egress.response import Response

if TYPE_CHECKING:
    from gateway.core.url import Address

MOST_HEAD = 64 << 10  # bytes of headers, of trailers, or of anything else that is not body
MOST_HEADERS = 512
MOST_INTERIM = 10
KEPT = 50.0  # seconds an unused connection stays open
ONE_WRITE = 64 << 10  # a smaller body is joined with its head


class Timeouts(Struct, frozen=True, kw_only=True):
    """In seconds. `total` is counted from the call, over everything."""

    connect: float = 5.0
    first_byte: float = 60.0
    idle: float = 90.0
    total: float = 600.0


class Stale(ConnectionCut):
    """A kept connection was closed before it brought a byte: the server had given it up before we asked."""


class Connection(asyncio.Protocol):
    __slots__ = (
        "_alarm",
        "_alarm_at",
        "_complete",
        "_ends",
        "_expires",
        "_failure",
        "_fed",
        "_head_done",
        "_headers_only",
        "_idle",
        "_interim",
        "_is_retired",
        "_keep",
        "_loop",
        "_on_free",
        "_on_lost",
        "_parser",
        "_parts",
        "_response",
        "_transport",
        "_unsent",
        "_used",
        "address",
        "closing",
    )
    _transport: asyncio.Transport
    _parser: Any  # httptools has no types

    def __init__(
        self,
        address: Address | None,
        on_free: Callable[[Connection], None],
        on_lost: Callable[[Connection], None],
    ) -> None:
        self.address = address
        self.closing = self._used = self._is_retired = False
        self._on_free, self._on_lost = on_free, on_lost
        self._loop = asyncio.get_running_loop()
        self._parser = HttpResponseParser(self)
        self._parts: list[bytes] = []
        self._response: Response | None = None
        self._alarm: asyncio.TimerHandle | None = None
        self._alarm_at = self._expires = self._ends = inf

    async def ask(
        self, head: bytes, body: bytes, timeouts: Timeouts, *, ends: float, headers_only: bool = False
    ) -> Response:
        """Returns at the response's headers. Cancelled before that, it closes the connection."""
        if self.closing:  # while it was handed over
            raise Stale("the server had closed the connection")
        response = self._response = Response(self)
        self._failure: EgressError | None = None
        self._head_done = self._complete = self._keep = False
        self._headers_only = headers_only
        self._fed = self._interim = 0  # bytes since the last of the body, or since the start
        self._unsent = -1
        self._idle, self._ends = timeouts.idle, ends
        if len(body) < ONE_WRITE:
            self._transport.write(head + body)
        else:
            self._transport.writelines((head, body))
        self._allow(timeouts.first_byte)
        await response.wait()
        if response.error is not None and not response.status:
            raise response.error
        return response

    def retire(self) -> None:
        """To be closed when the response that is on its way is whole, or now."""
        self._is_retired = True
        if self._response is None:
            self.abort()

    def end(self) -> None:
        """We are closing; whoever still waits is told."""
        if self._response is not None:
            self._response.fail(ConnectionCut("closed by this side"))
        self.abort()

    # What the transport says.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is one, but not of that class

    def data_received(self, data: bytes) -> None:
        response = self._response
        if response is None:  # nobody asked: a server that says why it closes, or worse
            return self.abort()
        self._fed += len(data)
        try:
            self._parser.feed_data(data)
        except HttpParserUpgrade:
            return response.fail(InvalidResponse("the server changes to another protocol"))
        except HttpParserError:
            return response.fail(InvalidResponse("the response is not valid HTTP"))
        if parts := self._parts:
            self._parts, self._fed = [], 0
            response.feed(parts[0] if len(parts) == 1 else b"".join(parts))
        elif self._fed > MOST_HEAD and not self._complete and self._failure is None:
            self._failure = ResponseTooLarge(f"more than {MOST_HEAD} bytes of headers")
        if self._failure is not None:
            response.fail(self._failure)
        elif self._complete:
            self._finish(response)
        elif self._head_done:
            self._allow(self._idle)
        return None

    def connection_lost(self, exc: Exception | None) -> None:
        self.closing = True
        if self._alarm is not None:
            self._alarm.cancel()
        self._on_lost(self)
        self._parser = None  # each holds the other
        response, self._response = self._response, None
        if response is None:
            return
        if exc is None and self._head_done and not any(name in FRAMING for name, _ in response.headers):
            response.finish()  # its end was to be the end of the connection
        elif self._used and self._fed == 0 and not self._head_done:
            response.fail(Stale("the server had closed the connection"))
        else:
            response.fail(ConnectionCut("the connection was closed before the response was whole"))

    # What the parser says.

    def on_message_begin(self) -> None:
        if self._complete:  # more than was asked for: whose would it be?
            self._keep = False

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._response is not None and not self._head_done:
            self._response.headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        response = self._response
        status: int = self._parser.get_status_code()
        if response is None or self._complete or 100 <= status < 200:
            return
        if not 200 <= status < 600:
            self._failure = InvalidResponse("the response has no valid status")
        elif len(response.headers) > MOST_HEADERS or (self._fed > MOST_HEAD and size(response) > MOST_HEAD):
            self._failure = ResponseTooLarge(
                f"more than {MOST_HEAD} bytes or {MOST_HEADERS} lines of headers"
            )
        else:
            response.status = status
            self._head_done, self._complete = True, self._headers_only
            response.begin()

    def on_body(self, part: bytes) -> None:
        if not self._complete:
            self._parts.append(part)

    def on_message_complete(self) -> None:
        if self._head_done:
            # Asked later it would answer False.
            self._keep = self._parser.should_keep_alive() and not self._complete
            self._complete = True
        elif self._response is not None:
            self._response.headers.clear()
            self._interim += 1
            if self._interim > MOST_INTERIM:
                self._failure = InvalidResponse(f"more than {MOST_INTERIM} interim responses")

    # What the response says.

    def pause(self) -> None:
        if not self._transport.is_closing():
            self._transport.pause_reading()

    def resume(self) -> None:
        if not self._transport.is_closing():
            self._transport.resume_reading()
            self._allow(self._idle)

    def abort(self) -> None:
        self._response = None
        if not self.closing:
            self.closing = True
            self._transport.abort()

    # Its own.

    def _finish(self, response: Response) -> None:
        self._response = None
        response.finish()
        if (
            self._keep
            and not self.closing
            and not self._is_retired
            and not self._transport.get_write_buffer_size()
        ):
            self._used, self._ends = True, inf
            self._allow(KEPT)
            self._on_free(self)
        else:
            self.abort()

    def _allow(self, seconds: float) -> None:
        """Time for what comes next. One timer serves all of a connection's life; most often it need not move."""
        expires = self._loop.time() + seconds
        self._expires = min(self._ends, expires)
        if self._alarm is None or self._expires < self._alarm_at:
            self._set_alarm()

    def _set_alarm(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
        self._alarm_at = self._expires
        self._alarm = self._loop.call_at(self._alarm_at, self._ring)

    def _ring(self) -> None:
        self._alarm = None
        now, response = self._loop.time(), self._response
        if self.closing:
            return
        if now < self._expires - TICK:
            self._set_alarm()
        elif response is None:
            self.abort()
        elif now >= self._ends - TICK:
            response.fail(DeadlineExceeded("the response took too long in all"))
        elif not self._head_done and self._is_sending():
            self._allow(self._idle)
        elif not self._head_done:
            response.fail(FirstByteTimeout("the server did not begin to answer in time"))
        elif response.is_held_up:
            self._allow(self._idle)
        else:
            response.fail(IdleTimeout("the server stopped in the middle of its answer"))

    def _is_sending(self) -> bool:
        """Whether the request is still on its way, and getting on."""
        left = self._transport.get_write_buffer_size()
        moved = left > 0 and (self._unsent < 0 or left < self._unsent)
        self._unsent = left
        return moved


TICK = 0.002  # a loop's clock may lag behind its timers by as much
FRAMING = frozenset({b"content-length", b"transfer-encoding"})


def size(response: Response) -> int:
    return sum(len(name) + len(value) for name, value in response.headers)
