"""Rate limits and budgets: what a call may take is taken before it, the difference returned after it.

Requests and tokens are counted in Redis, in seconds of Redis's own clock, and a window is the last 60 of them, so that
no 60 s anywhere hold more than the limit. Money is held in the account of each budget that a request falls under, in
the same round trip, and who falls under none and has no limits makes none. While Redis does not answer, each process
limits by itself, to its share, and spends of budgets no more than its lease (`budgets.memory`).
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Collection
from datetime import datetime
from time import monotonic
from typing import Any

from msgspec import Struct
from redis.asyncio import Redis

from gateway.authenticate import Caller
from gateway.budgets.line import Away, Line, Question
from gateway.budgets.memory import Memory
from gateway.budgets.scripts import HOLD, RETURN, SETTLE, TAKE
from gateway.core import budget as money
from gateway.core.budget import Account, worst_attempt
from gateway.core.ladder import Kind
from gateway.core.money import usd
from gateway.core.settle import Settlement, line_of
from gateway.core.snapshot import Limits
from gateway.errors import BudgetExceeded, BudgetReserved, LimitReached, RateLimited
from gateway.journey import Journey

WINDOW = 60  # seconds
ASKED_AT_MOST = 4  # times, where our lease would not do
GRACE = 60  # seconds beyond a request's own deadline, for which what it holds is left to it
UNLIMITED = Limits()
HELD, SPENT, FILLED, DOWNGRADE, UNSEEN = range(5)  # the verdicts of `scripts.HOLD`


class Reservation(Struct):
    """What was taken, and in which second, so that the difference goes back there."""

    key: str
    second: int = 0
    tokens: int | None = None  # None: they are not limited
    accounts: tuple[Account, ...] = ()
    amount: int = 0  # nano-dollars held in each account
    lent: bool = False  # taken from our own lease: Redis knows nothing of it


class Admission:
    def __init__(self, redis: Redis, *, gateways: int = 1, process: str = "") -> None:
        self.line, self.memory = Line(redis), Memory()
        self._gateways, self._process = gateways, process
        self._here: dict[str, Window] = {}
        self._refused: dict[str, int] = {}  # key → the second in which a refusal of it was recorded

    async def reserve(self, caller: Caller, journey: Journey) -> Reservation | None:
        """None when nothing limits the caller; `LimitReached` when something does.

        Where a budget asks for it, the journey takes a cheaper way first.
        """
        limits, accounts = caller.key.limits, accounts_of(caller, journey)
        if limits == UNLIMITED and not accounts:
            return None
        tokens = journey.facts.input_tokens + journey.facts.output_tokens
        key = f"rungway:rate:{caller.runtime.id}:{caller.key.id}"
        taken = Reservation(key, tokens=None if limits.tokens_per_minute is None else tokens)
        rates = (_or_none(limits.requests_per_minute), _or_none(limits.tokens_per_minute), tokens)
        try:
            if accounts:
                taken.accounts = accounts
                await self._hold_or_lower(taken, journey, rates)
            else:
                taken.second = _taken(await self.line.ask(Question(TAKE, (key, f"{key}:tokens"), rates)))
        except Away:
            return self._take_here(key, limits, taken)
        self._window(key).add(monotonic())
        return taken if taken.accounts or taken.tokens is not None else None

    async def next_attempt(self, taken: Reservation, journey: Journey, model: str) -> None:
        """Holds what a further attempt needs, beside what was paid and what others under way may come to."""
        await self.top_up(taken, journey, paid_for(journey) + under_way(journey) + answer_of(model, journey))

    async def top_up(self, taken: Reservation, journey: Journey, needed: int) -> None:
        """So much in all, of which some may be held already; nobody is counted twice."""
        if needed <= taken.amount:
            return
        if taken.lent:
            self.lend(taken, needed)
            return
        try:
            await self.hold(taken, journey, needed, (-1, -1, 0), lower=True)
        except Away:
            self.lend(taken, needed)

    def release(self, taken: Reservation | None, journey: Journey) -> None:
        """Give back what was estimated and not used, in tokens and in money."""
        if taken is None or journey.settlement is None:
            return
        used = used_by(journey.settlement)
        difference = 0 if taken.tokens is None or not taken.second else used - taken.tokens
        if taken.accounts:
            paid = sum(line.cost or 0 for line in journey.settlement.lines)
            self.give_back(taken, journey, paid, difference)
        elif difference:  # of tokens alone
            keys = (taken.key, f"{taken.key}:tokens")
            self.line.tell(Question(RETURN, keys, (taken.second, difference)))

    def give_back(self, taken: Reservation, journey: Journey, paid: int, difference: int = 0) -> None:
        """What was held beyond what was paid; `difference` of tokens."""
        if taken.lent:
            self.memory.adjust(taken.accounts, paid - taken.amount)
        self.pay(taken, journey, paid, difference)

    def is_news(self, caller: Caller) -> bool:
        """Whether a refusal of this key is to be recorded: one a second is, so that a flood of them is none of ours."""
        now = int(monotonic())
        if self._refused.get(caller.key.id) == now:
            return False
        self._refused[caller.key.id] = now
        return True

    async def _hold_or_lower(self, taken: Reservation, journey: Journey, rates: tuple[int, ...]) -> None:
        """In every account, after which the caller may go; `Away` when Redis does not say, and the lease will do."""
        for asked in range(1, ASKED_AT_MOST + 1):
            try:
                if not await self.hold(taken, journey, first(journey), rates, lower=journey.facts.downgraded):
                    journey.downgrade()
                    await self.hold(taken, journey, first(journey), rates, lower=True)
                return
            except Away:
                if self._lends(taken, journey, patient=asked < ASKED_AT_MOST):
                    raise

    async def hold(
        self, taken: Reservation, journey: Journey, amount: int, rates: tuple[int, ...], *, lower: bool
    ) -> bool:
        """False when a cheaper way is asked for, and it is not the `lower` one already; then nothing is held."""
        try:
            said = await self.line.ask(self._question(taken, journey, amount, rates, lower=lower))
        except (Away, asyncio.CancelledError):
            self.pay(taken, journey, 0, 0)  # it may have been held all the same
            raise
        second = _taken(said)
        for n, account in enumerate(taken.accounts):
            spent, others = int(said[4 + 2 * n]), int(said[5 + 2 * n])
            self.memory.note(account, spent=spent, held=others + (0 if said[2] else amount))
        if said[2] == UNSEEN:
            raise Away
        if said[2] in {SPENT, FILLED}:
            account = taken.accounts[int(said[3]) - 1]
            raise refusal(account, filled=said[2] == FILLED)
        if said[2] == DOWNGRADE:
            return False
        taken.second, taken.amount = second or taken.second, amount
        return True

    def _question(
        self, taken: Reservation, journey: Journey, amount: int, rates: tuple[int, ...], *, lower: bool
    ) -> Question:
        due = int(journey.facts.at.timestamp() + journey.deadline - journey.arrived) + GRACE
        arguments: list[str | int] = [*rates, journey.origin.request_id, amount, self._process, due]
        for account in taken.accounts:
            mode = "block" if account.budget.blocks else account.budget.at_limit
            mode = "alert" if lower and mode == "downgrade" else mode
            arguments += (account.budget.id, account.value, account.budget.nano, mode, gone_at(account))
        books = (account.book for account in taken.accounts)
        return Question(HOLD, (taken.key, f"{taken.key}:tokens", money.KNOWN, *books), tuple(arguments))

    def pay(self, taken: Reservation, journey: Journey, paid: int, difference: int) -> None:
        arguments: list[str | int] = [
            taken.second,
            difference,
            journey.origin.request_id,
            paid,
            self._process,
        ]
        for account in taken.accounts:
            arguments += (account.value, gone_at(account))
        books = (account.book for account in taken.accounts)
        self.line.tell(Question(SETTLE, (f"{taken.key}:tokens", *books), tuple(arguments)))

    def _lends(self, taken: Reservation, journey: Journey, *, patient: bool) -> bool:
        """Whether our lease would do; if not, Redis may only have been late, and is asked once more."""
        try:
            self.lend(taken, first(journey))
        except BudgetExceeded:
            if patient and not self.line.is_away:
                return False
            raise
        return True

    def lend(self, taken: Reservation, amount: int) -> None:
        """From our own lease, while Redis is away."""
        if short := self.memory.lend(taken.accounts, amount - taken.amount):
            raise refusal(short, unseen=True)
        taken.lent, taken.amount = True, amount

    def _take_here(self, key: str, limits: Limits, taken: Reservation) -> Reservation | None:
        """By this process alone: requests only, for their tokens are known afterwards."""
        if limits.requests_per_minute is not None:
            now, window = monotonic(), self._window(key)
            if window.count(now) >= -(-limits.requests_per_minute // self._gateways):
                self.memory.adjust(taken.accounts, -taken.amount)
                raise RateLimited(retry_after=window.free_in(now))
            window.add(now)
        return taken if taken.accounts else None

    def _window(self, key: str) -> Window:
        return self._here.setdefault(key, Window())


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


def accounts_of(caller: Caller, journey: Journey) -> tuple[Account, ...]:
    """Counting tokens costs nothing, so it is held to no budget."""
    budgets = caller.runtime.budgets
    if not budgets or journey.facts.counts_only:
        return ()
    return accounts_at(caller, journey.router.id, journey.facts.at)


def accounts_at(caller: Caller, router: str, at: datetime) -> tuple[Account, ...]:
    return money.accounts(
        caller.runtime.budgets,
        tenant=caller.runtime.id,
        zone=caller.runtime.snapshot.time_zone,
        at=at,
        router=router,
        key=caller.key.name,
        tags=caller.tags,
    )


def refusal(account: Account, *, filled: bool = False, unseen: bool = False) -> LimitReached:
    """What was exceeded, and when it begins anew."""
    budget, resets = account.budget, account.window.end.isoformat().replace("+00:00", "Z")
    name = f"The budget '{budget.name}' of {usd(budget.nano)} USD a {budget.per}"
    if account.value:
        name += f" for '{account.value[:60]}'"
    if filled:
        error: LimitReached = BudgetReserved(f"{name} is reserved by requests in flight; try again.")
    elif unseen:
        error = BudgetExceeded(
            f"{name} cannot be looked up just now, and what may be spent meanwhile is spent. It resets at {resets}."
        )
    else:
        error = BudgetExceeded(f"{name} does not cover this request. It resets at {resets}.")
    error.budget = (budget.name, resets)
    return error


def gone_at(account: Account) -> int:
    """When Redis may forget the book, in Unix seconds."""
    return int((account.window.end + money.KEPT).timestamp())


def first(journey: Journey) -> int:
    """Nano-dollars that the first attempt may come to."""
    return answer_of(journey.route.model, journey)


def answer_of(model: str, journey: Journey) -> int:
    """Nano-dollars that an answer of the model may come to."""
    return worst_attempt(model, journey.route, choices=journey.choices)


def under_way(journey: Journey) -> int:
    """Nano-dollars that attempts at an answer may come to that have begun."""
    return sum(answer_of(trial.model.id, journey) for trial in journey.under_way if trial.kind is Kind.ANSWER)


def paid_for(journey: Journey, kinds: Collection[Kind] = frozenset(Kind)) -> int:
    """Nano-dollars known to be spent on what was tried."""
    day, models = journey.facts.at.date(), journey.router.models
    tried = [attempt for attempt in journey.attempts if attempt.kind in kinds]
    return sum(line_of(attempt, models, day).cost or 0 for attempt in tried)


def used_by(settlement: Settlement) -> int:
    """Tokens."""
    return sum(line.attempt.usage.prompt + line.attempt.usage.completion for line in settlement.lines)


def _taken(said: list[Any]) -> int:
    """The second it was taken in; `RateLimited` with the seconds to wait."""
    if said[0]:
        raise RateLimited(retry_after=int(said[0]))
    return int(said[1])


def _or_none(limit: int | None) -> int:
    return -1 if limit is None else limit
