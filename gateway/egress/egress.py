"""Sending a request: a kept connection if there is one, else a new one to a checked address."""

from __future__ import annotations

import asyncio
import re
import ssl
from collections.abc import Sequence

from gateway.core.addresses import Boundary
from gateway.core.url import Origin, Url
from gateway.egress.connection import Stale, Timeouts
from gateway.egress.errors import InvalidRequest
from gateway.egress.names import Addresses, Lookup, Names
from gateway.egress.pool import Pool
from gateway.egress.response import Response

MOST_POOLS = 4096
MOST_NAMES = 1024
USUAL = Timeouts()


class Egress:
    """`allowed` are private networks that may be reached, `exempt` is one origin that is our own."""

    def __init__(
        self,
        *,
        allowed: Sequence[str] = (),
        exempt: str = "",
        max_connections: int = 256,
        ssl_context: ssl.SSLContext | None = None,
        lookup: Lookup | None = None,
    ) -> None:
        self._boundary = Boundary.of(allowed, exempt)
        self._most, self._tls = max_connections, ssl_context
        self._names = Names()
        self._lookup = lookup or self._names
        self._pools: dict[Origin, Pool] = {}

    async def send(
        self,
        method: bytes,
        url: Url,
        headers: Sequence[tuple[bytes, bytes]],
        body: bytes = b"",
        timeouts: Timeouts = USUAL,
    ) -> Response:
        """Returns at the response's headers, whatever its status. Cancelling it closes the connection."""
        head = rendered(method, url, headers, body)
        pool = self._pools.get(url.origin) or self._new_pool(url)
        now = asyncio.get_running_loop().time()
        ends, headers_only = now + timeouts.total, method == b"HEAD"
        kept = pool.take()
        if kept is not None and now >= pool.addresses.until:
            pool.addresses.refresh(then=pool.retire)
        connection = kept or await pool.open(timeouts)
        try:
            return await connection.ask(head, body, timeouts, ends=ends, headers_only=headers_only)
        except Stale:  # nothing came, so nothing was answered: once more, on another connection
            connection = await pool.open(timeouts)
            return await connection.ask(head, body, timeouts, ends=ends, headers_only=headers_only)

    async def aclose(self) -> None:
        for pool in self._pools.values():
            pool.close()
        self._pools.clear()
        self._names.close()
        await asyncio.sleep(0)  # lets transports say goodbye

    def _new_pool(self, url: Url) -> Pool:
        if len(self._pools) >= MOST_POOLS:
            self._pools = {origin: pool for origin, pool in self._pools.items() if not pool.is_unused}
        tls = self._context() if url.scheme == "https" else None
        addresses = Addresses(url, self._boundary, self._lookup)
        pool = self._pools[url.origin] = Pool(url, addresses, tls, self._most)
        return pool

    def _context(self) -> ssl.SSLContext:
        if self._tls is None:
            self._tls = ssl.create_default_context()
            self._tls.set_alpn_protocols(["http/1.1"])
        return self._tls


def rendered(method: bytes, url: Url, headers: Sequence[tuple[bytes, bytes]], body: bytes) -> bytes:
    """Joined from parts, not formatted: this runs for every request."""
    if method not in _known:
        check(method)
    parts = [
        method,
        b" ",
        url.target,
        b" HTTP/1.1\r\nhost: ",
        url.authority,
        b"\r\naccept-encoding: identity\r\n",
    ]
    lines = 4 + len(headers)
    for name, value in headers:
        if name not in _known:
            check(name)
        parts += (name, b": ", value, b"\r\n")
    if body or method not in WITHOUT_BODY:
        lines += 1
        parts += (b"content-length: ", b"%d" % len(body), b"\r\n")
    parts.append(b"\r\n")
    head = b"".join(parts)
    # A value that holds the end of a line would make two headers of one, or two requests.
    if head.count(b"\n") != lines or head.count(b"\r") != lines or b"\0" in head:
        raise InvalidRequest("a header holds a line end or NUL")
    return head


WITHOUT_BODY = frozenset({b"GET", b"HEAD", b"DELETE", b"OPTIONS"})
OURS = frozenset(
    b"host content-length transfer-encoding connection accept-encoding expect upgrade te trailer".split()
)
_known: set[bytes] = set()  # names found good before; they come from allow-lists and are few


def check(name: bytes) -> None:
    if not re.fullmatch(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+", name) or name.lower() in OURS:
        raise InvalidRequest("a header that is not the caller's to set, or not a header")
    if len(_known) < MOST_NAMES:
        _known.add(name)
