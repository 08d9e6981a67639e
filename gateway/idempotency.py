"""An `idempotency-key` answers a repeated request with what the first one got, for a day.

Kept in Redis under the tenant, sealed with a key of our own, because an answer is the tenant's. While Redis does
not answer, requests go through as if they had no key.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from hashlib import sha256
from os import urandom

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from msgspec import Struct
from redis.asyncio import Redis
from redis.exceptions import RedisError

from gateway.errors import GatewayError, IdempotencyInProgress, IdempotencyMismatch, InvalidRequest
from gateway.exchange import Answer, Call, Parts

HEADER = b"idempotency-key"
LONGEST = 255
PENDING_FOR = 660  # seconds; a little more than the longest request
KEPT_FOR = 24 * 3600
MAX_KEPT = 4 * 1024 * 1024  # bytes of an answer; a larger one is not kept, and its repetition runs anew
PATIENCE = 0.25  # seconds that Redis may cost

_NONCE = 12


class Kept(Struct, frozen=True):
    """The first answer, or that it is still being made (`status` 0)."""

    asked: bytes  # digest of endpoint and body
    status: int = 0
    headers: list[tuple[bytes, bytes]] = []
    body: bytes = b""


class Once:
    def __init__(self, redis: Redis, secret: bytes) -> None:
        self._redis = redis
        self._cipher = AESGCM(sha256(b"rungway idempotency" + secret).digest())
        self._writes: set[asyncio.Task[None]] = set()

    async def run(self, call: Call, tenant: str, make: Callable[[], Awaitable[Answer]]) -> Answer:
        key = call.headers.get(HEADER)
        if key is None:
            return await make()
        if not 0 < len(key) <= LONGEST:
            raise InvalidRequest(
                f"An idempotency key has 1 to {LONGEST} characters.", param="idempotency-key"
            )
        name = f"rungway:once:{tenant}:{sha256(key).hexdigest()}"
        asked = sha256(repr(call.endpoint).encode() + b"\n" + call.body).digest()
        earlier = await self._claim(name, Kept(asked))
        if earlier is not None:
            return replay(earlier, asked)
        return await self._first(name, asked, make)

    async def _first(self, name: str, asked: bytes, make: Callable[[], Awaitable[Answer]]) -> Answer:
        try:
            answer = await make()
        except (GatewayError, asyncio.CancelledError):
            self._write(name, None)  # nothing was answered, so nothing stands in the way of another try
            raise
        if isinstance(answer.body, bytes):
            self._write(name, Kept(asked, answer.status, answer.headers, answer.body))
        else:
            answer.body = Copied(answer.body, lambda whole: self._keep(name, asked, answer, whole))
        return answer

    def _keep(self, name: str, asked: bytes, answer: Answer, whole: bytes | None) -> None:
        self._write(name, None if whole is None else Kept(asked, answer.status, answer.headers, whole))

    async def _claim(self, name: str, pending: Kept) -> Kept | None:
        """None when the name is ours now, or Redis is not there to say."""
        try:
            async with asyncio.timeout(PATIENCE):
                if await self._redis.set(name, self._seal(name, pending), nx=True, ex=PENDING_FOR):
                    return None
                found = await self._redis.get(name)
        except (RedisError, OSError, TimeoutError):
            return None
        return self._open(name, found) if isinstance(found, bytes) else None

    def _write(self, name: str, kept: Kept | None) -> None:
        """Beside the request: nobody waits for it. None forgets the name."""
        if kept is not None and len(kept.body) > MAX_KEPT:
            kept = None
        task = asyncio.get_running_loop().create_task(self._store(name, kept))
        self._writes.add(task)
        task.add_done_callback(self._writes.discard)

    async def _store(self, name: str, kept: Kept | None) -> None:
        try:
            if kept is None:
                await self._redis.delete(name)
            else:
                await self._redis.set(name, self._seal(name, kept), ex=KEPT_FOR)
        except (RedisError, OSError):
            return

    def _seal(self, name: str, kept: Kept) -> bytes:
        nonce = urandom(_NONCE)
        return nonce + self._cipher.encrypt(nonce, msgspec.msgpack.encode(kept), name.encode())

    def _open(self, name: str, box: bytes) -> Kept | None:
        try:
            plain = self._cipher.decrypt(box[:_NONCE], box[_NONCE:], name.encode())
        except InvalidTag:
            return None
        return msgspec.msgpack.decode(plain, type=Kept)


def replay(kept: Kept, asked: bytes) -> Answer:
    if kept.asked != asked:
        raise IdempotencyMismatch()
    if not kept.status:
        raise IdempotencyInProgress()
    return Answer(status=kept.status, headers=[*kept.headers, (b"x-rungway-replayed", b"1")], body=kept.body)


class Copied:
    """Passes a stream on and hands over a copy when it came to its own end, None when it did not."""

    def __init__(self, parts: Parts, done: Callable[[bytes | None], None]) -> None:
        self._parts, self._done = parts, done
        self._copy: list[bytes] = []
        self._size = 0
        self._whole = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for part in self._parts:
            self._size += len(part)
            if self._size <= MAX_KEPT:
                self._copy.append(part)
            yield part
        self._whole = self._size <= MAX_KEPT

    def stop(self) -> bytes:
        return self._parts.stop()

    def close(self) -> None:
        self._parts.close()
        self._done(b"".join(self._copy) if self._whole else None)
