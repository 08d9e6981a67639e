"""The connections to one origin: kept, counted, and queued for."""

from __future__ import annotations

import asyncio
import ssl
from collections import deque
from contextlib import suppress
from ipaddress import ip_address

from gateway.core.url import Address, Url
from gateway.egress.connection import Connection, Timeouts
from gateway.egress.errors import ConnectFailed, ConnectTimeout, TlsFailed, TooManyWaiting
from gateway.egress.names import Addresses

MOST_WAITING = 256
MOST_TRIED = 4  # addresses of a name


class Pool:
    def __init__(self, url: Url, addresses: Addresses, tls: ssl.SSLContext | None, most: int) -> None:
        self.addresses = addresses
        self._url, self._tls, self._most = url, tls, most
        self._idle: list[Connection] = []
        self._open: set[Connection] = set()
        self._opening = 0
        self._waiting: deque[asyncio.Future[Connection | None]] = deque()
        self._is_closed = False

    def take(self) -> Connection | None:
        """A kept connection, the most recently used one."""
        while self._idle:
            connection = self._idle.pop()
            if not connection.closing:
                return connection
        return None

    async def open(self, timeouts: Timeouts) -> Connection:
        """A new connection; where no more may be opened, the next that comes free."""
        try:
            async with asyncio.timeout(min(timeouts.connect, timeouts.total)):
                return await self._next_free() or await self._new(timeouts.connect)
        except TimeoutError:
            raise ConnectTimeout("no connection in time") from None

    def retire(self, addresses: tuple[Address, ...]) -> None:
        """Lets go of the connections to addresses the name no longer has."""
        for connection in [one for one in self._open if one.address not in addresses]:
            connection.retire()

    @property
    def is_unused(self) -> bool:
        return not self._open and not self._opening and not self._waiting

    def close(self) -> None:
        self._is_closed = True
        for connection in list(self._open):
            connection.end()
        for waiter in self._waiting:
            if not waiter.done():
                waiter.set_result(None)

    # Waiting.

    async def _next_free(self) -> Connection | None:
        while not self._is_closed and len(self._open) + self._opening >= self._most:
            if len(self._waiting) >= MOST_WAITING:
                raise TooManyWaiting("too many requests wait for a connection")
            if (connection := await self._freed()) is not None:
                return connection
        return None

    async def _freed(self) -> Connection | None:
        waiter: asyncio.Future[Connection | None] = asyncio.get_running_loop().create_future()
        self._waiting.append(waiter)
        try:
            return await waiter
        except asyncio.CancelledError:
            if waiter.done() and not waiter.cancelled():  # what was meant for us goes to the next
                self._hand_on(waiter.result())
            raise
        finally:
            if waiter in self._waiting:
                self._waiting.remove(waiter)

    def _hand_on(self, connection: Connection | None) -> None:
        """To whoever waits the longest: a connection, or the room for one."""
        while self._waiting:
            waiter = self._waiting.popleft()
            if not waiter.done():
                return waiter.set_result(connection)
        if connection is not None and not connection.closing:
            self._idle.append(connection)
        return None

    def _lost(self, connection: Connection) -> None:
        self._open.discard(connection)
        if connection in self._idle:
            self._idle.remove(connection)
        self._hand_on(None)

    # Connecting.

    async def _new(self, patience: float) -> Connection:
        if self._is_closed:
            raise ConnectFailed("closing")
        self._opening += 1
        connection: Connection | None = None
        try:
            connection = await self._connect(await self.addresses.current(), patience)
            return connection
        finally:
            self._opening -= 1
            if connection is None:
                self._hand_on(None)
            else:
                self._open.add(connection)

    async def _connect(self, addresses: tuple[Address, ...], patience: float) -> Connection:
        """The addresses in turn, each with its share of the time, so that one dead one does not use it all."""
        tried = addresses[:MOST_TRIED]
        for address in tried[:-1]:
            with suppress(TimeoutError, ConnectFailed):
                async with asyncio.timeout(patience / len(tried)):
                    return await self._connect_to(address)
        return await self._connect_to(tried[-1])

    async def _connect_to(self, address: Address) -> Connection:
        loop, url = asyncio.get_running_loop(), self._url
        name = url.host if self._tls else None
        try:
            transport, connection = await loop.create_connection(
                lambda: Connection(address, self._hand_on, self._lost),
                str(address),
                url.port,
                ssl=self._tls,
                server_hostname=name,
            )
        except ssl.SSLError as error:
            raise TlsFailed(f"TLS failed: {error.reason or 'handshake'}") from None
        except OSError as error:
            raise ConnectFailed(f"cannot connect: {error.strerror or type(error).__name__}") from None
        if connection.closing or ip_address(transport.get_extra_info("peername")[0]) != address:
            connection.abort()
            raise ConnectFailed("closed as soon as it was opened")
        return connection
