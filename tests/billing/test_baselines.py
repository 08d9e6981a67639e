"""Baselines are declared by policies, and a month that has begun keeps its yardstick."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from msgspec.structs import replace

from billing import baselines
from billing.periods import read_period, zone_of
from billing.query import SpendQuery
from billing.savings import Compared, Evidence, compared, evidence
from billing.spend import spend
from console.tenants.models import Tenant
from gateway.core.baseline import Declared
from gateway.core.ladder import AttemptOutcome
from gateway.core.price import Usage, UsageSource
from tests.billing.conftest import Book
from tests.billing.events import GPT_5, MINI, NANO, NOON, attempt, settled

pytestmark = pytest.mark.usefixtures("everywhere")
FIRST = Declared(since=baselines.ALWAYS, basis="requested")


def declare(tenant: Tenant, basis: str, *, now: datetime = NOON, router: str = "support") -> bool:
    return baselines.declare(tenant, router, basis, policy_version=3, now=now)


def test_the_first_one_has_always_held(acme: Tenant) -> None:
    assert declare(acme, "requested")
    assert not declare(acme, "requested")
    assert baselines.declared(acme) == {"support": (FIRST,)}


def test_another_begins_with_the_next_month_where_there_were_requests(acme: Tenant, book: Book) -> None:
    declare(acme, "requested")
    book(settled(acme.pk, attempt(NANO), at=NOON - timedelta(days=2)))

    declare(acme, "cheapest")

    assert baselines.declared(acme)["support"] == (FIRST, Declared(since=date(2026, 4, 1), basis="cheapest"))


def test_one_that_nothing_was_measured_by_can_be_changed_at_once(acme: Tenant, book: Book) -> None:
    declare(acme, "requested")
    book(
        settled(acme.pk, attempt(NANO), router="search"),
        settled(acme.pk, attempt(NANO), at=NOON - timedelta(days=20)),
    )

    declare(acme, GPT_5.id)

    assert baselines.declared(acme)["support"][-1] == Declared(since=NOON.date(), basis=GPT_5.id)


def test_a_month_is_the_tenants_own(acme: Tenant, book: Book) -> None:
    declare(acme, "requested")
    book(settled(acme.pk, attempt(NANO), at=datetime(2026, 3, 31, 21, 59, tzinfo=UTC)))

    declare(acme, "frontier", now=datetime(2026, 3, 31, 22, 30, tzinfo=UTC))  # April has begun in Berlin

    assert baselines.declared(acme)["support"][-1].since == date(2026, 4, 1)


def test_who_thinks_better_of_it_before_it_begins_is_heard(acme: Tenant, book: Book) -> None:
    declare(acme, "requested")
    book(settled(acme.pk, attempt(NANO)))
    declare(acme, "cheapest")
    declare(acme, "requested", now=NOON + timedelta(days=1))

    assert [each.basis for each in baselines.declared(acme)["support"]] == [
        "requested",
        "cheapest",
        "requested",
    ]
    assert baselines.declared(acme)["support"][-1].since == date(2026, 4, 1)


def test_a_mix_is_measured_over_the_days_before(acme: Tenant, evil: Tenant, book: Book) -> None:
    day = timedelta(days=1)
    book(
        *(settled(acme.pk, attempt(GPT_5), router="", at=NOON - 5 * day) for _ in range(3)),
        settled(acme.pk, attempt(MINI), at=NOON - 2 * day),
        settled(acme.pk, attempt(NANO), at=NOON),  # today is not over
        settled(acme.pk, attempt(NANO), at=NOON - 29 * day),
        settled(acme.pk, attempt(NANO), router="search", at=NOON - day),
        settled(evil.pk, attempt(NANO), at=NOON - day),
    )

    declare(acme, "measured")

    (declared,) = baselines.declared(acme)["support"]
    assert declared.mix == ((GPT_5.id, 3), (MINI.id, 1))


def test_tenants_and_routers_declare_their_own(acme: Tenant, evil: Tenant) -> None:
    declare(acme, "requested")
    declare(acme, "cheapest", router="search")
    declare(evil, "frontier")

    assert {router: rows[-1].basis for router, rows in baselines.declared(acme).items()} == {
        "support": "requested", "search": "cheapest",
    }  # fmt: skip


def test_both_baselines_are_summed_and_the_flattering_one_is_told(acme: Tenant, book: Book) -> None:
    used = Usage(input=1000, output=200)
    costs = {
        one.id: 1000 * one.prices[0].input // 10**6 + 200 * one.prices[0].output // 10**6
        for one in (NANO, GPT_5, MINI)
    }
    book(
        *(
            settled(acme.pk, attempt(NANO, usage=used), second_model=MINI.id, second=costs[MINI.id])
            for _ in range(3)
        )
    )

    total = spend(acme, march(acme)).total

    assert compared(total) == Compared(
        declared=3 * (costs[GPT_5.id] - costs[NANO.id]),
        second=3 * (costs[MINI.id] - costs[NANO.id]),
        unknown=0,
    )
    assert compared(total).flatters == "declared"

    book(settled(acme.pk, attempt(NANO), second_model="cheapest", second=None))
    assert compared(spend(acme, march(acme)).total).second is None
    assert compared(spend(acme, march(acme)).total).unknown == 1


def test_what_providers_reported_stands_apart_from_what_was_estimated(acme: Tenant, book: Book) -> None:
    guessed = replace(attempt(NANO), usage_source=UsageSource.ESTIMATED)
    book(settled(acme.pk, attempt(NANO)), settled(acme.pk, attempt(NANO)), settled(acme.pk, guessed))

    each = 1000 * 1250 + 200 * 10_000 - 130_000
    total = spend(acme, march(acme)).total
    assert evidence(total) == Evidence(
        verified=2 * each, estimated=each, verified_requests=2, estimated_requests=1
    )
    assert (total.verified_saved, total.estimated_saved) == (2 * each, each)


def test_an_estimated_price_is_no_verified_saving(acme: Tenant, book: Book) -> None:
    event = settled(acme.pk, attempt(NANO), attempt(NANO, outcome=AttemptOutcome.REJECTED))
    first, *rest = event.attempts
    assert first.price is not None
    guessed = replace(first, price=replace(first.price, estimated=True))
    book(replace(event, attempts=(guessed, *rest)))

    total = spend(acme, march(acme)).total

    assert evidence(total).verified_requests == 0
    assert evidence(total).estimated == total.saved
    (line, _) = acme.ledger.order_by("n")
    assert line.price is not None
    assert line.price["estimated"] is True


def march(tenant: Tenant) -> SpendQuery:
    period = read_period({"from": "2026-03-01", "to": "2026-03-31"}, zone=zone_of(tenant.time_zone), now=NOON)
    return SpendQuery(period=period)
