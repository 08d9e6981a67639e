"""What can be asked, in the tenant's own time; what cannot names the field that is wrong."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from billing.periods import Granularity, Misread, Period, beginning, buckets, preset, read_period, zone_of
from billing.query import NONE, SpendQuery, ask

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 3, 30, 9, 17, 5, tzinfo=UTC)


def asked(**params: str | list[str]) -> SpendQuery:
    listed = {name: [value] if isinstance(value, str) else value for name, value in params.items()}
    return ask(listed, zone=BERLIN, now=NOW)


def test_a_day_begins_at_the_tenants_midnight_and_the_last_one_is_included() -> None:
    period = asked(**{"from": "2026-03-28", "to": "2026-03-29"}).period

    assert (period.start, period.end) == (
        datetime(2026, 3, 27, 23, tzinfo=UTC),
        datetime(2026, 3, 29, 22, tzinfo=UTC),  # summer time has begun
    )
    assert (period.first_day.isoformat(), period.last_day.isoformat()) == ("2026-03-28", "2026-03-29")
    assert period.is_of_hours


def test_a_moment_is_taken_as_it_is() -> None:
    query = asked(**{"from": "2026-03-28T10:00:00Z", "to": "2026-03-28T12:30:00+02:00"})

    assert (query.period.start.hour, query.period.end.hour, query.period.end.minute) == (10, 10, 30)
    assert query.needs_ledger


def test_the_last_thirty_days_are_the_default() -> None:
    period = asked().period

    assert (period.first_day.isoformat(), period.last_day.isoformat()) == ("2026-03-01", "2026-03-30")


@pytest.mark.parametrize(
    ("name", "first", "last"),
    [
        ("today", "2026-03-30", "2026-03-30"),
        ("7d", "2026-03-24", "2026-03-30"),
        ("month", "2026-03-01", "2026-03-30"),
        ("last_month", "2026-02-01", "2026-02-28"),
    ],
)
def test_presets(name: str, first: str, last: str) -> None:
    period = preset(name, zone=BERLIN, now=NOW)

    assert (period.first_day.isoformat(), period.last_day.isoformat()) == (first, last)


def test_dimensions_and_filters_are_read_by_the_names_of_the_contract() -> None:
    query = asked(
        by=["model", "tag.team,class"],
        gateway_key="k1",
        router=["a", "b"],
        rule=NONE,
        unheard="x",
        outcome="",
    )

    assert query.by == ("model", "tag.team", "class")
    assert query.filters == {"key": ("k1",), "router": ("a", "b"), "rule": ("",)}
    assert query.tags == ("team",)
    assert not query.needs_ledger


@pytest.mark.parametrize(
    ("params", "needs"),
    [
        ({"by": "tag.team,tag.env", "model": "m", "tier": "mid"}, False),
        ({"by": "tag.team,tag.env,tag.feature", "outcome": "failed"}, False),
        ({"by": "end_user,router"}, False),
        ({"by": "tag.team", "tag.env": "prod", "class": "coding"}, True),
        ({"by": "end_user,tag.team"}, True),
        ({"by": "end_user,key"}, True),
        ({"by": "session"}, True),
        ({"end_user": "ann"}, True),  # of one they are few, and found by an index
    ],
)
def test_what_rollups_tell_apart_is_read_from_them(params: dict[str, str], needs: bool) -> None:
    assert asked(**params).needs_ledger is needs


@pytest.mark.parametrize(
    ("params", "field"),
    [
        ({"from": "2026-02-30"}, "from"),
        ({"to": "tomorrow"}, "to"),
        ({"from": "2026-03-02", "to": "2026-03-01"}, "to"),
        ({"from": "2016-03-02", "to": "2026-03-01"}, "from"),
        ({"to": "9999-12-31"}, "to"),
        ({"from": "0001-01-01"}, "from"),
        ({"period": "fortnight"}, "period"),
        ({"by": "colour"}, "by"),
        ({"by": "tag."}, "by"),
        ({"by": "router,key,model,class,tier"}, "by"),
        ({"granularity": "minute"}, "granularity"),
        ({"known": "perhaps"}, "known"),
        ({"model": "a\0b"}, "model"),
    ],
)
def test_what_cannot_be_asked_names_its_field(params: dict[str, str], field: str) -> None:
    with pytest.raises(Misread) as caught:
        asked(**params)

    assert caught.value.field == field


def test_a_time_zone_must_exist() -> None:
    for name in ("Mars/Phobos", "../etc/passwd", ""):
        with pytest.raises(Misread, match="time zone"):
            zone_of(name)


def test_a_day_with_a_change_of_the_clock_has_23_hours() -> None:
    sunday = read_period({"from": "2026-03-29", "to": "2026-03-29"}, zone=BERLIN, now=NOW)

    hours = buckets(sunday, Granularity.HOUR)

    assert len(hours) == 23
    assert [hour.hour for hour in hours[:4]] == [0, 1, 3, 4]


def test_weeks_begin_on_monday() -> None:
    period = read_period({"from": "2026-03-11", "to": "2026-03-25"}, zone=BERLIN, now=NOW)

    weeks = [week.date().isoformat() for week in buckets(period, Granularity.WEEK)]

    assert weeks == ["2026-03-09", "2026-03-16", "2026-03-23"]


def test_hours_of_a_zone_off_by_forty_five_minutes() -> None:
    kathmandu = ZoneInfo("Asia/Kathmandu")

    assert beginning(datetime(2026, 3, 1, 10, 20, tzinfo=UTC), Granularity.HOUR, kathmandu) == datetime(
        2026, 3, 1, 10, 15, tzinfo=UTC
    )


def test_too_many_buckets_are_refused() -> None:
    year = Period(start=datetime(2025, 1, 1, tzinfo=UTC), end=datetime(2026, 1, 1, tzinfo=UTC), zone=BERLIN)

    with pytest.raises(Misread, match="more than 800 hours"):
        buckets(year, Granularity.HOUR)
