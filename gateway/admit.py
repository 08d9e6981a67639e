"""Rate limits: an estimate is taken before the call, the difference returned after it.

Counts are kept in Redis, in seconds of Redis's own clock, and a window is the last 60 of them, so that no 60 s
anywhere hold more than the limit. While Redis does not answer, each process limits by itself.
"""

from __future__ import annotations

import asyncio
from time import monotonic

from msgspec import Struct
from redis.asyncio import Redis
from redis.exceptions import RedisError

from gateway.authenticate import Caller
from gateway.core.facts import RequestFacts
from gateway.core.settle import Settlement
from gateway.core.snapshot import Limits
from gateway.errors import RateLimited

PATIENCE = 0.05  # seconds that Redis may cost a request
GIVE_UP_AFTER = 5  # failures in a row
PROBE_EVERY = 1.0  # seconds between looks whether Redis is back

# KEYS: requests, tokens. ARGV: request limit or -1, token limit or -1, tokens estimated.
# Answers {0, second taken in} or {seconds to wait, 0}.
_TAKE = """
local now = tonumber(redis.call('TIME')[1])
local function used(key)
  local sum, oldest = 0, now
  local all = redis.call('HGETALL', key)
  for i = 1, #all, 2 do
    local second = tonumber(all[i])
    if second <= now - 61 then redis.call('HDEL', key, all[i])
    else sum = sum + tonumber(all[i + 1]); if second < oldest then oldest = second end end
  end
  return sum, oldest
end
local wait = 0
local function check(key, limit, amount)
  if limit < 0 then return end
  local sum, oldest = used(key)
  if sum + amount > limit then wait = math.max(wait, oldest + 61 - now, 1) end
end
check(KEYS[1], tonumber(ARGV[1]), 1)
check(KEYS[2], tonumber(ARGV[2]), tonumber(ARGV[3]))
if wait > 0 then return {wait, 0} end
if tonumber(ARGV[1]) >= 0 then redis.call('HINCRBY', KEYS[1], now, 1); redis.call('EXPIRE', KEYS[1], 70) end
if tonumber(ARGV[2]) >= 0 then redis.call('HINCRBY', KEYS[2], now, ARGV[3]); redis.call('EXPIRE', KEYS[2], 70) end
return {0, now}
"""


class Reservation(Struct, frozen=True):
    """What was taken, and in which second, so that the difference goes back there."""

    key: str
    second: int
    tokens: int


class Admission:
    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._take = redis.register_script(_TAKE)
        self._failures = 0
        self._asked = 0.0
        self._local: dict[str, list[float]] = {}
        self._returns: set[asyncio.Task[None]] = set()

    async def reserve(self, caller: Caller, facts: RequestFacts) -> Reservation | None:
        """None when nothing limits the caller; `RateLimited` when something does."""
        limits = caller.key.limits
        if limits.requests_per_minute is None and limits.tokens_per_minute is None:
            return None
        tokens = facts.input_tokens + facts.output_tokens
        key = f"rungway:rate:{caller.runtime.id}:{caller.key.id}"
        if self._failures >= GIVE_UP_AFTER and monotonic() - self._asked < PROBE_EVERY:
            self._take_here(key, limits)
            return None
        try:
            wait, second = await self._ask(key, limits, tokens)
        except (RedisError, OSError, TimeoutError):
            self._failures += 1
            self._take_here(key, limits)
            return None
        self._failures = 0
        if wait:
            raise RateLimited(retry_after=wait)
        return None if limits.tokens_per_minute is None else Reservation(key, second, tokens)

    async def _ask(self, key: str, limits: Limits, tokens: int) -> tuple[int, int]:
        self._asked = monotonic()
        arguments = [_or_none(limits.requests_per_minute), _or_none(limits.tokens_per_minute), tokens]
        async with asyncio.timeout(PATIENCE):
            wait, second = await self._take(keys=[key, f"{key}:tokens"], args=arguments)
        return int(wait), int(second)

    def _take_here(self, key: str, limits: Limits) -> None:
        """By this process alone: requests only, for their tokens are known afterwards."""
        if limits.requests_per_minute is None:
            return
        now = monotonic()
        taken = [at for at in self._local.get(key, ()) if at > now - 60]
        if len(taken) >= limits.requests_per_minute:
            raise RateLimited(retry_after=taken[0] + 60 - now)
        self._local[key] = [*taken, now]

    def release(self, reservation: Reservation | None, settlement: Settlement | None) -> None:
        """Give back what was estimated and not used. Nobody waits for it."""
        if reservation is None or settlement is None:
            return
        used = sum(line.attempt.usage.prompt + line.attempt.usage.completion for line in settlement.lines)
        if used != reservation.tokens:
            task = asyncio.get_running_loop().create_task(
                self._return(reservation, used - reservation.tokens)
            )
            self._returns.add(task)
            task.add_done_callback(self._returns.discard)

    async def _return(self, reservation: Reservation, difference: int) -> None:
        try:
            async with asyncio.timeout(PATIENCE):
                pipe = self._redis.pipeline(transaction=False)
                pipe.hincrby(f"{reservation.key}:tokens", str(reservation.second), difference)
                pipe.expire(f"{reservation.key}:tokens", 70)
                await pipe.execute()
        except (RedisError, OSError, TimeoutError):
            self._failures += 1


def _or_none(limit: int | None) -> int:
    return -1 if limit is None else limit
