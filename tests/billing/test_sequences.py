"""I-12: a number that a gateway gave out and that never came is told, and what fills a gap closes it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from billing.sequences import PATIENCE, Gap, gaps, ranges
from console.tenants.models import Tenant
from tests.billing.conftest import Book
from tests.billing.events import NANO, attempt, intent, settled

pytestmark = pytest.mark.usefixtures("everywhere")
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def found(*, later: timedelta = PATIENCE) -> list[Gap]:
    return gaps(now=timezone.now() + later, since=LONG_AGO)


def test_intents_and_settlements_number_on(acme: Tenant, book: Book) -> None:
    book(
        settled(acme.pk, attempt(NANO), seq=2, process="gw-7", request_id="req_1"),
        intent(acme.pk, "req_1", NANO, seq=1, process="gw-7"),
        settled(acme.pk, attempt(NANO), seq=3, process="gw-7"),
    )

    assert found() == []


def test_what_never_came_is_told_and_what_comes_late_fills_it(acme: Tenant, book: Book) -> None:
    book(*(settled(acme.pk, attempt(NANO), seq=seq, process="gw-7") for seq in (2, 3, 7)))

    assert found() == [Gap("gw-7", 1, 1), Gap("gw-7", 4, 6)]

    book(*(settled(acme.pk, attempt(NANO), seq=seq, process="gw-7") for seq in (5, 4, 1)))
    assert found() == [Gap("gw-7", 6, 6)]


def test_what_is_just_out_of_order_is_given_time(acme: Tenant, book: Book) -> None:
    book(settled(acme.pk, attempt(NANO), seq=2, process="gw-7"))

    assert found(later=timedelta()) == []


def test_replays_change_nothing(acme: Tenant, book: Book) -> None:
    event = settled(acme.pk, attempt(NANO), seq=1, process="gw-7")
    book(event)
    book(event, event)

    assert found() == []


@given(st.sets(st.integers(1, 60)))
def test_ranges_are_the_numbers(numbers: set[int]) -> None:
    runs = ranges(numbers)
    assert [n for first, last in runs for n in range(first, last + 1)] == sorted(numbers)
    assert all(after[0] > before[1] + 1 for before, after in pairwise(runs))
