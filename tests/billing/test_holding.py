"""Budgets in Redis are what the ledger says: after it was emptied, when settlements are late, when a gateway died."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from redis import Redis

from billing.budgets import put
from billing.holding import Books
from billing.models import Budget
from console.tenancy import within
from console.tenants.models import Tenant
from gateway.budgets.scripts import HOLD, SETTLE
from gateway.core.budget import ALIVE, KNOWN, TOUCHED, book, window
from gateway.core.events import RequestSettled
from gateway.core.ladder import Kind, Purpose
from gateway.core.snapshot import BudgetScope
from tests.billing.conftest import Book
from tests.billing.events import NANO, attempt
from tests.billing.events import settled as at_noon

NOW = datetime.now(UTC)  # Redis forgets what is long past
COST = 130_000  # of one attempt: 1,000 tokens at 0.05 and 200 at 0.4 USD a million
BERLIN = window("month", "Europe/Berlin", NOW)


def settled(*of: Any, **rest: Any) -> RequestSettled:
    return at_noon(*of, **({"at": NOW} | rest))


def budget(tenant: Tenant, name: str = "all", *, per: str = "month", **scope: Any) -> Budget:
    with within(tenant):
        put(tenant, name=name, usd=1, per=per, at_limit="block", scope=BudgetScope(**scope))
        return tenant.budgets.get(name=name)


def name_of(row: Budget, span: Any = BERLIN) -> str:
    return book(str(row.tenant_id), str(row.pk), span.name)


def held(
    redis: Redis, row: Budget, request: str, amount: int, *, process: str = "alive", due: int = 2**40
) -> None:
    """As a gateway does it."""
    redis.hset(KNOWN, str(row.pk), "1")
    account = (row.pk, "", row.nano, "block", 2**40)
    said: Any = redis.eval(
        HOLD, 4, "r", "t", KNOWN, name_of(row), -1, -1, 0, request, amount, process, due, *account
    )
    assert said[2] == 0


def paid(redis: Redis, row: Budget, request: str, amount: int) -> None:
    redis.eval(SETTLE, 2, "t", name_of(row), 0, 0, request, amount, "alive", "", 2**40)


def sums(redis: Redis, row: Budget, value: str = "", span: Any = BERLIN) -> tuple[int, int, int]:
    found: Any = redis.hmget(name_of(row, span), [f"{kind}:{value}" for kind in ("s", "u", "h")])
    ledger, beyond, reserved = (int(amount or 0) for amount in found)
    return ledger, beyond, reserved


def keep(redis: Redis, *, now: datetime = NOW, **rest: Any) -> int:
    return Books(redis, now=now).keep(**rest)


def test_a_redis_that_was_emptied_knows_again_what_was_spent(acme: Tenant, book: Book, redis: Redis) -> None:
    row = budget(acme)
    book(*(settled(acme.pk, attempt(NANO)) for _ in range(7)))
    keep(redis)
    assert sums(redis, row) == (7 * COST, 0, 0)
    redis.flushall()
    keep(redis)
    assert sums(redis, row) == (7 * COST, 0, 0)
    assert redis.hkeys(KNOWN) == [str(row.pk).encode()]


def test_a_budget_with_a_purpose_counts_such_calls_alone(acme: Tenant, book: Book, redis: Redis) -> None:
    all_of_it = budget(acme)
    with within(acme):
        scope = BudgetScope(purpose=Purpose.CHECKS)
        put(acme, name="checks", usd=1, per="month", at_limit="skip", scope=scope)
        checks = acme.budgets.get(name="checks")
    judge, sample = attempt(NANO, kind=Kind.JUDGE), attempt(NANO, kind=Kind.SAMPLE)
    book(settled(acme.pk, attempt(NANO), judge, sample), settled(acme.pk, attempt(NANO)))
    keep(redis)
    assert sums(redis, all_of_it) == (4 * COST, 0, 0)
    assert sums(redis, checks) == (2 * COST, 0, 0)


def test_what_is_in_the_ledger_is_struck_off_and_the_rest_goes_on(
    acme: Tenant, book: Book, redis: Redis
) -> None:
    row = budget(acme)
    held(redis, row, "stored", 500_000)
    paid(redis, row, "stored", COST)
    held(redis, row, "on-its-way", 500_000)
    paid(redis, row, "on-its-way", 7)
    held(redis, row, "under-way", 11)
    assert sums(redis, row) == (0, COST + 7, 11)
    book(settled(acme.pk, attempt(NANO), request_id="stored"))
    keep(redis)
    assert sums(redis, row) == (COST, 7, 11)
    assert redis.smembers(TOUCHED) == {name_of(row).encode()}  # until nothing is left in it
    book(settled(acme.pk, attempt(NANO), request_id="on-its-way"))
    keep(redis)
    assert sums(redis, row) == (2 * COST, 0, 11)


def test_nothing_moved_and_all_known_is_nothing_to_do(acme: Tenant, redis: Redis) -> None:
    budget(acme)
    later = NOW + timedelta(minutes=1)
    assert [keep(redis), keep(redis, now=later)] == [1, 0]
    assert keep(redis, now=later, all_of_them=True) == 1


def test_what_was_only_in_the_stream_of_an_emptied_redis_counts_when_it_is_sent_again(
    acme: Tenant, book: Book, redis: Redis
) -> None:
    row = budget(acme)
    keep(redis, now=NOW - timedelta(hours=1))
    redis.flushall()
    keep(redis)
    book(settled(acme.pk, attempt(NANO)))  # no gateway touches the budget's book for it
    keep(redis, now=NOW + timedelta(seconds=20))
    assert sums(redis, row) == (COST, 0, 0)


def test_what_a_killed_gateway_held_is_let_go(acme: Tenant, redis: Redis) -> None:
    row = budget(acme)
    held(redis, row, "a", 3, process="dead")
    held(redis, row, "b", 5)
    redis.delete(ALIVE + "dead")
    keep(redis)
    assert sums(redis, row) == (0, 0, 5)
    held(redis, row, "c", 7, due=int(NOW.timestamp()) - 1)
    keep(redis)
    assert sums(redis, row) == (0, 0, 5)


def test_a_settlement_that_comes_after_all_counts(acme: Tenant, book: Book, redis: Redis) -> None:
    """Its gateway was frozen for so long that it was taken for dead."""
    row = budget(acme)
    held(redis, row, "a", 300_000, process="dead")
    redis.delete(ALIVE + "dead")
    keep(redis)
    paid(redis, row, "a", COST)
    assert sums(redis, row) == (0, COST, 0)
    book(settled(acme.pk, attempt(NANO), request_id="a"))
    keep(redis)
    assert sums(redis, row) == (COST, 0, 0)


def test_a_late_settlement_is_of_its_own_period(acme: Tenant, book: Book, redis: Redis) -> None:
    row = budget(acme)
    keep(redis)
    next_month = BERLIN.end + timedelta(days=1)
    held(redis, row, "late", 300_000)
    paid(redis, row, "late", COST)
    book(settled(acme.pk, attempt(NANO), request_id="late"))
    keep(redis, now=next_month)
    assert sums(redis, row) == (COST, 0, 0)
    assert sums(redis, row, span=window("month", "Europe/Berlin", next_month)) == (0, 0, 0)


@pytest.mark.parametrize(
    ("minutes", "inside"),
    [(-60, False), (-1, False), (0, True), (60, True)],
    ids=["before", "just", "at", "after"],
)
def test_a_month_begins_at_the_tenants_midnight(
    acme: Tenant, book: Book, redis: Redis, minutes: int, inside: bool
) -> None:
    row = budget(acme)
    book(settled(acme.pk, attempt(NANO), at=BERLIN.start + timedelta(minutes=minutes)))
    keep(redis)
    assert BERLIN.start.hour in {22, 23}
    assert sums(redis, row) == ((COST if inside else 0), 0, 0)


def test_each_scope_has_its_own_sum(acme: Tenant, book: Book, redis: Redis) -> None:
    rows = {
        "router": budget(acme, "router", router="support"),
        "tag": budget(acme, "tag", tag={"team": "search"}),
        "each": budget(acme, "each", tag={"team": "*"}),
        "key": budget(acme, "key", key="nobody"),
        "both": budget(acme, "both", router="other", tag={"team": "search"}),
    }
    book(
        settled(acme.pk, attempt(NANO)),
        settled(acme.pk, attempt(NANO), router="other"),
        settled(acme.pk, attempt(NANO), about={"tags": {"team": "ads"}}),
        settled(acme.pk, attempt(NANO), about={"tags": {}}),
    )
    keep(redis)
    found = {name: sums(redis, row)[0] // COST for name, row in rows.items()}
    assert found == {"router": 3, "tag": 2, "each": 0, "key": 0, "both": 1}
    assert [sums(redis, rows["each"], value)[0] // COST for value in ("search", "ads")] == [2, 1]


def test_each_threshold_is_told_once_a_period(acme: Tenant, book: Book, redis: Redis) -> None:
    with within(acme):
        put(
            acme,
            name="all",
            usd="0.00026",
            per="month",
            at_limit="alert",
            scope=BudgetScope(),
            alert_at=(50, 100),
        )
    told = []
    for _ in range(3):
        book(settled(acme.pk, attempt(NANO)))  # half of it, and half again
        for _ in range(2):
            keep(redis, all_of_them=True)
        with within(acme):
            told.append(list(acme.alerts.order_by("at").values_list("title", flat=True)))
    half, all_of_it = "The budget all is spent to 50 %", "The budget all is spent"
    assert told == [[half], [half, all_of_it], [half, all_of_it]]
    with within(acme):
        first = acme.alerts.order_by("at")[0]
        assert (first.kind, first.facts["spent_usd"], first.facts["percent"]) == ("budget", "0.00013", 50)
        put(acme, name="all", usd=1000, per="month", at_limit="alert", scope=BudgetScope())
    keep(redis, all_of_them=True)
    with within(acme):
        assert acme.alerts.count() == 2
