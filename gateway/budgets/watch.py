"""What is left of budgets, looked up beside the requests: so that a gateway that has just started, or has not been asked
for a while, decides by it, and has a lease of each when Redis goes away. And a sign of life, for what is held.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

import structlog
from redis.asyncio import Redis
from redis.asyncio.client import Pipeline

from gateway.budgets.memory import Memory
from gateway.core.budget import ALIVE, ALIVE_FOR, KNOWN, Account, book, each_of, window
from gateway.core.snapshot import Budget

EVERY = 2.0  # seconds
AT_ONCE = 200  # accounts

type Budgets = Iterable[tuple[str, str, Iterable[Budget]]]  # tenant, time zone, its budgets

log = structlog.get_logger()


class Watch:
    def __init__(self, redis: Redis, memory: Memory, process: str, budgets: Callable[[], Budgets]) -> None:
        self._redis, self._memory, self._process, self._budgets = redis, memory, process, budgets

    async def run(self) -> None:
        while True:
            try:
                await self.look(datetime.now(UTC))
            except Exception as error:  # noqa: BLE001 - what was known goes on being known
                log.warning("budgets.waiting", reason=type(error).__name__)
            await asyncio.sleep(EVERY)

    async def look(self, now: datetime) -> None:
        await self._redis.set(ALIVE + self._process, "1", ex=ALIVE_FOR)
        self._memory.forget(now)
        accounts = list(self._accounts(now))
        for start in range(0, len(accounts), AT_ONCE):
            await self._look_at(accounts[start : start + AT_ONCE])

    def _accounts(self, now: datetime) -> Iterable[Account]:
        """Of each budget; where every value of a tag has its own, those that were asked for."""
        for tenant, zone, budgets in self._budgets():
            for budget in budgets:
                span = window(budget.per, zone, now)
                name = book(tenant, budget.id, span.name)
                values = self._memory.values(name) if each_of(budget.scope) else [""]
                yield from (Account(budget, span, value, name) for value in values)

    async def _look_at(self, accounts: list[Account]) -> None:
        pipe: Pipeline = self._redis.pipeline(transaction=False)
        for account in accounts:
            value = account.value
            pipe.hexists(KNOWN, account.budget.id)
            pipe.hmget(account.book, [f"s:{value}", f"u:{value}", f"h:{value}"])
        said: list[Any] = await pipe.execute()
        for n, account in enumerate(accounts):
            if said[2 * n]:
                ledger, beyond, held = (int(amount or 0) for amount in said[2 * n + 1])
                self._memory.note(account, spent=ledger + beyond, held=held)
