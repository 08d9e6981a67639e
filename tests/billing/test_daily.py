"""Days are summed behind ingest: what is read is the same before, meanwhile and after."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db.models import Max

from billing import daily
from billing.latency import Latency, latency, percentile
from billing.models import DailyRollup, RolledDay
from billing.periods import Granularity, Period, midnight
from billing.query import SpendQuery
from billing.selectors import keys_last_used, tags_seen, values
from billing.spend import Row, spend
from console.tenants.models import Tenant
from tests.billing.conftest import Book
from tests.billing.events import GPT_5, NANO, NOON, attempt, settled

pytestmark = pytest.mark.usefixtures("everywhere")
BERLIN = ZoneInfo("Europe/Berlin")
DAYS = [date(2026, 3, 27) + timedelta(days=n) for n in range(5)]  # the clock moves on the 29th
WHOLE = Period(
    start=midnight(DAYS[0], BERLIN), end=midnight(DAYS[-1] + timedelta(days=1), BERLIN), zone=BERLIN
)
RAGGED = Period(start=WHOLE.start + timedelta(hours=5), end=WHOLE.end - timedelta(hours=7), zone=BERLIN)
LATER = datetime(2026, 4, 20, tzinfo=UTC)
QUESTIONS: Sequence[tuple[str, ...]] = (
    (), ("model",), ("router", "tier"), ("key",), ("requested_model",), ("router", "rule", "class"),
    ("outcome", "part", "known", "verified"), ("class", "model", "needs"), ("tag.team",), ("tag.team", "key"),
    ("tag.team", "tag.env"), ("tag.env", "tag.team", "model"), ("end_user",), ("end_user", "router"),
)  # fmt: skip


def answers(tenant: Tenant) -> list[tuple[Row, ...]]:
    found = []
    for period in (WHOLE, RAGGED):
        for by in QUESTIONS:
            found += [
                spend(tenant, SpendQuery(period=period, by=by, granularity=granularity)).rows
                for granularity in (None, *Granularity)
            ]
        filters = {"model": (NANO.id,), "tag.team": ("search", "")}
        found.append(spend(tenant, SpendQuery(period=period, by=("router",), filters=filters)).rows)
    return found


@pytest.fixture
def traffic(acme: Tenant, book: Book) -> Tenant:
    events = []
    for n in range(60):
        at = WHOLE.start + (WHOLE.end - WHOLE.start) * n / 60
        tags = {"team": ("search", "ads")[n % 2]} if n % 3 else {}
        tags |= {"env": "prod"} if n % 4 == 1 else {}
        tries = [attempt(NANO), attempt(GPT_5)][n % 4 == 0 :]
        events.append(
            settled(
                acme.pk,
                *tries,
                at=at,
                router=("support", "")[n % 5 == 0],
                end_user=("", "ann", "bob")[n % 3],
                about={"tags": tags},
                total_ms=100 + n * 37,
                first_byte_ms=n or None,
            )
        )
    book(*events)
    return acme


def test_days_answer_as_their_hours_do(traffic: Tenant) -> None:
    before, slow = answers(traffic), latency(traffic, WHOLE)

    assert daily.sum_days(now=LATER) == 5

    assert answers(traffic) == before
    assert latency(traffic, WHOLE) == slow
    assert set(traffic.rolled_days.values_list("day", "summed")) == {(day, True) for day in DAYS}
    assert daily.differences(traffic.pk, since=DAYS[0]) == 0
    assert daily.sum_days(now=LATER) == 0


def test_some_days_summed_and_others_not_is_the_same(traffic: Tenant) -> None:
    before = answers(traffic)

    daily.sum_day(traffic.pk, DAYS[2], zone=BERLIN)

    assert answers(traffic) == before


def test_pages_read_the_daily_rows_and_not_the_hours(traffic: Tenant) -> None:
    daily.sum_days(now=LATER)
    traffic.rollups.all().delete()

    assert spend(traffic, SpendQuery(period=WHOLE)).total.requests == 60
    assert values(traffic, ("model", "router"), WHOLE) == {
        "model": [NANO.id, GPT_5.id][::-1],
        "router": ["support"],
    }
    assert tags_seen(traffic, WHOLE) == {"env": ["prod"], "team": ["ads", "search"]}


def test_a_late_line_is_in_its_hour_and_unsettles_its_day(traffic: Tenant, book: Book) -> None:
    daily.sum_days(now=LATER)
    moment = midnight(DAYS[1], BERLIN) + timedelta(hours=3, minutes=20)
    hour = Period(
        start=moment.replace(minute=0), end=moment.replace(minute=0) + timedelta(hours=1), zone=BERLIN
    )
    before = spend(traffic, SpendQuery(period=hour)).total.requests

    book(settled(traffic.pk, attempt(NANO), at=moment))

    assert spend(traffic, SpendQuery(period=hour)).total.requests == before + 1
    assert spend(traffic, SpendQuery(period=WHOLE)).total.requests == 61
    assert list(traffic.rolled_days.filter(summed=False).values_list("day", flat=True)) == [DAYS[1]]
    assert daily.sum_days(now=LATER) == 1
    assert spend(traffic, SpendQuery(period=WHOLE)).total.requests == 61


def test_a_day_that_is_not_over_is_left_open(acme: Tenant, book: Book) -> None:
    book(settled(acme.pk, attempt(NANO)))
    ends = midnight(NOON.date() + timedelta(days=1), BERLIN)

    assert daily.sum_days(now=ends + timedelta(minutes=9)) == 0
    assert daily.sum_days(now=ends + timedelta(minutes=10)) == 1


def test_another_zone_than_the_tenants_is_summed_from_hours(traffic: Tenant) -> None:
    utc = ZoneInfo("UTC")
    period = Period(start=midnight(DAYS[0], utc), end=midnight(DAYS[-1], utc), zone=utc)
    before = spend(traffic, SpendQuery(period=period, granularity=Granularity.DAY)).rows
    daily.sum_days(now=LATER)

    assert spend(traffic, SpendQuery(period=period, granularity=Granularity.DAY)).rows == before


def test_a_changed_day_is_found_by_the_check(traffic: Tenant) -> None:
    daily.sum_days(now=LATER)
    row = DailyRollup.objects.filter(grain="key").first()
    assert row is not None
    row.cost_nano += 1
    row.save()

    assert daily.differences(traffic.pk, since=DAYS[0]) > 0


def test_days_of_tenants_are_their_own(traffic: Tenant, evil: Tenant, book: Book) -> None:
    book(settled(evil.pk, attempt(NANO), at=WHOLE.start))
    daily.sum_days(now=LATER)

    assert RolledDay.objects.filter(tenant=evil).count() == 1
    assert spend(evil, SpendQuery(period=WHOLE)).total.requests == 1


def test_percentiles_are_read_from_counts() -> None:
    assert percentile([(10, 50), (20, 45), (900, 5)], 50) == 10
    assert percentile([(10, 49), (20, 46), (900, 5)], 50) == 20
    assert percentile([(10, 50), (20, 45), (900, 5)], 95) == 20
    assert percentile([(10, 50), (20, 44), (900, 6)], 95) == 900
    assert percentile([(10, 0)], 50) is None


def test_durations_keep_two_significant_digits(acme: Tenant, book: Book) -> None:
    book(
        *(
            settled(acme.pk, attempt(NANO), total_ms=ms, first_byte_ms=7, at=WHOLE.start)
            for ms in (1234, 1249, 99_499)
        )
    )

    assert latency(acme, WHOLE) == Latency(median=1200, p95=99_000, first_byte_median=7)


def test_keys_are_last_used_as_their_hours_say(traffic: Tenant, book: Book) -> None:
    book(settled(traffic.pk, attempt(NANO), at=WHOLE.start, gateway_key="old"))
    newest = dict(traffic.rollups.filter(tag="").values_list("gateway_key").annotate(Max("hour")))
    assert set(newest) == {"old", "search-app"}

    assert keys_last_used(traffic) == newest
    daily.sum_days(now=LATER)
    assert keys_last_used(traffic) == newest
