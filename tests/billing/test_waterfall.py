"""From the baseline to what was paid: each step to the nano-dollar, and nothing between them."""

from __future__ import annotations

from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from billing.periods import Period
from billing.query import SpendQuery
from billing.spend import spend
from billing.waterfall import Step, waterfall
from console.tenants.models import Tenant
from gateway.core.catalogue import Model
from gateway.core.facts import Tier
from gateway.core.ladder import AttemptOutcome, Kind
from gateway.core.money import nano
from gateway.core.price import Price, Usage, cost
from tests.billing.conftest import Book
from tests.billing.events import GPT_5, MODELS, MYSTERY, NANO, NOON, attempt, settled

pytestmark = pytest.mark.usefixtures("everywhere")
CACHING = Model(
    id="anthropic/caching",
    provider="anthropic",
    tier=Tier.MID,
    prices=(
        Price(
            since=date(2020, 1, 1),
            input=nano("1"),
            output=nano("5"),
            cache_read=nano("0.1"),
            cache_write=nano("1.25"),
            cache_write_1h=nano("2"),
            audio_input=nano("4"),
        ),
    ),
)
KNOWN = {**MODELS, CACHING.id: CACHING}
CACHED = Usage(
    input=10, cache_read=1_000, cache_write=400, cache_write_1h=100, audio_cache_read=50, output=20
)
READ = 1_000 * 900 + 50 * 3_900  # nano-dollars: less than input, and than audio
WRITTEN = 400 * 250 + 100 * 1_000
MARCH = SpendQuery(
    period=Period(start=NOON.replace(day=1, hour=0), end=NOON.replace(day=31, hour=0), zone=ZoneInfo("UTC"))
)
BEATEN = attempt(NANO, outcome=AttemptOutcome.REJECTED)
BROKEN = attempt(NANO, outcome=AttemptOutcome.FAILED, usage=Usage(input=30))


def paid(of: Model, usage: Usage) -> int:
    return cost(of.prices[0], usage)


def found(tenant: Tenant) -> dict[str, Step]:
    steps = waterfall(tenant, MARCH)
    total = spend(tenant, MARCH).total
    assert sum(step.amount for step in steps[:-1]) == steps[-1].amount == total.compared_cost
    if steps[0].second is not None:
        assert sum(step.second or 0 for step in steps[:-1]) == steps[-1].amount
    return {step.label: step for step in steps}


def test_every_way_of_a_request_has_its_step(acme: Tenant, book: Book) -> None:
    second: dict[str, Any] = {"second_model": NANO.id, "second": 7}
    book(
        settled(acme.pk, attempt(CACHING, usage=CACHED), models=KNOWN, **second),
        settled(
            acme.pk, BEATEN, attempt(NANO, kind=Kind.JUDGE), attempt(GPT_5), outcome="escalated", **second
        ),
        settled(acme.pk, BROKEN, attempt(NANO), outcome="fell_back", **second),
        settled(acme.pk, attempt(NANO, kind=Kind.SHADOW), attempt(NANO), **second),
        settled(acme.pk, attempt(MYSTERY), **second),  # cannot be compared, and is in no step
    )
    nano_cost, gpt = paid(NANO, attempt(NANO).usage), paid(GPT_5, attempt(GPT_5).usage)
    baseline = paid(GPT_5, CACHED) + 3 * gpt

    steps = found(acme)

    assert {label: step.amount for label, step in steps.items() if label != "Paid"} == {
        "Baseline": baseline,
        "Routing": paid(CACHING, CACHED) + READ - WRITTEN - paid(GPT_5, CACHED) + nano_cost - gpt,
        "Fallback": nano_cost - gpt,
        "Read from caches": -READ,
        "Written to caches": WRITTEN,
        "Checks": nano_cost,
        "Shadows": nano_cost,
        "Rejected answers": nano_cost,
        "Failed attempts": paid(NANO, Usage(input=30)),
    } | {"Escalation": 0}  # the baseline itself answered, but not the second one
    assert steps["Escalation"].second == gpt - 7
    assert steps["Baseline"].second == 4 * 7
    assert steps["Rejected answers"].only == {"part": ("rejected",)}
    assert steps["Escalation"].only == {"part": ("answer",), "outcome": ("escalated", "rejected")}


def test_a_second_baseline_that_is_unknown_of_one_is_unknown(acme: Tenant, book: Book) -> None:
    book(settled(acme.pk, attempt(NANO), second_model=NANO.id, second=7), settled(acme.pk, attempt(NANO)))

    steps = found(acme)

    assert list(steps) == ["Baseline", "Routing", "Paid"]
    assert {step.second for step in steps.values() if not step.is_total} == {None}
    assert steps["Baseline"].second is None


def test_without_traffic_nothing_was_paid(acme: Tenant) -> None:
    assert {label: step.amount for label, step in found(acme).items()} == {"Baseline": 0, "Paid": 0}
