"""Whose account made an answer that a later request follows: a provider remembers only what it made itself.

Written down beside the answer, under a digest of its id, for as long as providers keep theirs. Another tenant's is
not found. What Redis does not know, or is too late to say, the providers are asked: each knows its own.
"""

from __future__ import annotations

import asyncio
from hashlib import sha256

from redis.asyncio import Redis
from redis.exceptions import RedisError

from gateway.errors import NotFound

KEPT_FOR = 30 * 24 * 3600  # seconds
PATIENCE = 0.05  # seconds that Redis may cost


class Makers:
    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._writes: set[asyncio.Task[None]] = set()

    async def of(self, tenant: str, answer: str, place: str) -> str:
        """The name of the provider key it was made with, or nothing. `place`: the field that names the answer."""
        try:
            async with asyncio.timeout(PATIENCE):
                found = await self._redis.get(_name(answer))
        except (RedisError, OSError, TimeoutError):
            return ""
        if not isinstance(found, bytes):
            return ""
        whose, _, provider_key = found.decode().partition(" ")
        if whose != tenant:
            raise NotFound("There is no such answer.", param=place)
        return provider_key

    def remember(self, tenant: str, answer: str, provider_key: str) -> None:
        """Beside the request: nobody waits for it."""
        task = asyncio.get_running_loop().create_task(self._store(_name(answer), f"{tenant} {provider_key}"))
        self._writes.add(task)
        task.add_done_callback(self._writes.discard)

    async def _store(self, name: str, maker: str) -> None:
        try:
            await self._redis.set(name, maker, ex=KEPT_FOR)
        except (RedisError, OSError):
            return


def _name(answer: str) -> str:
    return f"rungway:made:{sha256(answer.encode()).hexdigest()}"
