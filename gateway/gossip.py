"""What one worker has sent into a provider's cache, the others hear of: by Redis, beside the requests.

Nobody waits for it. What was kept is told a few times a second, all at once; a worker that nobody listens to falls silent
for a while. Messages hold keyed hashes, models and numbers of tokens. While Redis is away each worker knows its own.
"""

from __future__ import annotations

import asyncio
from math import isfinite
from os import urandom
from time import monotonic

import msgspec
from msgspec import Struct
from redis.asyncio import Redis

from gateway.conversations import LONG_LIFE, Conversations, Kept
from gateway.listening import listen

CHANNEL = "rungway:caches"
EVERY = 0.1  # seconds between two messages
MOST = 2_000  # prefixes in one message; what is more is not told
SILENT = 30.0  # seconds without a word where nobody listened


class Told(Struct, frozen=True, array_like=True):
    """A prefix that is kept for so many seconds more."""

    mark: int
    model: str
    tokens: int
    seconds: float
    key: str = ""


class Message(Struct, frozen=True):
    sender: str
    told: list[Told]


class Gossip:
    def __init__(self, redis: Redis, conversations: Conversations) -> None:
        self._redis, self._conversations = redis, conversations
        self._me = urandom(8).hex()
        self._waiting: list[tuple[int, str, Kept]] = []
        self._silent_until = 0.0
        conversations.on_kept = self.tell

    def tell(self, mark: int, model: str, kept: Kept) -> None:
        if len(self._waiting) < MOST:
            self._waiting.append((mark, model, kept))

    def heed(self, message: bytes) -> None:
        """What is nothing of the kind is left alone, whoever sent it."""
        try:
            said = msgspec.msgpack.decode(message, type=Message)
        except msgspec.DecodeError:
            return
        now = monotonic()
        for each in said.told if said.sender != self._me else ():
            if isfinite(each.seconds) and 0 < each.seconds <= LONG_LIFE and each.tokens > 0:
                self._conversations.hear(
                    each.mark, each.model, Kept(each.tokens, now + each.seconds, each.key)
                )

    async def run(self) -> None:
        await asyncio.gather(listen(self._redis, CHANNEL, self.heed), self._speak())

    async def _speak(self) -> None:
        while True:
            await asyncio.sleep(EVERY)
            waiting, self._waiting = self._waiting, []
            if waiting and monotonic() >= self._silent_until:
                await self._publish(waiting)

    async def _publish(self, waiting: list[tuple[int, str, Kept]]) -> None:
        now = monotonic()
        told = [
            Told(mark, model, kept.tokens, round(kept.until - now, 1), kept.key)
            for mark, model, kept in waiting
        ]
        try:
            heard = await self._redis.publish(CHANNEL, msgspec.msgpack.encode(Message(self._me, told)))
        except Exception:  # noqa: BLE001 - they will learn for themselves
            heard = 0
        if heard < 2:  # but for ourselves
            self._silent_until = monotonic() + SILENT
