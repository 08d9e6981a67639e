"""Periods of budgets in every time zone, whom a budget covers, and the most that a call can cost."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.budget import (
    PERIODS,
    UNKNOWN,
    Window,
    covered,
    held_to,
    lease,
    limit_of,
    set_apart,
    window,
    window_named,
    worst_attempt,
    worst_case,
)
from gateway.core.conditions import Condition, Range
from gateway.core.decide import Route, decide
from gateway.core.facts import Tier
from gateway.core.ladder import Purpose
from gateway.core.policy import Floor, Otherwise, Policy, Rule
from gateway.core.snapshot import Budget, BudgetScope
from tests.core.build import facts, model, price, router, tenant

# Clocks moved at midnight, by half an hour, a day that never was, and the widest offsets.
ZONES = (
    "UTC", "Europe/Berlin", "America/New_York", "America/Havana", "America/Sao_Paulo", "Asia/Beirut", "Asia/Kathmandu",
    "Australia/Lord_Howe", "Pacific/Apia", "Pacific/Kiritimati", "Pacific/Pago_Pago", "Africa/Casablanca",
)  # fmt: skip
MOMENTS = st.datetimes(datetime(2010, 1, 1), datetime(2032, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - naive is asked


@given(st.sampled_from(PERIODS), st.sampled_from(ZONES), MOMENTS)
def test_each_moment_is_in_exactly_one_period(per: str, zone: str, moment: datetime) -> None:
    found = window(per, zone, moment)
    assert moment in found
    after, before = window(per, zone, found.end), window(per, zone, found.start - timedelta(microseconds=1))
    assert (before.end, after.start) == (found.start, found.end)
    assert len({before.name, found.name, after.name}) == 3
    assert window_named(per, zone, found.name) == found


@given(st.sampled_from(PERIODS), st.sampled_from(ZONES), MOMENTS)
def test_a_period_begins_where_the_calendar_says(per: str, zone: str, moment: datetime) -> None:
    found = window(per, zone, moment)
    first = found.start.astimezone(ZoneInfo(zone)).date()
    last_of_before = (found.start - timedelta(microseconds=1)).astimezone(ZoneInfo(zone)).date()
    assert last_of_before < first
    assert first.isoformat() >= found.name  # later only where the day itself never was
    assert per != "month" or first.month != last_of_before.month
    assert per != "week" or (first.weekday() <= last_of_before.weekday())


@pytest.mark.parametrize("zone", ZONES)
def test_400_days_follow_one_another_without_a_gap(zone: str) -> None:
    moment = datetime(2011, 9, 1, tzinfo=UTC)  # Samoa has no 30 December of that year
    span = window("day", zone, moment)
    for _ in range(400):
        following = window("day", zone, span.end)
        assert following.start == span.end
        assert timedelta(hours=22) < following.end - following.start < timedelta(hours=26)
        span = following


def test_a_day_in_spring_has_23_hours_and_a_month_its_offset() -> None:
    day = window("day", "Europe/Berlin", datetime(2026, 3, 29, 12, tzinfo=UTC))
    assert day.end - day.start == timedelta(hours=23)
    month = window("month", "Europe/Berlin", datetime(2026, 3, 10, tzinfo=UTC))
    assert month == Window(
        "2026-03-01", datetime(2026, 2, 28, 23, tzinfo=UTC), datetime(2026, 3, 31, 22, tzinfo=UTC)
    )
    assert window("week", "UTC", datetime(2026, 3, 10, tzinfo=UTC)).name == "2026-03-09"
    assert window("month", "UTC", datetime(2028, 2, 29, tzinfo=UTC)).end == datetime(2028, 3, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("scope", "value"),
    [
        (BudgetScope(), ""),
        (BudgetScope(router="support", key="app"), ""),
        (BudgetScope(router="support", key="other"), None),
        (BudgetScope(tag={"team": "ads", "data": "pii"}), ""),
        (BudgetScope(tag={"team": "ads", "data": "none"}), None),
        (BudgetScope(tag={"team": "*", "data": "pii"}), "ads"),
        (BudgetScope(tag={"feature": "*"}), None),
    ],
)
def test_whom_it_covers(scope: BudgetScope, value: str | None) -> None:
    assert covered(scope, router="support", key="app", tags={"team": "ads", "data": "pii"}) == value


def test_the_most_that_an_answer_can_cost() -> None:
    mini = model("alpha/mini", Tier.MID, (1, 10), max_output=500)
    asked = facts(input_tokens=1_000)
    assert worst_case(mini, asked) == 1_000_000 + 500 * 10_000
    assert worst_case(mini, facts(input_tokens=1_000, max_output_tokens=20)) == 1_000_000 + 20 * 10_000
    assert (
        worst_case(mini, facts(input_tokens=1_000, max_output_tokens=20), choices=3)
        == 1_000_000 + 60 * 10_000
    )
    unbounded = model("alpha/mini", Tier.MID, (1, 10), context=3_000)
    assert worst_case(unbounded, asked) == 1_000_000 + 2_000 * 10_000
    assert worst_case(model("gamma/odd", Tier.SMALL, None), asked) is None


def test_whoever_gives_no_limit_has_the_policys() -> None:
    asked, mini = facts(input_tokens=1_000), model("alpha/mini", Tier.SMALL, (1, 10), max_output=500)
    assert worst_case(mini, asked, usual=200) == 1_000_000 + 200 * 10_000
    assert worst_case(mini, facts(input_tokens=1_000, max_output_tokens=20), usual=200) == 1_200_000
    assert [limit_of(mini, asked, usual) for usual in (None, 200, 900)] == [500, 200, 500]


def test_a_limit_leaves_room_for_a_prompt_that_is_longer_than_estimated() -> None:
    unbounded = model("alpha/odd", Tier.SMALL, (1, 10), max_output=None, context=3_000)
    assert limit_of(unbounded, facts(input_tokens=1_000)) == 1_750
    assert limit_of(unbounded, facts(input_tokens=2_900)) == 1


def test_an_attempt_at_an_answer() -> None:
    route = decide(facts(max_output_tokens=10), router(Policy(otherwise=Otherwise(tier=Tier.MID))))
    assert isinstance(route, Route)
    assert worst_attempt("alpha/mid", route) == 1_000 * 2_000 + 10 * 10_000
    assert worst_attempt("gamma/odd", route) == UNKNOWN


def test_a_budget_with_a_purpose_is_asked_about_such_calls_alone() -> None:
    def budget(name: str, at_limit: str, purpose: Purpose | None = None) -> Budget:
        scope = BudgetScope(purpose=purpose)
        return Budget(id=name, name=name, nano=1, per="day", at_limit=at_limit, scope=scope)

    every = budget("all", "block")
    judges, told = budget("judges", "climb", Purpose.CHECKS), budget("told", "alert", Purpose.CHECKS)
    one = tenant(Policy(), budgets=(every, judges, told))
    assert held_to(one) == (every,)
    assert set_apart(one) == {Purpose.CHECKS: (judges,)}


def test_a_lease_is_a_hundredth_and_a_dollar_at_most() -> None:
    assert [lease(left) for left in (-5, 0, 99, 10_000_000_000, 10**13)] == [
        0,
        0,
        0,
        100_000_000,
        1_000_000_000,
    ]


def test_only_what_must_be_asked_is_asked() -> None:
    quiet = Budget(id="1", name="quiet", nano=1, per="day", at_limit="alert")
    strict = Budget(id="2", name="strict", nano=1, per="day", at_limit="block")
    reading = Rule(
        name="low", tier=Tier.SMALL, when=Condition(not_=Condition(budget_left=Range(at_least=0.2)))
    )
    assert held_to(tenant(budgets=(quiet, strict))) == (strict,)
    assert held_to(tenant(Policy(rules=(reading,)), budgets=(quiet, strict))) == (quiet, strict)


def test_a_spent_budget_takes_the_cheapest_tier_within_floors_even_from_a_pin() -> None:
    floor = Floor(name="kept", when=Condition(tag={"data": "kept"}), tier=Tier.MID)
    pinned = router(Policy(otherwise=Otherwise(model="beta/big"), floors=(floor,)))
    found = [
        decide(facts(downgraded=spent, tags=tags), pinned)
        for spent, tags in ((False, {}), (True, {}), (True, {"data": "kept"}))
    ]
    assert [each.tier for each in found if isinstance(each, Route)] == [Tier.PREMIUM, Tier.LOCAL, Tier.MID]
    assert [each.target.lifted_by for each in found] == ["", "spent budget", "floor kept"]


@pytest.mark.parametrize(("asked", "out"), [("", 10), ("flex", 10), ("priority", 20), ("scale", 10)])
def test_a_dearer_service_tier_is_held_where_it_is_asked_for(asked: str, out: int) -> None:
    tiers = (price(1, 5, service_tier="flex"), price(2, 20, service_tier="priority"))
    tiered = model("alpha/tiered", Tier.MID, None, prices=(price(1, 10, others=tiers),))
    found = worst_case(tiered, facts(input_tokens=0, max_output_tokens=1_000, service_tier=asked))
    assert found == out * 1_000_000
