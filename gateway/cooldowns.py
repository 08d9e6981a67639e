"""What one worker is told by a provider ("come back in 7 s") all of them keep to: a message by Redis, beside the request.

Nobody waits for it. While Redis is away each worker learns for itself, as it would without.
"""

from __future__ import annotations

import asyncio
from math import isfinite
from os import urandom
from time import monotonic

import msgspec
from msgspec import Struct
from redis.asyncio import Redis

from gateway.breakers import LONGEST_ASKED, Breakers
from gateway.listening import listen

CHANNEL = "rungway:cooldowns"


class Cooldown(Struct, frozen=True):
    sender: str
    tenant: str
    model: str
    seconds: float


class Cooldowns:
    def __init__(self, redis: Redis, breakers: Breakers) -> None:
        self._redis, self._breakers = redis, breakers
        self._me = urandom(8).hex()
        self._sending: set[asyncio.Task[None]] = set()
        breakers.on_asked = self.tell

    def tell(self, tenant: str, model: str, seconds: float) -> None:
        task = asyncio.get_running_loop().create_task(
            self._publish(Cooldown(self._me, tenant, model, seconds))
        )
        self._sending.add(task)
        task.add_done_callback(self._sending.discard)

    def heed(self, message: bytes) -> None:
        """What is no cooldown is left alone, whoever sent it."""
        try:
            told = msgspec.json.decode(message, type=Cooldown)
        except msgspec.DecodeError:
            return
        if told.sender != self._me and isfinite(told.seconds) and 0 < told.seconds <= LONGEST_ASKED:
            self._breakers.cool(told.tenant, told.model, monotonic(), told.seconds)

    async def run(self) -> None:
        await listen(self._redis, CHANNEL, self.heed)

    async def _publish(self, cooldown: Cooldown) -> None:
        try:
            await self._redis.publish(CHANNEL, msgspec.json.encode(cooldown))
        except Exception:  # noqa: BLE001 - they will be told by the provider instead
            return
