"""Listening sockets, slow and idle callers, and an end that loses no request."""

from __future__ import annotations

import asyncio
import signal
import socket
from collections.abc import Sequence

from gateway.front import Front
from gateway.handler import Handler
from gateway.server.connection import Connection
from gateway.server.response import Clock
from gateway.settings import Settings

GRACE = 25.0  # seconds for the answers under way, once we are told to stop
LAST_WORDS = 3.0  # seconds for telling those who still wait that we go
LOOK_EVERY = 1.0  # seconds between looks for slow callers
BACKLOG = 2048


class Server:
    def __init__(self, settings: Settings, *, grace: float = GRACE) -> None:
        self.loop = asyncio.get_running_loop()
        self.handler = Handler(settings)
        self.front = Front(self.handler.handle, self.handler.probes)
        self.clock = Clock()
        self.now = self.loop.time
        self.connections: set[Connection] = set()
        self._grace = grace
        self._listeners: list[asyncio.Server] = []
        self._watch: asyncio.TimerHandle | None = None
        self._stop = asyncio.Event()
        self._hurry = asyncio.Event()
        self._left = asyncio.Event()

    async def start(self, sockets: Sequence[socket.socket]) -> None:
        await self.handler.start()
        for listener in sockets:
            made = await self.loop.create_server(lambda: Connection(self), sock=listener, backlog=BACKLOG)
            self._listeners.append(made)
        self._look()

    async def run(self, sockets: Sequence[socket.socket]) -> None:
        """Until SIGTERM or SIGINT; a second one ends what is still under way."""
        for number in (signal.SIGTERM, signal.SIGINT):
            self.loop.add_signal_handler(number, self.tell)
        await self.start(sockets)
        await self._stop.wait()
        await self.stop()

    def tell(self) -> None:
        if self._stop.is_set():
            self._hurry.set()
        self._stop.set()

    async def stop(self) -> None:
        for listener in self._listeners:
            listener.close()
        for connection in tuple(self.connections):
            connection.finish()
        if self._watch is not None:
            self._watch.cancel()
        await self._until_left(self._grace)
        for connection in tuple(self.connections):
            connection.cut()
        self._hurry.clear()
        await self._until_left(LAST_WORDS)
        for connection in tuple(self.connections):
            connection.abort()
        await self.handler.stop()

    def forget(self, connection: Connection) -> None:
        self.connections.discard(connection)
        if not self.connections:
            self._left.set()

    async def _until_left(self, seconds: float) -> None:
        """Until no caller is there any more, we are told to hurry, or time is up."""
        if not self.connections:
            return
        self._left.clear()
        waits = [asyncio.create_task(event.wait()) for event in (self._left, self._hurry)]
        await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        for wait in waits:
            wait.cancel()

    def _look(self) -> None:
        now = self.now()
        self.clock.tick()
        for connection in tuple(self.connections):
            connection.expire(now)
        self._watch = self.loop.call_later(LOOK_EVERY, self._look)
