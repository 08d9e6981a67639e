"""A server that says exactly the bytes a test wants said, and counts who came."""

from __future__ import annotations

import asyncio
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

from gateway.egress import Egress, Timeouts, Url

HEADERS = [(b"content-type", b"application/json")]
USUAL = Timeouts()


class Visit:
    """One accepted connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    async def request(self) -> bytes:
        """The next request, head and body; raises EOFError when the client has gone."""
        head, length = await self.head()
        return head + await self.take(length)

    async def say(self, *parts: bytes) -> None:
        for part in parts:
            self._writer.write(part)
            await self._writer.drain()

    async def head(self) -> tuple[bytes, int]:
        """The head of the next request, and the length of the body to come."""
        head = await self._reader.readuntil(b"\r\n\r\n")
        lines = head.lower().split(b"\r\n")
        return head, next((int(line[15:]) for line in lines if line.startswith(b"content-length:")), 0)

    async def take(self, length: int) -> bytes:
        return await self._reader.readexactly(length)

    async def gone(self) -> None:
        """Returns when the client closes."""
        with suppress(OSError):
            while await self._reader.read(65536):
                pass

    def reset(self) -> None:
        connection = self._writer.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._writer.transport.abort()

    def close(self) -> None:
        self._writer.close()


type Behave = Callable[[Visit], Awaitable[None]]


class Upstream:
    def __init__(self, behave: Behave) -> None:
        self.accepted = 0
        self.open = 0
        self.requests: list[bytes] = []
        self.left = asyncio.Event()  # set whenever a visit is over
        self._behave = behave
        self._visits: set[asyncio.Task[None]] = set()
        self.port = 0

    def url(self, path: str = "/v1/x", *, host: str = "127.0.0.1", scheme: str = "http") -> Url:
        return Url.parse(f"{scheme}://{host}:{self.port}{path}")

    async def meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.accepted += 1
        self.open += 1
        task = asyncio.current_task()
        assert task is not None
        self._visits.add(task)
        try:
            with suppress(EOFError, OSError):
                await self._behave(Visit(reader, writer))
        finally:
            self.open -= 1
            self._visits.discard(task)
            self.left.set()
            writer.close()

    async def stop(self) -> None:
        for visit in self._visits:
            visit.cancel()
        await asyncio.gather(*self._visits, return_exceptions=True)


@asynccontextmanager
async def upstream(
    behave: Behave, *, tls: ssl.SSLContext | None = None, at: tuple[str, int] = ("127.0.0.1", 0)
) -> AsyncIterator[Upstream]:
    visited = Upstream(behave)
    server = await asyncio.start_server(visited.meet, *at, ssl=tls)
    visited.port = server.sockets[0].getsockname()[1]
    try:
        yield visited
    finally:
        server.close()
        await visited.stop()


def always(*parts: bytes) -> Behave:
    """Answers every request of a connection the same way."""

    async def behave(visit: Visit) -> None:
        while True:
            await visit.request()
            await visit.say(*parts)

    return behave


def once(*parts: bytes) -> Behave:
    """Answers one request, then waits for the client to leave."""

    async def behave(visit: Visit) -> None:
        await visit.request()
        await visit.say(*parts)
        await visit.gone()

    return behave


def answer(body: bytes = b"{}", *headers: bytes, status: bytes = b"200 OK") -> bytes:
    lines = [b"HTTP/1.1 " + status, b"content-length: %d" % len(body), *headers]
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


def chunked(*chunks: bytes) -> bytes:
    body = b"".join(b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in chunks)
    return b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n" + body + b"0\r\n\r\n"


async def post(egress: Egress, url: Url, body: bytes = b"{}", timeouts: Timeouts = USUAL) -> bytes:
    response = await egress.send(b"POST", url, HEADERS, body, timeouts)
    return await response.read()


async def until(holds: Callable[[], bool], within: float = 5.0) -> None:
    async with asyncio.timeout(within):
        while not holds():  # noqa: ASYNC110 - what is waited for happens in the kernel
            await asyncio.sleep(0.002)
