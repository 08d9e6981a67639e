"""Those who ask Redis stand in one line and travel together: a burst of callers is one round trip on one connection.

Redis may cost a request a moment; when it has not answered several times it is left alone, but for a look each second.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from time import monotonic
from typing import Any

from msgspec import Struct
from redis.asyncio import Redis

PATIENCE = 0.05  # seconds that Redis may cost a request
LATE = 0.01  # seconds by which a timer of ours may be late before it is we who are slow
LONGEST = 3.0  # seconds to wait for Redis, however late our own timers are
GIVE_UP_AFTER = 5  # failures in a row
PROBE_EVERY = 1.0  # seconds between looks whether Redis is back
AT_ONCE = 500  # callers who travel together


class Away(Exception):
    """Redis does not answer just now."""


class Question(Struct, frozen=True):
    """A script with its keys and arguments."""

    script: str
    keys: tuple[str, ...]
    arguments: tuple[str | int, ...]


class Waiting(Struct, frozen=True):
    """One place in the line. Nobody waits for what is only told."""

    question: Question
    answer: asyncio.Future[list[Any]] | None = None

    def tell(self, said: Any) -> None:
        if self.answer is None or self.answer.done():
            return
        if isinstance(said, list):
            self.answer.set_result(said)
        else:
            self.answer.set_exception(Away())


class Line:
    def __init__(self, redis: Redis) -> None:
        self.redis = redis
        self.travelling: asyncio.Task[None] | None = None
        self._waiting: list[Waiting] = []
        self._failures = 0
        self._asked = 0.0

    @property
    def is_away(self) -> bool:
        return self._failures >= GIVE_UP_AFTER and monotonic() - self._asked < PROBE_EVERY

    async def ask(self, question: Question) -> list[Any]:
        """What the script answers; `Away` when nothing comes of it."""
        if self.is_away:
            raise Away
        answer: asyncio.Future[list[Any]] = asyncio.get_running_loop().create_future()
        self._join(Waiting(question, answer))
        return await answer

    def tell(self, question: Question) -> None:
        """Behind all that was asked before it; lost while Redis is away."""
        if not self.is_away:
            self._join(Waiting(question))

    def _join(self, one: Waiting) -> None:
        self._waiting.append(one)
        if self.travelling is None:
            self.travelling = asyncio.get_running_loop().create_task(self._travel())

    async def _travel(self) -> None:
        try:
            while self._waiting:
                together, self._waiting = self._waiting[:AT_ONCE], self._waiting[AT_ONCE:]
                for one, said in zip(together, await self._said_to(together), strict=True):
                    one.tell(said)
        finally:
            self.travelling = None

    async def _said_to(self, together: Sequence[Waiting]) -> Sequence[Any]:
        """For each what Redis says, or None where it says nothing."""
        self._asked = monotonic()
        pipe = self.redis.pipeline(transaction=False)
        for one in together:
            asked = one.question
            pipe.eval(asked.script, len(asked.keys), *asked.keys, *map(str, asked.arguments))
        try:
            said = await _patiently(asyncio.ensure_future(pipe.execute(raise_on_error=False)))
        except Exception:  # noqa: BLE001 - whatever it is, nobody is left waiting
            self._failures += 1
            return [None] * len(together)
        self._failures = 0
        return said


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
