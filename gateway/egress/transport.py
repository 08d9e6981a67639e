"""httpx over the pool, for everything that is not the hot path."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx

from gateway.core.url import UrlNotAllowed, parse
from gateway.egress.connection import Timeouts
from gateway.egress.egress import OURS, USUAL, Egress
from gateway.egress.errors import (
    ConnectFailed,
    ConnectionCut,
    ConnectTimeout,
    DeadlineExceeded,
    EgressError,
    FirstByteTimeout,
    IdleTimeout,
    InvalidRequest,
)
from gateway.egress.response import Response


class PoolTransport(httpx.AsyncBaseTransport):
    """Use it as `httpx.AsyncClient(transport=PoolTransport(egress))`. The egress stays its owner's to close."""

    def __init__(self, egress: Egress) -> None:
        self._egress = egress

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        headers = [(name.lower(), value) for name, value in request.headers.raw if name.lower() not in OURS]
        body = await request.aread()
        try:
            response = await self._egress.send(
                request.method.encode(), parse(str(request.url)), headers, body, timeouts_of(request)
            )
        except (EgressError, UrlNotAllowed) as error:
            raise in_their_words(error) from None
        return httpx.Response(response.status, headers=response.headers, stream=Body(response))


class Body(httpx.AsyncByteStream):
    def __init__(self, response: Response) -> None:
        self._response = response

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            async for chunk in self._response:
                yield chunk
        except EgressError as error:
            raise in_their_words(error) from None

    async def aclose(self) -> None:
        self._response.close()


def timeouts_of(request: httpx.Request) -> Timeouts:
    given: dict[str, float | None] = request.extensions.get("timeout", {})
    connect, read = given.get("connect") or USUAL.connect, given.get("read")
    return Timeouts(connect=connect, first_byte=read or USUAL.first_byte, idle=read or USUAL.idle)


def in_their_words(error: Exception) -> httpx.TransportError:
    return next(theirs for ours, theirs in WORDS if isinstance(error, ours))(str(error))


WORDS: tuple[tuple[type[Exception], type[httpx.TransportError]], ...] = (
    (ConnectTimeout, httpx.ConnectTimeout),
    (ConnectFailed, httpx.ConnectError),
    (FirstByteTimeout, httpx.ReadTimeout),
    (IdleTimeout, httpx.ReadTimeout),
    (DeadlineExceeded, httpx.ReadTimeout),
    (ConnectionCut, httpx.ReadError),
    (InvalidRequest, httpx.LocalProtocolError),
    (UrlNotAllowed, httpx.UnsupportedProtocol),
    (EgressError, httpx.RemoteProtocolError),
)
