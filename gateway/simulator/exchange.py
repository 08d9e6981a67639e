"""One HTTP request over ASGI: its body, what is sent back, and what ASGI has no word for."""

from __future__ import annotations

import asyncio
import math
import socket
import struct
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

type Scope = MutableMapping[str, Any]
type Message = MutableMapping[str, Any]
type Receive = Callable[[], Awaitable[Message]]
type Send = Callable[[Message], Awaitable[None]]
type Headers = dict[bytes, bytes]


class Gone(Exception):
    """The client closed the connection."""


class Exchange:
    def __init__(self, scope: Scope, receive: Receive, send: Send, *, speed: float) -> None:
        self.method: str = scope["method"]
        self.path: str = scope["path"]
        raw, query = scope["raw_path"].decode("latin-1"), scope["query_string"].decode("latin-1")
        self.target = f"{raw}?{query}" if query else raw  # as it was sent
        self.headers: Headers = dict(scope["headers"])
        self.bytes_out = 0
        self.status = 0
        self._receive, self._send, self._speed = receive, send, speed
        self._leaving: asyncio.Task[Message] | None = None

    def header(self, name: bytes) -> str:
        return self.headers.get(name, b"").decode("latin-1")

    async def body(self) -> bytes:
        parts: list[bytes] = []
        while True:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                raise Gone
            parts.append(message.get("body", b""))
            if not message.get("more_body"):
                return b"".join(parts)

    async def pause(self, seconds: float) -> None:
        """Waits as a model takes its time, and notices at once when nobody waits for the answer any more."""
        if self._leaving is None:
            self._leaving = asyncio.ensure_future(self._receive())
        limit = None if seconds == math.inf else seconds / self._speed
        done, _ = await asyncio.wait({self._leaving}, timeout=limit)
        if done:
            raise Gone

    async def hang(self) -> None:
        await self.pause(math.inf)

    async def start(self, status: int, headers: Headers) -> None:
        self.status = status
        await self._send({"type": "http.response.start", "status": status, "headers": list(headers.items())})

    async def send(self, data: bytes) -> None:
        await self._send({"type": "http.response.body", "body": data, "more_body": True})
        self.bytes_out += len(data)

    async def finish(self, data: bytes = b"") -> None:
        self.bytes_out += len(data)
        await self._send({"type": "http.response.body", "body": data})

    async def answer(self, status: int, headers: Headers, body: bytes) -> None:
        await self.start(status, headers | {b"content-length": b"%d" % len(body)})
        await self.finish(body)

    async def cut(self, *, reset: bool) -> None:
        """Closes the connection midway, with FIN or RST. Reaches through ASGI to uvicorn's transport."""
        transport: asyncio.Transport = self._send.__self__.transport  # type: ignore[attr-defined]
        if reset:
            connection = transport.get_extra_info("socket")
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            transport.abort()
        else:
            transport.close()
        await self.hang()

    def close(self) -> None:
        if self._leaving is not None:
            self._leaving.cancel()
