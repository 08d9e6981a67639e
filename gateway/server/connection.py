"""One caller's connection: requests are read one after the other, and answered in that order."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, Any, cast

from httptools import HttpParserError, HttpParserUpgrade, HttpRequestParser

from gateway.errors import GatewayError, HeadersTooLarge, RequestTimedOut, TooLarge
from gateway.exchange import LEFT, Answer, Parts
from gateway.front import Opened
from gateway.incoming import BODY_IDLE, MAX_BODY
from gateway.server.response import CONTINUE, LAST_CHUNK, chunk, head

if TYPE_CHECKING:
    from gateway.server.serve import Server

KEPT = 75.0  # seconds an unused connection stays open
HEAD_WITHIN = 15.0  # seconds from a connection's or a request's first byte to the end of its head
LINGER = 2.0  # seconds in which the rest of a refused request is read and forgotten
UNREAD = 60.0  # seconds that a caller may leave an answer unread
MOST_HEAD = 64 << 10  # bytes of a head, or of chunk framing, that are read before anything is checked
MOST_UNWANTED = 64 << 10  # bytes of a body that are read though its request is refused
MOST_WAITING = 16  # requests sent ahead; then no more is read
BAD_REQUEST = b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
CLOSE = b"connection: close\r\n"


class Request:
    """One request as it comes in."""

    __slots__ = ("body", "fields", "keeps", "method", "opened", "size", "target", "unread", "version")

    def __init__(self) -> None:
        self.target = b""
        self.fields: list[tuple[bytes, bytes]] = []
        self.body: list[bytes] = []
        self.size = 0
        self.method, self.version, self.keeps, self.unread = "", "1.1", True, False
        self.opened: Opened | None = None


class Connection(asyncio.Protocol):
    __slots__ = (
        "_coming",
        "_drained",
        "_loop",
        "_parser",
        "_peer_gone",
        "_server",
        "_task",
        "_transport",
        "_unframed",
        "_waiting",
        "closing",
        "deadline",
    )
    _transport: asyncio.Transport
    _parser: Any  # httptools has no types

    def __init__(self, server: Server) -> None:
        self._server, self._loop = server, server.loop
        self._coming: Request | None = None
        self._waiting: deque[Request] = deque()
        self._task: asyncio.Task[None] | None = None
        self._drained: asyncio.Future[None] | None = None
        self._peer_gone = False
        self._unframed = 0  # bytes read of what is being read, that are no body
        self.closing = False  # after the answer that is under way
        self.deadline = self._server.now() + HEAD_WITHIN  # until which something must have happened

    # asyncio calls these

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._parser = HttpRequestParser(self)
        self._server.connections.add(self)

    def connection_lost(self, error: Exception | None) -> None:
        self._server.forget(self)
        self._peer_gone = True
        self._waiting.clear()
        self.resume_writing()
        if self._task is not None:
            self._task.cancel(LEFT)

    def data_received(self, data: bytes) -> None:
        if self.closing:
            return
        self._unframed += len(data)
        try:
            self._parser.feed_data(data)
        except HttpParserUpgrade:  # nobody here speaks anything else; what follows cannot be read
            self.closing = True
        except HttpParserError:
            self._refuse()
        if self._coming is not None and self._unframed > MOST_HEAD:
            self._turn_away(self._coming, HeadersTooLarge())

    def pause_writing(self) -> None:
        self._drained = self._loop.create_future()
        self.deadline = self._server.now() + UNREAD

    def resume_writing(self) -> None:
        drained, self._drained = self._drained, None
        if drained is not None and not drained.done():
            drained.set_result(None)

    # the parser calls these

    def on_message_begin(self) -> None:
        self._coming = Request()
        self.deadline = self._server.now() + HEAD_WITHIN

    def on_url(self, url: bytes) -> None:
        if self._coming is not None:
            self._coming.target += url

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._coming is not None:
            self._coming.fields.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        request = self._coming
        if request is None:
            return
        self._unframed = 0
        request.method = self._parser.get_method().decode("latin-1")
        request.version = self._parser.get_http_version()
        request.keeps = self._parser.should_keep_alive()
        request.opened = opened = self._server.front.open(request.method, request.target, request.fields)
        if opened.problem is not None and not _is_small(opened):
            self._turn_away(request, opened.problem)
        elif opened.headers.get(b"expect") is not None and self._task is None and request.version == "1.1":
            self._transport.write(CONTINUE)

    def on_body(self, part: bytes) -> None:
        request = self._coming
        if request is None:
            return
        self._unframed = 0
        self.deadline = self._server.now() + BODY_IDLE
        request.body.append(part)
        request.size += len(part)
        if request.size > MAX_BODY:
            self._turn_away(request, TooLarge())

    def on_message_complete(self) -> None:
        request, self._coming = self._coming, None
        self._unframed = 0
        if request is None:
            return
        self._waiting.append(request)
        if self._task is None:
            self._next()
        elif len(self._waiting) >= MOST_WAITING:
            self._transport.pause_reading()

    # answering

    def expire(self, now: float) -> None:
        """A caller who is too slow to ask or to read, or has nothing to ask any more."""
        if now < self.deadline:
            return
        if self._drained is not None:
            self._transport.abort()
        elif self._task is None and self._coming is not None:
            self._turn_away(self._coming, RequestTimedOut())
        elif self._task is None:
            self._transport.close()

    def finish(self) -> None:
        """No further request is taken; what is under way is answered."""
        self.closing = True
        if self._task is None:
            self._transport.close()

    def cut(self) -> None:
        """The answer under way is ended now, and says so."""
        if self._task is not None:
            self._task.cancel()

    def abort(self) -> None:
        self._transport.abort()

    def _next(self) -> None:
        if self._task is not None:
            return
        if not self._waiting or self._peer_gone:
            self.deadline = self._server.now() + KEPT
            return
        request = self._waiting.popleft()
        if not self._waiting:
            self._transport.resume_reading()
        # Eagerly: it runs up to the point where it waits for the provider, without a turn of the loop.
        task = asyncio.Task(self._serve(request), loop=self._loop, eager_start=True)
        if not task.done():
            self._task = task

    async def _serve(self, request: Request) -> None:
        assert request.opened is not None
        try:
            answer = await self._server.front.answer(request.opened, b"".join(request.body))
            body = answer.body
            if isinstance(body, bytes):
                self._write(request, answer, body)
            else:
                await self._stream(request, answer, body)
        except asyncio.CancelledError as reason:
            if LEFT not in reason.args:
                raise
        finally:
            self._task = None
        if self._peer_gone:
            return
        if request.unread:
            self._linger()
        elif self.closing or not request.keeps:
            self._transport.close()
        elif self._waiting:
            self._loop.call_soon(self._next)
        else:
            self.deadline = self._server.now() + KEPT

    def _write(self, request: Request, answer: Answer, body: bytes) -> None:
        framing = b"content-length: %d\r\n%b" % (len(body), self._ending(request))
        begin = head(answer.status, answer.headers, framing, self._server.clock.line)
        self._transport.write(begin if request.method == "HEAD" else begin + body)

    async def _stream(self, request: Request, answer: Answer, parts: Parts) -> None:
        chunked = request.version == "1.1"
        request.keeps = request.keeps and chunked
        framing = (b"transfer-encoding: chunked\r\n" if chunked else b"") + self._ending(request)
        self._transport.write(head(answer.status, answer.headers, framing, self._server.clock.line))
        try:
            async for part in parts:
                if part:
                    self._transport.write(chunk(part) if chunked else part)
                if self._drained is not None:
                    await self._drained
        except asyncio.CancelledError as reason:
            if LEFT in reason.args:
                raise
            self.closing = True
            part = parts.stop()
            self._transport.write(chunk(part) if chunked and part else part)
        finally:
            parts.close()
        if chunked:
            self._transport.write(LAST_CHUNK)

    def _linger(self) -> None:
        """Closed at once, with bytes of the request unread, the answer could be lost on its way."""
        self.closing, self.deadline = True, self._server.now() + LINGER
        if self._transport.can_write_eof():
            self._transport.write_eof()

    def _ending(self, request: Request) -> bytes:
        if self.closing:
            request.keeps = False
        if not request.keeps:
            return CLOSE
        return b"connection: keep-alive\r\n" if request.version == "1.0" else b""

    def _turn_away(self, request: Request, problem: GatewayError) -> None:
        """Answered without the rest of its body, which is why nothing can follow it."""
        self._coming = None
        request.keeps, request.unread, request.body = False, True, []
        if request.opened is None:
            request.opened = self._server.front.open(request.method, request.target, request.fields)
        request.opened.problem = problem
        self._waiting.append(request)
        self.closing = True
        if self._task is None:
            self._next()

    def _refuse(self) -> None:
        """What cannot be read as HTTP has no shape to be answered in."""
        self._coming, self.closing = None, True
        if self._task is None and not self._waiting:
            self._transport.write(BAD_REQUEST)
            self._transport.close()


def _is_small(opened: Opened) -> bool:
    """Whether a body that nobody wants is read all the same, so that the connection can serve again."""
    if b"transfer-encoding" in opened.headers or b"expect" in opened.headers:
        return False
    return int(opened.headers.get(b"content-length", b"0")) <= MOST_UNWANTED
