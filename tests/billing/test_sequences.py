"""I-12: a number that a gateway gave out and that never came is told, and what fills a gap closes it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from billing.sequences import PATIENCE, Gap, gaps, new_gaps, ranges
from console.tenants.models import Tenant
from tests.billing.conftest import Book
from tests.billing.events import NANO, attempt, intent, settled

pytestmark = pytest.mark.usefixtures("everywhere")
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def told(*moments: timedelta) -> list[Gap]:
    """What is told anew when it is looked at after so long."""
    return [gap for moment in moments for gap in new_gaps(now=timezone.now() + moment)]


def found() -> list[Gap]:
    return gaps(since=LONG_AGO)


def test_intents_and_settlements_number_on(acme: Tenant, book: Book) -> None:
    book(
        settled(acme.pk, attempt(NANO), seq=2, process="gw-7", request_id="req_1"),
        intent(acme.pk, "req_1", NANO, seq=1, process="gw-7"),
        settled(acme.pk, attempt(NANO), seq=3, process="gw-7"),
    )

    assert told(PATIENCE, 2 * PATIENCE) == []
    assert found() == []


def test_what_never_came_is_told_and_what_comes_late_fills_it(acme: Tenant, book: Book) -> None:
    book(*(settled(acme.pk, attempt(NANO), seq=seq, process="gw-7") for seq in (2, 3, 7)))

    assert told(PATIENCE, 2 * PATIENCE) == [Gap("gw-7", 1, 1), Gap("gw-7", 4, 6)]
    assert told(3 * PATIENCE, 4 * PATIENCE) == []
    assert found() == [Gap("gw-7", 1, 1), Gap("gw-7", 4, 6)]

    book(*(settled(acme.pk, attempt(NANO), seq=seq, process="gw-7") for seq in (5, 4, 1)))
    assert found() == [Gap("gw-7", 6, 6)]


def test_what_is_just_out_of_order_is_given_time(acme: Tenant, book: Book) -> None:
    book(settled(acme.pk, attempt(NANO), seq=2, process="gw-7"))

    assert told(timedelta(), PATIENCE) == []
    assert found() == []

    book(settled(acme.pk, attempt(NANO), seq=1, process="gw-7"))
    assert told(2 * PATIENCE, 3 * PATIENCE) == []


def test_a_process_that_is_never_quiet_is_told_too(acme: Tenant, book: Book) -> None:
    """In less than a minute after the number was missed."""
    moments = []
    for n in range(4):
        book(settled(acme.pk, attempt(NANO), seq=2 + n, process="gw-7"))
        moments += told(n * PATIENCE)

    assert moments == [Gap("gw-7", 1, 1)]


def test_replays_change_nothing(acme: Tenant, book: Book) -> None:
    event = settled(acme.pk, attempt(NANO), seq=1, process="gw-7")
    book(event)
    book(event, event)

    assert told(PATIENCE, 2 * PATIENCE) == []


@given(st.sets(st.integers(1, 60)))
def test_ranges_are_the_numbers(numbers: set[int]) -> None:
    runs = ranges(numbers)
    assert [n for first, last in runs for n in range(first, last + 1)] == sorted(numbers)
    assert all(after[0] > before[1] + 1 for before, after in pairwise(runs))
