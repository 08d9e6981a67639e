"""What a budget is over, when its period begins and ends, and what a call may cost at most.

Gateways and billing meet in Redis by the names here. Of each budget and period there is one hash, a *book*, with
these fields, where `value` is a tag's, and empty where a budget is one sum:

    s:<value>     spent, as the ledger has it
    u:<value>     spent beyond that: settled, and not in the ledger yet
    h:<value>     held for requests under way
    r:<request>   `h` or `u`, the amount, the gateway process, when the request is over at the latest (Unix seconds),
                  the value; separated by spaces
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from msgspec import Struct

from gateway.core.catalogue import Model
from gateway.core.conditions import Condition, parts_of
from gateway.core.decide import Route
from gateway.core.facts import ModelKind, Need, RequestFacts
from gateway.core.ladder import Purpose
from gateway.core.money import PER_MILLION, round_half_up
from gateway.core.price import ANY, Price, banded
from gateway.core.snapshot import Budget, BudgetScope, TenantSnapshot

KNOWN = "rungway:budgets"  # hash: budget id → since when (Unix seconds) its books are kept; none: Redis was emptied
TOUCHED = "rungway:budgets:touched"  # set of books in which something has moved
ALIVE = "rungway:gateway:"  # and a process: there while that lives
ALIVE_FOR = 60  # seconds without a sign of life after which what a process holds is let go
EACH = "*"  # as a tag's value in a scope: every value has the amount for itself
PERIODS = ("day", "week", "month")
KEPT = timedelta(days=40)  # beyond its period, for what settles late
SHARE_OF_LEASE = 100  # of what is left, one part may be spent by each gateway while Redis is away,
MOST_OF_LEASE = 1_000_000_000  # and this many nano-dollars at most
UNKNOWN = (
    1  # nano-dollars that stand for a cost nobody knows: nothing is left for it in a budget that is spent
)


class Window(Struct, frozen=True):
    """A period from `start` up to but not including `end`, both in UTC; `name` is its first day where it is kept."""

    name: str
    start: datetime
    end: datetime

    def __contains__(self, moment: datetime) -> bool:
        return self.start <= moment < self.end


class Account(Struct, frozen=True):
    """A budget with the period and, where each value of a tag has its own, the value that a request falls under."""

    budget: Budget
    window: Window
    value: str
    book: str


def window(per: str, zone: str, moment: datetime) -> Window:
    """The day, week (from Monday) or month of the zone's calendar that a moment lies in."""
    return _window(per, zone, moment.astimezone(_zone(zone)).date())


def window_named(per: str, zone: str, name: str) -> Window:
    """The period that begins on a day, or that the day lies in."""
    return _window(per, zone, date.fromisoformat(name))


def book(tenant: str, budget: str, name: str) -> str:
    return f"rungway:budget:{tenant}:{budget}:{name}"


def accounts(
    budgets: Iterable[Budget],
    *,
    tenant: str,
    zone: str,
    at: datetime,
    router: str,
    key: str,
    tags: Mapping[str, str],
) -> tuple[Account, ...]:
    """What a request's money is taken from; `key` is the gateway key's name."""
    found = []
    for budget in budgets:
        if (value := covered(budget.scope, router=router, key=key, tags=tags)) is not None:
            span = window(budget.per, zone, at)
            found.append(Account(budget, span, value, book(tenant, budget.id, span.name)))
    return tuple(found)


def held_to(tenant: TenantSnapshot) -> tuple[Budget, ...]:
    """The budgets that a call must ask about: one that only alerts is watched in the ledger, unless a rule reads it."""
    conditions = [floor.when for floor in tenant.floors]
    for router in tenant.routers:
        conditions += [rule.when for rule in router.policy.rules]
        conditions += [floor.when for floor in router.policy.floors]
    is_read = any(map(_reads_budget, conditions))
    return tuple(
        budget
        for budget in tenant.budgets
        if budget.scope.purpose is None and (is_read or budget.at_limit != "alert")
    )


def set_apart(tenant: TenantSnapshot) -> Mapping[Purpose, tuple[Budget, ...]]:
    """The budgets that calls beside an answer must ask about, besides those of its request."""
    strict = [budget for budget in tenant.budgets if budget.blocks]
    found = {purpose: tuple(each for each in strict if each.scope.purpose is purpose) for purpose in Purpose}
    return {purpose: budgets for purpose, budgets in found.items() if budgets}


def _reads_budget(condition: Condition) -> bool:
    return condition.budget_left is not None or any(map(_reads_budget, parts_of(condition)))


def covered(scope: BudgetScope, *, router: str, key: str, tags: Mapping[str, str]) -> str | None:
    """Under which value a request falls into a scope, empty where that is one sum; None where it does not."""
    if scope.router not in {None, router} or scope.key not in {None, key}:
        return None
    own = ""
    for name, wanted in (scope.tag or {}).items():
        value = tags.get(name, "")
        if value != wanted and (wanted != EACH or not value):
            return None
        own = value if wanted == EACH else own
    return own


def each_of(scope: BudgetScope) -> str | None:
    """The tag each value of which has the amount for itself."""
    return next((name for name, wanted in (scope.tag or {}).items() if wanted == EACH), None)


def lease(left: int) -> int:
    """Nano-dollars that one gateway may spend while Redis is away, of so many that were left when it was last seen."""
    return max(0, min(left // SHARE_OF_LEASE, MOST_OF_LEASE))


def worst_case(
    model: Model, facts: RequestFacts, *, choices: int = 1, usual: int | None = None
) -> int | None:
    """Nano-dollars: the prompt as estimated, and the longest answer that it can have. None without a price.

    `usual` is the limit of those who give none. A service tier that is asked for may be given, or the standard one:
    the dearer counts. Not in it: what a provider's own tools add to the prompt, and its searches of the web.
    """
    price = model.price(facts.at.date())
    if price is None:
        return None
    if facts.service_tier and price.others:
        price = _dearest(price, facts.service_tier)
    price = banded(price, facts.input_tokens)
    into = max(price.input, price.cache_write or 0) if facts.kind is ModelKind.CHAT else price.input
    out = max(price.output, price.audio_output or 0) if Need.AUDIO in facts.needs else price.output
    amount = facts.input_tokens * into + choices * longest_answer(model, facts, usual) * out
    return round_half_up(amount + price.per_request * PER_MILLION, PER_MILLION)


def _dearest(price: Price, service_tier: str) -> Price:
    tiers = (other for other in price.others if other.service_tier in {service_tier, ANY})
    return max([price, *tiers], key=lambda each: (each.output, each.input))


def worst_attempt(model: str, route: Route, *, choices: int = 1) -> int:
    """Nano-dollars that one attempt at an answer may come to."""
    router = route.router
    usual = router.policy.max_output_tokens
    cost = worst_case(router.models[model], route.facts, choices=choices, usual=usual)
    return UNKNOWN if cost is None else cost


def longest_answer(model: Model, facts: RequestFacts, usual: int | None = None) -> int:
    """Tokens; `usual` is the limit of those who give none."""
    if facts.kind is ModelKind.EMBEDDING:
        return 0
    most = model.max_output or max(0, model.context - facts.input_tokens)
    limit = usual if facts.max_output_tokens is None else facts.max_output_tokens
    return most if limit is None else min(most, limit)


def limit_of(model: Model, facts: RequestFacts, usual: int | None = None) -> int:
    """Tokens that an answer without a limit of its caller's is limited to, so that no more comes than was reckoned with.

    Where it is the context that ends it, a little is left for a prompt that is longer than estimated: providers refuse
    a limit that the context cannot hold.
    """
    longest = longest_answer(model, facts, usual)
    room = model.context - facts.input_tokens - facts.input_tokens // 4
    return max(1, longest if model.max_output else min(longest, room))


@lru_cache(maxsize=4096)
def _window(per: str, zone: str, day: date) -> Window:
    first = {"day": day, "week": day - timedelta(days=day.weekday()), "month": day.replace(day=1)}[per]
    after = {
        "day": first + timedelta(days=1),
        "week": first + timedelta(days=7),
        "month": (first + timedelta(days=32)).replace(day=1),
    }[per]
    return Window(first.isoformat(), _midnight(first, zone), _midnight(after, zone))


def _midnight(day: date, zone: str) -> datetime:
    """When a day begins; where the clock is moved at midnight, its first moment that exists."""
    return datetime.combine(day, time(), _zone(zone)).astimezone(UTC)


@lru_cache(maxsize=1024)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)
