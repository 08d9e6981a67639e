"""A response as it comes in: its headers are there, its body may still be on the way."""

from __future__ import annotations

import asyncio
import zlib
from collections import deque
from typing import Protocol

from gateway.egress.errors import EgressError, InvalidResponse, ResponseTooLarge

type Headers = list[tuple[bytes, bytes]]

MOST_BODY = 64 << 20
MOST_WAITING = 256 << 10  # bytes read ahead of a reader before the connection is told to stop
FEW_WAITING = 64 << 10
MOST_RATIO = 100  # decoded bytes for each encoded one, beyond the first MiB
UNCHECKED_RATIO = 1 << 20


class Line(Protocol):
    """The connection, as far as a response needs it."""

    def pause(self) -> None: ...

    def resume(self) -> None: ...

    def abort(self) -> None: ...


class Response:
    """Names of headers are lower-case. Read it whole, or iterate over what comes; close it if you do neither."""

    __slots__ = (
        "_cap",
        "_chunks",
        "_decoder",
        "_ended",
        "_error",
        "_line",
        "_paused",
        "_size",
        "_waiter",
        "headers",
        "status",
    )

    def __init__(self, line: Line) -> None:
        self.status = 0
        self.headers: Headers = []
        self._line = line
        self._chunks: deque[bytes] = deque()
        self._size = 0  # of the chunks held
        self._cap = -1  # set while somebody wants it whole
        self._ended = self._paused = False
        self._error: EgressError | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._decoder: Decoder | None = None

    def header(self, name: bytes) -> bytes | None:
        for known, value in self.headers:
            if known == name:
                return value
        return None

    @property
    def size(self) -> int:
        """Bytes of the body that have come and were not taken yet."""
        return self._size

    async def read(self, cap: int = MOST_BODY) -> bytes:
        """The whole body, decoded."""
        self._cap = cap
        expected = self._size if self._ended else int(self.header(b"content-length") or 0)
        if expected > cap:
            self.close()
            raise too_large(cap)
        while not self._ended:
            if self._paused:
                self._flow()
            await self.wait()
        if self._error is not None:
            raise self._error
        body = self._chunks.popleft() if len(self._chunks) == 1 else b"".join(self._chunks)
        self._chunks.clear()
        self._size = 0
        return body

    def __aiter__(self) -> Response:
        return self

    async def __anext__(self) -> bytes:
        while not self._chunks:
            if self._error is not None:
                raise self._error
            if self._ended:
                raise StopAsyncIteration
            await self.wait()
        chunk = self._chunks.popleft()
        self._size -= len(chunk)
        if self._paused and self._size <= FEW_WAITING:
            self._flow()
        return chunk

    async def is_quiet(self, seconds: float) -> bool:
        """Whether for so long nothing comes. Something that is there, or an end, is not waited for."""
        if self._chunks or self._ended:
            return False
        alarm = asyncio.get_running_loop().call_later(seconds, self._wake)
        try:
            await self.wait()
        finally:
            alarm.cancel()
        return not self._chunks and not self._ended

    def close(self) -> None:
        """Whatever is still to come is not wanted: the connection is closed at once."""
        if not self._ended:
            self._ended = True
            self._line.abort()
        self._chunks.clear()

    async def wait(self) -> None:
        """Until more has come. A caller that is cancelled here no longer wants the response."""
        waiter = self._waiter = asyncio.get_running_loop().create_future()
        try:
            await waiter
        except BaseException:
            self.close()
            raise
        finally:
            self._waiter = None

    # What the connection says.

    def begin(self) -> None:
        """The headers are complete."""
        encoding = self.header(b"content-encoding")
        if encoding is not None and encoding.strip().lower() != b"identity":
            self._decoder = Decoder(encoding.strip().lower())
            hidden = {b"content-encoding", b"content-length"}
            self.headers = [pair for pair in self.headers if pair[0] not in hidden]
        self._wake()

    def feed(self, data: bytes) -> None:
        """What one read of the socket brought of the body."""
        if self._ended:
            return None
        if self._decoder is not None:
            try:
                data = self._decoder.decode(data)
            except EgressError as error:
                return self.fail(error)
        if data:
            self._chunks.append(data)
            self._size += len(data)
        if self._cap >= 0:
            if self._size > self._cap:
                self.fail(too_large(self._cap))
            return None
        if self._size > MOST_WAITING and not self._paused:
            self._paused = True
            self._line.pause()
        return self._wake()

    def finish(self) -> None:
        if self._decoder is not None and not self._decoder.whole:
            return self.fail(InvalidResponse("the compressed body ends too early"))
        self._ended = True
        return self._wake()

    def fail(self, error: EgressError) -> None:
        """Once it has ended, nothing more can go wrong with it."""
        if not self._ended:
            self._ended, self._error = True, error
            self._line.abort()
            self._wake()

    @property
    def is_held_up(self) -> bool:
        """Whether it is the reader who lets the server wait."""
        return self._paused

    @property
    def error(self) -> EgressError | None:
        return self._error

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def _flow(self) -> None:
        self._paused = False
        self._line.resume()


class Decoder:
    """We ask for identity; some answer in gzip nevertheless, and a bomb must not get far."""

    def __init__(self, encoding: bytes) -> None:
        self._known = encoding in {b"gzip", b"x-gzip", b"deflate"}
        self._zlib = zlib.decompressobj(zlib.MAX_WBITS | 32)  # gzip or zlib, told from its first bytes
        self._encoded = self._decoded = 0

    @property
    def whole(self) -> bool:
        return self._zlib.eof

    def decode(self, data: bytes) -> bytes:
        if not self._known:
            raise InvalidResponse("a content encoding nobody asked for")
        self._encoded += len(data)
        most = max(UNCHECKED_RATIO, self._encoded * MOST_RATIO) - self._decoded
        try:
            decoded = self._zlib.decompress(data, most + 1)
        except zlib.error:
            raise InvalidResponse("the compressed body is broken") from None
        if len(decoded) > most:
            raise ResponseTooLarge(f"the body unpacks to more than {MOST_RATIO} times its size")
        if self._zlib.unused_data:
            raise InvalidResponse("the compressed body is followed by something else")
        self._decoded += len(decoded)
        return decoded


def too_large(cap: int) -> ResponseTooLarge:
    return ResponseTooLarge(f"the response is larger than {cap} bytes")
