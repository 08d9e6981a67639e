"""A corrected price re-rates history by further lines: sums move by the difference, and the old lines stay."""

from __future__ import annotations

from datetime import date, timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from msgspec.structs import replace

from billing import chain, rollup, self_check
from billing.models import LedgerEntry, RequestRecord
from billing.rerate import Corrected, rerate
from billing.selectors import request
from console.tenants.models import Tenant
from gateway.core.ladder import AttemptOutcome
from gateway.core.price import Price, Usage
from tests.billing.conftest import Book
from tests.billing.events import GPT_5, MYSTERY, NANO, NOON, attempt, settled

pytestmark = pytest.mark.usefixtures("everywhere")
START, END = NOON - timedelta(days=1), NOON + timedelta(days=1)
TWICE = Price(since=date(2026, 3, 1), input=100_000_000, output=800_000_000)  # of NANO
COST = 1000 * 50 + 200 * 400
BASE = 1000 * 1250 + 200 * 10_000


def correct(tenant: Tenant, model: str = NANO.id, price: Price = TWICE) -> Corrected:
    return rerate(tenant, model, price, start=START, end=END)


def sound(tenant: Tenant) -> bool:
    broken = {
        name for name, count in self_check.check(now=NOON + timedelta(hours=2)).findings.items() if count
    }
    return (
        broken <= {"I-12"}
        and rollup.differences(tenant) == 0
        and chain.verify_day(NOON.date()).broken is None
    )


def test_lines_are_taken_back_and_entered_anew(acme: Tenant, evil: Tenant, book: Book) -> None:
    book(settled(acme.pk, attempt(NANO, id="a"), request_id="r"), settled(evil.pk, attempt(NANO, id="other")))

    assert correct(acme) == Corrected(requests=1, lines=1, before=COST, after=2 * COST)

    lines = LedgerEntry.objects.filter(tenant=acme).order_by("place")
    assert [(line.attempt_id, line.sign, line.cost_nano, line.corrects, line.reason) for line in lines] == [
        ("a", 1, COST, "", None),
        ("a~back", -1, COST, "a", f"price of {NANO.id} corrected"),
        ("a~1", 1, 2 * COST, "a", f"price of {NANO.id} corrected"),
    ]
    record = RequestRecord.objects.get(request_id="r")
    assert (record.cost_nano, record.saved_nano, record.corrected) == (2 * COST, BASE - 2 * COST, True)
    assert LedgerEntry.objects.get(tenant=evil).cost_nano == COST
    assert sound(acme)


def test_once_more_corrects_the_correction(acme: Tenant, book: Book) -> None:
    book(settled(acme.pk, attempt(NANO, id="a"), request_id="r"))
    correct(acme)
    assert correct(acme) == Corrected()

    correct(acme, price=replace(TWICE, input=50_000_000, output=400_000_000))

    detail = request(acme, "r")
    assert detail is not None
    assert [(line.attempt_id, line.cost_nano) for line in detail.lines] == [("a~1~1", COST)]
    assert [line.attempt_id for line in detail.taken_back] == ["a", "a~1"]
    assert sound(acme)


def test_a_price_that_nobody_knew_makes_the_saving_known(acme: Tenant, book: Book) -> None:
    tries = (attempt(MYSTERY, outcome=AttemptOutcome.REJECTED), attempt(NANO))
    book(settled(acme.pk, *tries, outcome="escalated", request_id="r"))

    correct(acme, MYSTERY.id, TWICE)

    record = RequestRecord.objects.get()
    assert (record.known, record.unpriced_attempts, record.saved_nano) == (True, 0, BASE - 3 * COST)
    assert sound(acme)


def test_what_it_was_measured_by_is_reckoned_anew(acme: Tenant, book: Book) -> None:
    book(settled(acme.pk, attempt(NANO), request_id="r"), settled(acme.pk, outcome="failed"))

    correct(acme, GPT_5.id, replace(TWICE, input=0, output=0))

    record = RequestRecord.objects.get(request_id="r")
    assert (record.baseline_nano, record.saved_nano) == (0, -COST)
    assert sound(acme)


def test_only_the_span_is_touched(acme: Tenant, book: Book) -> None:
    book(
        *(settled(acme.pk, attempt(NANO), at=moment) for moment in (START - timedelta(seconds=1), START, END))
    )

    assert correct(acme).requests == 1


def test_the_command_says_what_it_did(acme: Tenant, book: Book) -> None:
    book(*(settled(acme.pk, attempt(NANO)) for _ in range(3)))
    told = StringIO()

    words = ("--since=2026-03-10", "--until=2026-03-11", "--input=0.1", "--output=0.8")
    call_command("correct_price", "acme", NANO.id, *words, stdout=told)

    assert told.getvalue() == "3 requests, 3 lines: 0.00039 USD before, 0.00078 USD now.\n"


def test_a_correction_is_of_one_service_tier(acme: Tenant, book: Book) -> None:
    """The line of a service tier without a price is entered with one; the standard line beside it is left alone."""
    flexible = replace(attempt(NANO, id="flexible"), usage=Usage(input=1000, output=200, service_tier="flex"))
    book(settled(acme.pk, attempt(NANO, id="plain")), settled(acme.pk, flexible, request_id="r"))
    line = LedgerEntry.objects.get(attempt_id="flexible")
    assert (line.service_tier, line.region, line.cost_nano, line.price) == ("flex", None, None, None)
    assert RequestRecord.objects.get(request_id="r").saved_nano is None

    assert correct(acme, price=replace(TWICE, service_tier="flex")) == Corrected(
        requests=1, lines=1, before=0, after=2 * COST
    )

    line = LedgerEntry.objects.get(attempt_id="flexible~1")
    assert (line.service_tier, line.cost_nano) == ("flex", 2 * COST)
    assert LedgerEntry.objects.filter(attempt_id__startswith="plain").count() == 1
    assert sound(acme)
