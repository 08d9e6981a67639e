"""An hour is unusual against the same hour of other days; one flood in the past changes little."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from billing.unusual import LEAST, robust_score, unusual
from console.tenancy import within
from console.tenants.models import Tenant
from gateway.core.price import Usage
from tests.billing.conftest import Book
from tests.billing.events import GPT_5, NOON, attempt, settled

DOLLAR = Usage(input=800_000)  # of GPT_5


def test_the_score_counts_deviations_from_the_median() -> None:
    assert robust_score(200, [100, 90, 110, 100]) == pytest.approx(100 / LEAST)
    assert robust_score(LEAST * 200, [LEAST * 100] * 9) == pytest.approx(10)
    assert robust_score(LEAST * 200, [LEAST * 100] * 9 + [LEAST * 9000]) == pytest.approx(10)


def flood(tenant: Tenant, book: Book, now: datetime, days: int, last: int) -> None:
    hour = now.replace(minute=0) - timedelta(minutes=30)
    for day in range(1, days + 1):
        book(settled(tenant.pk, attempt(GPT_5, usage=DOLLAR), at=hour - timedelta(days=day)))
    book(*[settled(tenant.pk, attempt(GPT_5, usage=DOLLAR), at=hour) for _ in range(last)])


def test_an_hour_like_every_other_is_not_unusual(acme: Tenant, book: Book) -> None:
    flood(acme, book, NOON, days=10, last=1)
    with within(acme):
        assert unusual(acme, now=NOON, score=3) == []


def test_a_flood_is(acme: Tenant, book: Book) -> None:
    flood(acme, book, NOON, days=10, last=5)
    with within(acme):
        (found,) = unusual(acme, now=NOON, score=6)
    assert (found.router, found.spent, found.usual) == ("support", 5 * 10**9, 10**9)
    assert found.score == pytest.approx(40)
    assert found.hour == NOON.replace(hour=11, minute=0)


def test_with_little_history_nothing_is_said(acme: Tenant, book: Book) -> None:
    flood(acme, book, NOON, days=6, last=50)
    with within(acme):
        assert unusual(acme, now=NOON, score=3) == []
