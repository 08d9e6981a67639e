"""I-6: what a book of a budget holds and says is spent is what requests under way and the ledger say."""

from __future__ import annotations

import pytest
from redis import Redis

from billing import self_check
from billing.balance import contradictions
from console.tenants.models import Tenant
from tests.billing.conftest import Book
from tests.billing.events import NANO, attempt
from tests.billing.test_holding import COST, NOW, budget, held, keep, name_of, paid, settled, sums


def test_sound_books_agree_also_while_requests_are_under_way(acme: Tenant, book: Book, redis: Redis) -> None:
    row = budget(acme)
    book(settled(acme.pk, attempt(NANO)))
    keep(redis)
    redis.set("rungway:gateway:alive", 1)
    held(redis, row, "one", 700)
    held(redis, row, "two", 300)
    paid(redis, row, "two", 200)

    assert contradictions(redis, now=NOW) == []
    assert sums(redis, row) == (COST, 200, 700)


@pytest.mark.parametrize(
    ("field", "told"),
    [
        ("h:", "held in all is 1005, should be 1000"),  # a reservation that leaked
        ("u:", "spent beyond the ledger in all is 5, should be 0"),
        ("h:ads", "held ads is 5, should be 0"),
    ],
)
def test_what_nobody_holds_is_found(acme: Tenant, redis: Redis, field: str, told: str) -> None:
    row = budget(acme)
    keep(redis)
    redis.set("rungway:gateway:alive", 1)
    held(redis, row, "one", 1000)
    redis.hincrby(name_of(row), field, 5)

    assert contradictions(redis, now=NOW) == [f"budget {row.pk}: {told}"]

    check = self_check.check(now=NOW)
    assert (check.findings["I-6"], check.examples["I-6"]) == (1, [f"budget {row.pk}: {told}"])


def test_what_is_spent_is_the_ledgers_sum_whatever_stood_there(
    acme: Tenant, book: Book, redis: Redis
) -> None:
    row = budget(acme)
    book(settled(acme.pk, attempt(NANO)))
    keep(redis)
    redis.hset(name_of(row), "s:", 1)

    assert contradictions(redis, now=NOW) == []
    assert sums(redis, row) == (COST, 0, 0)


def test_the_check_goes_on_without_redis(acme: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    budget(acme)
    monkeypatch.setattr("django.conf.settings.REDIS_URL", "redis://127.0.0.1:1/0")

    assert self_check.check(now=NOW).findings["I-6"] == 0
