"""From a name to addresses that may be connected to."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from ipaddress import ip_address
from math import inf

from gateway.core.addresses import LOOPBACK, Boundary, is_local
from gateway.core.url import Address, Url, UrlNotAllowed, address_of
from gateway.egress.errors import AddressNotAllowed, ConnectFailed, EgressError

type Answer = tuple[Address, ...] | EgressError
type Lookup = Callable[[str, int], Awaitable[Sequence[str]]]

FRESH = 30.0  # seconds
BRIEF = 1.0  # a failure may pass


class Names:
    """Asks the system's resolver on threads of its own, so that one dead name server does not hold up the others."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(max_workers=16, thread_name_prefix="names")

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        ask = asyncio.get_running_loop().run_in_executor
        found = await ask(self._threads, socket.getaddrinfo, host, port, 0, socket.SOCK_STREAM)
        return [str(answer[4][0]) for answer in found]

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)


class Addresses:
    """The checked addresses of one origin. Every answer must be allowed, or none is used."""

    def __init__(self, url: Url, boundary: Boundary, lookup: Lookup) -> None:
        self._url, self._boundary, self._lookup = url, boundary, lookup
        self._answer: Answer = ConnectFailed("the name has not been looked up")
        self._asking: asyncio.Task[Answer] | None = None
        self.until = -inf  # when the answer has to be asked for again

    async def current(self) -> tuple[Address, ...]:
        """Looked up by one for all who wait. Somebody who stops waiting does not stop the others."""
        answer = self._answer
        if asyncio.get_running_loop().time() >= self.until:
            answer = await asyncio.shield(self._refresh())
        if isinstance(answer, EgressError):
            raise type(answer)(*answer.args)
        return answer

    def refresh(self, then: Callable[[tuple[Address, ...]], None]) -> None:
        """Asks again without making anybody wait. A resolver that fails says nothing about the addresses known."""

        def done(asking: asyncio.Task[Answer]) -> None:
            answer = () if asking.cancelled() else asking.result()
            if isinstance(answer, AddressNotAllowed):
                then(())
            elif answer and not isinstance(answer, EgressError):
                then(answer)

        if self._asking is None or self._asking.done():
            self._refresh().add_done_callback(done)

    def _refresh(self) -> asyncio.Task[Answer]:
        if self._asking is None or self._asking.done():
            self._asking = asyncio.ensure_future(self._ask())
        return self._asking

    async def _ask(self) -> Answer:
        holds = FRESH
        try:
            self._answer = await self._checked()
        except UrlNotAllowed as error:
            self._answer = AddressNotAllowed(str(error))
        except (OSError, ValueError):
            self._answer, holds = ConnectFailed("the name cannot be resolved"), BRIEF
        self.until = asyncio.get_running_loop().time() + holds
        return self._answer

    async def _checked(self) -> tuple[Address, ...]:
        self._boundary.check(self._url)
        found = await self._found()
        for address in found:
            self._boundary.check_address(self._url, address)
        return found

    async def _found(self) -> tuple[Address, ...]:
        host = self._url.host
        if (literal := address_of(host)) is not None:
            return (literal,)
        if is_local(host):
            return tuple(one for one in LOOPBACK if self._boundary.opens(one)) or LOOPBACK
        answers = await self._lookup(host, self._url.port)
        if not answers:
            raise OSError("no answer")
        return tuple(dict.fromkeys(ip_address(one) for one in answers))
