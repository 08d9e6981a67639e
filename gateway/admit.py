"""Rate limits: an estimate is taken before the call, the difference returned after it.

Counts are kept in Redis, in seconds of Redis's own clock, and a window is the last 60 of them, so that no 60 s
anywhere hold more than the limit. While Redis does not answer, each process limits by itself, to its share.

Those who wait stand in one line and travel together: a burst of callers is one round trip on one connection.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from time import monotonic
from typing import Any

from msgspec import Struct
from redis.asyncio import Redis

from gateway.authenticate import Caller
from gateway.core.facts import RequestFacts
from gateway.core.settle import Settlement
from gateway.core.snapshot import Limits
from gateway.errors import RateLimited

PATIENCE = 0.05  # seconds that Redis may cost a request
LATE = 0.01  # seconds by which a timer of ours may be late before it is we who are slow
LONGEST = 1.0  # seconds to wait for Redis, however late our own timers are
GIVE_UP_AFTER = 5  # failures in a row
PROBE_EVERY = 1.0  # seconds between looks whether Redis is back
AT_ONCE = 500  # callers who travel together
WINDOW = 60  # seconds

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

# KEYS: requests, tokens. ARGV: the second they were taken in, the difference.
_RETURN = "redis.call('HINCRBY', KEYS[2], ARGV[1], ARGV[2]); redis.call('EXPIRE', KEYS[2], 70); return {0, 0}"


class Reservation(Struct, frozen=True):
    """What was taken, and in which second, so that the difference goes back there."""

    key: str
    second: int
    tokens: int


class Away(Exception):
    """Redis does not answer just now."""


class Waiting(Struct, frozen=True):
    """One place in the line. Nobody waits for what is given back."""

    script: str
    key: str
    arguments: tuple[int, ...]
    answer: asyncio.Future[tuple[int, int]] | None = None

    def tell(self, said: Any) -> None:
        if self.answer is None or self.answer.done():
            return
        if isinstance(said, list):
            self.answer.set_result((int(said[0]), int(said[1])))
        else:
            self.answer.set_exception(Away())


class Admission:
    def __init__(self, redis: Redis, *, gateways: int = 1) -> None:
        self._redis, self._gateways = redis, gateways
        self._line: list[Waiting] = []
        self._travelling: asyncio.Task[None] | None = None
        self._failures = 0
        self._asked = 0.0
        self._here: dict[str, Window] = {}
        self._refused: dict[str, int] = {}  # key → the second in which a refusal of it was recorded

    async def reserve(self, caller: Caller, facts: RequestFacts) -> Reservation | None:
        """None when nothing limits the caller; `RateLimited` when something does."""
        limits = caller.key.limits
        if limits.requests_per_minute is None and limits.tokens_per_minute is None:
            return None
        tokens = facts.input_tokens + facts.output_tokens
        key = f"rungway:rate:{caller.runtime.id}:{caller.key.id}"
        try:
            wait, second = await self._ask(key, limits, tokens)
        except Away:
            self._take_here(key, limits)
            return None
        if wait:
            raise RateLimited(retry_after=wait)
        self._window(key).add(monotonic())
        return None if limits.tokens_per_minute is None else Reservation(key, second, tokens)

    def is_news(self, caller: Caller) -> bool:
        """Whether a refusal of this key is to be recorded: one a second is, so that a flood of them is none of ours."""
        now = int(monotonic())
        if self._refused.get(caller.key.id) == now:
            return False
        self._refused[caller.key.id] = now
        return True

    def release(self, reservation: Reservation | None, settlement: Settlement | None) -> None:
        """Give back what was estimated and not used."""
        if reservation is None or settlement is None or self._is_away:
            return
        used = sum(line.attempt.usage.prompt + line.attempt.usage.completion for line in settlement.lines)
        if used != reservation.tokens:
            difference = used - reservation.tokens
            self._join(Waiting(_RETURN, reservation.key, (reservation.second, difference)))

    def _take_here(self, key: str, limits: Limits) -> None:
        """By this process alone: requests only, for their tokens are known afterwards."""
        if limits.requests_per_minute is None:
            return
        now, window = monotonic(), self._window(key)
        if window.count(now) >= -(-limits.requests_per_minute // self._gateways):
            raise RateLimited(retry_after=window.free_in(now))
        window.add(now)

    def _window(self, key: str) -> Window:
        return self._here.setdefault(key, Window())

    @property
    def _is_away(self) -> bool:
        return self._failures >= GIVE_UP_AFTER and monotonic() - self._asked < PROBE_EVERY

    async def _ask(self, key: str, limits: Limits, tokens: int) -> tuple[int, int]:
        if self._is_away:
            raise Away
        answer: asyncio.Future[tuple[int, int]] = asyncio.get_running_loop().create_future()
        most = _or_none(limits.requests_per_minute), _or_none(limits.tokens_per_minute)
        self._join(Waiting(_TAKE, key, (*most, tokens), answer))
        return await answer

    def _join(self, one: Waiting) -> None:
        self._line.append(one)
        if self._travelling is None:
            self._travelling = asyncio.get_running_loop().create_task(self._travel())

    async def _travel(self) -> None:
        try:
            while self._line:
                together, self._line = self._line[:AT_ONCE], self._line[AT_ONCE:]
                for one, said in zip(together, await self._said_to(together), strict=True):
                    one.tell(said)
        finally:
            self._travelling = None

    async def _said_to(self, together: Sequence[Waiting]) -> Sequence[Any]:
        """For each what Redis says, or None where it says nothing."""
        self._asked = monotonic()
        pipe = self._redis.pipeline(transaction=False)
        for one in together:
            pipe.eval(one.script, 2, one.key, f"{one.key}:tokens", *map(str, one.arguments))
        try:
            said = await _patiently(asyncio.ensure_future(pipe.execute(raise_on_error=False)))
        except Exception:  # noqa: BLE001 - whatever it is, nobody is left waiting
            self._failures += 1
            return [None] * len(together)
        self._failures = 0
        return said


class Window:
    """What one process has admitted in the last 60 s, by seconds."""

    def __init__(self) -> None:
        self._seconds: deque[tuple[int, int]] = deque()
        self._count = 0

    def count(self, now: float) -> int:
        while self._seconds and self._seconds[0][0] <= now - WINDOW - 1:
            self._count -= self._seconds.popleft()[1]
        return self._count

    def add(self, now: float) -> None:
        self.count(now)
        second, already = self._seconds.pop() if self._seconds else (int(now), 0)
        if second != int(now):
            self._seconds.append((second, already))
            already = 0
        self._seconds.append((int(now), already + 1))
        self._count += 1

    def free_in(self, now: float) -> float:
        return self._seconds[0][0] + WINDOW + 1 - now if self._seconds else 1.0


async def _patiently(coming: asyncio.Future[list[Any]]) -> list[Any]:
    """As long as Redis may take, leaving out the time in which it was our own loop that had no time."""
    end = monotonic() + LONGEST
    while True:
        due = monotonic() + PATIENCE
        await asyncio.wait({coming}, timeout=PATIENCE)
        if coming.done():
            return coming.result()
        if monotonic() - due < LATE or monotonic() > end:
            coming.cancel()
            raise TimeoutError


def _or_none(limit: int | None) -> int:
    return -1 if limit is None else limit
