"""Exports sum to what the pages say, say nothing that is not known, and are read in batches."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.utils import timezone
from msgspec.structs import replace

from billing import focus
from billing.exports import Form, Names, export, harmless
from billing.periods import Period, zone_of
from billing.query import SpendQuery
from billing.rerate import rerate
from billing.spend import spend
from console.tenancy import every_tenant, within
from console.tenants.models import Tenant
from gateway.core.ladder import AttemptOutcome
from gateway.core.money import nano
from gateway.core.price import Usage
from tests.billing.conftest import Book
from tests.billing.events import GPT_5, MYSTERY, NANO, NOON, attempt, settled

NAMES = Names(keys={"search-app": "Search"}, providers={"openai": "OpenAI"})
DAY = Period(
    start=datetime(2026, 3, 10, tzinfo=UTC), end=datetime(2026, 3, 11, tzinfo=UTC), zone=zone_of("UTC")
)

type Read = Callable[..., list[dict[str, str]]]


@pytest.fixture
def read(acme: Tenant) -> Read:
    def rows(form: Form, *, at_once: int = 2000, **filters: str) -> list[dict[str, str]]:
        query = SpendQuery(period=DAY).only(
            **{name.replace("__", "."): value for name, value in filters.items()}
        )
        chunks = export(acme, query, form, NAMES, now=timezone.now() + timedelta(hours=1), at_once=at_once)
        return list(csv.DictReader(io.StringIO(b"".join(chunks).decode())))

    return rows


@pytest.fixture
def traffic(acme: Tenant, book: Book) -> Tenant:
    rejected = attempt(NANO, outcome=AttemptOutcome.REJECTED)
    book(
        settled(acme.pk, attempt(NANO)),
        settled(acme.pk, rejected, attempt(GPT_5), outcome="escalated"),
        settled(acme.pk, attempt(MYSTERY)),
        settled(acme.pk, attempt(NANO), router="search", about={"tags": {"team": "=1+1"}}),
        settled(acme.pk, attempt(NANO), at=NOON + timedelta(days=1)),
    )
    return acme


def total(rows: list[dict[str, str]], column: str) -> int:
    return sum(nano(Decimal(row[column])) for row in rows if row[column])


def test_the_lines_sum_to_what_the_books_say(traffic: Tenant, read: Read) -> None:
    rows = read(Form.LEDGER)
    with within(traffic):
        books = spend(traffic, SpendQuery(period=DAY)).total
    assert (len(rows), total(rows, "cost_usd")) == (books.attempts, books.known_cost) == (5, 3_640_000)
    assert total(rows, "baseline_usd") == 4 * 3_250_000
    assert [row["cost_usd"] for row in rows if row["model"] == MYSTERY.id] == [""]
    assert {row["key"] for row in rows} == {"Search"}


def test_batches_make_no_difference(traffic: Tenant, read: Read) -> None:
    for form in Form:
        assert read(form, at_once=1) == read(form, at_once=2) == read(form)


@pytest.mark.parametrize(
    ("filters", "count"),
    [
        ({"router": "search"}, 1),
        ({"model": NANO.id}, 3),
        ({"tag__team": "search"}, 4),
        ({"tag__team": ""}, 0),
        ({"known": "false"}, 1),
        ({"outcome": "escalated", "part": "rejected"}, 1),
    ],
)
def test_filters_are_those_of_the_pages(
    traffic: Tenant, read: Read, filters: dict[str, str], count: int
) -> None:
    assert len(read(Form.LEDGER, **filters)) == count


MOMENT = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"
AMOUNT, UNIT, NUMBER = r"-?\d+(\.\d{1,9})?", r"\d+(\.\d{1,9})?", r"-?\d+"
SOME, MAYBE, NULL = r".+", r".*", r""
# Source: the chapters of https://focus.finops.org/focus-specification/v1-2/; what each cell must match as a whole.
SCHEMA = {
    "AvailabilityZone": NULL, "BilledCost": AMOUNT, "BillingAccountId": SOME, "BillingAccountName": MAYBE,
    "BillingAccountType": SOME, "BillingCurrency": "USD", "BillingPeriodEnd": MOMENT, "BillingPeriodStart": MOMENT,
    "CapacityReservationId": NULL, "CapacityReservationStatus": "|Used|Unused",
    "ChargeCategory": "Usage|Purchase|Tax|Credit|Adjustment", "ChargeClass": "|Correction", "ChargeDescription": SOME,
    "ChargeFrequency": "One-Time|Recurring|Usage-Based", "ChargePeriodEnd": MOMENT, "ChargePeriodStart": MOMENT,
    "CommitmentDiscountCategory": "|Spend|Usage", "CommitmentDiscountId": NULL, "CommitmentDiscountName": NULL,
    "CommitmentDiscountQuantity": NULL, "CommitmentDiscountStatus": "|Used|Unused", "CommitmentDiscountType": NULL,
    "CommitmentDiscountUnit": NULL, "ConsumedQuantity": NUMBER, "ConsumedUnit": SOME, "ContractedCost": AMOUNT,
    "ContractedUnitPrice": UNIT, "EffectiveCost": AMOUNT, "InvoiceId": MAYBE, "InvoiceIssuerName": SOME,
    "ListCost": AMOUNT, "ListUnitPrice": UNIT, "PricingCategory": "Standard|Dynamic|Committed|Other",
    "PricingCurrency": "USD", "PricingCurrencyContractedUnitPrice": UNIT, "PricingCurrencyEffectiveCost": AMOUNT,
    "PricingCurrencyListUnitPrice": UNIT, "PricingQuantity": NUMBER, "PricingUnit": SOME, "ProviderName": SOME,
    "PublisherName": SOME, "RegionId": MAYBE, "RegionName": MAYBE, "ResourceId": MAYBE, "ResourceName": MAYBE,
    "ResourceType": MAYBE, "ServiceCategory": "AI and Machine Learning", "ServiceName": SOME,
    "ServiceSubcategory": "Generative AI", "SkuId": SOME, "SkuMeter": SOME, "SkuPriceDetails": r"|\{.+\}",
    "SkuPriceId": SOME, "SubAccountId": MAYBE, "SubAccountName": MAYBE, "SubAccountType": MAYBE, "Tags": r"\{.*\}",
}  # fmt: skip
# Null together or not at all.
TOGETHER = (
    ("RegionId", "RegionName"),
    ("ResourceId", "ResourceName", "ResourceType"),
    ("SubAccountId", "SubAccountName", "SubAccountType"),
)


def check(row: dict[str, str]) -> None:
    """One row, against the specification's types, nulls, allowed values, and what it says of columns together."""
    assert {name: row[name] for name, shape in SCHEMA.items() if not re.fullmatch(shape, row[name])} == {}
    for names in TOGETHER:
        assert len({bool(row[name]) for name in names}) == 1, names
    for cost in ("List", "Contracted"):
        assert Decimal(row[f"{cost}UnitPrice"]) * Decimal(row["PricingQuantity"]) == Decimal(
            row[f"{cost}Cost"]
        )
    assert (
        row["BillingPeriodStart"]
        <= row["ChargePeriodStart"]
        < row["ChargePeriodEnd"]
        <= row["BillingPeriodEnd"]
    )
    assert len({row[name] for name in ("BilledCost", "EffectiveCost", "ListCost", "ContractedCost")}) == 1
    assert row["SkuPriceId"].startswith(row["SkuId"])
    assert all(isinstance(value, str | int) for value in json.loads(row["SkuPriceDetails"] or "{}").values())


def test_focus_has_every_column_and_every_row_is_as_specified(
    acme: Tenant, traffic: Tenant, read: Read
) -> None:
    rows = read(Form.FOCUS)
    assert tuple(rows[0]) == focus.COLUMNS
    assert tuple(SCHEMA) == focus.SPECIFIED
    assert len(set(focus.COLUMNS)) == len(focus.COLUMNS)
    for row in rows:
        check(row)
    first = rows[0]
    assert (first["ChargePeriodStart"], first["ChargePeriodEnd"]) == (
        "2026-03-10T12:00:00Z",
        "2026-03-10T13:00:00Z",
    )
    assert (first["BillingPeriodStart"], first["BillingPeriodEnd"]) == (
        "2026-03-01T00:00:00Z",
        "2026-04-01T00:00:00Z",
    )
    assert (first["PricingQuantity"], first["ConsumedQuantity"]) == ("1", "1200")
    assert (first["ProviderName"], first["BillingCurrency"]) == ("OpenAI", "USD")


def test_focus_tells_service_tiers_apart_and_takes_back_what_a_correction_takes_back(
    acme: Tenant, book: Book, read: Read
) -> None:
    flexible = replace(attempt(NANO), usage=Usage(input=1000, output=200, service_tier="flex"))
    book(settled(acme.pk, attempt(NANO)), settled(acme.pk, flexible))
    flex = replace(NANO.prices[0], service_tier="flex", input=25_000_000, output=200_000_000)
    span = {"start": DAY.start, "end": DAY.end}
    with every_tenant():
        rerate(acme, NANO.id, flex, **span)
        rerate(acme, NANO.id, replace(NANO.prices[0], input=100_000_000), **span)
    rows = read(Form.FOCUS)
    for row in rows:
        check(row)
    with within(acme):
        books = spend(acme, SpendQuery(period=DAY)).total
    assert (books.known_cost, books.unpriced_attempts) == (180_000 + 65_000, 0)
    assert total(rows, "BilledCost") == books.known_cost
    priced = {(row["SkuPriceId"], row["SkuPriceDetails"], row["PricingQuantity"]) for row in rows}
    assert priced == {
        (NANO.id, "", "1"),
        (NANO.id, "", "-1"),
        (f"{NANO.id} flex", '{"ServiceTier": "flex"}', "1"),
    }


def test_focus_leaves_out_what_has_no_price_rather_than_calling_it_free(traffic: Tenant, read: Read) -> None:
    rows = read(Form.FOCUS)
    assert (len(rows), total(rows, "BilledCost")) == (4, 3_640_000)
    assert not [row for row in rows if row["SkuId"] == MYSTERY.id]


def test_what_is_recorded_in_another_month_is_a_correction() -> None:
    charge = focus.Charge(
        account="t",
        account_name="T",
        sub_account="",
        sub_account_name="",
        router="",
        provider="P",
        model="p/m",
        service_tier="",
        region="",
        price=None,
        at=NOON,
        recorded_at=datetime(2026, 4, 1, tzinfo=UTC),
        amount=-5,
        quantity=-1,
        tokens=-10,
        part="answer",
        tags={},
        more=("",) * len(focus.OURS),
    )
    told = dict(zip(focus.COLUMNS, focus.row(charge), strict=True))
    assert (told["ChargeClass"], told["BilledCost"], told["SubAccountType"]) == (
        "Correction",
        "-0.000000005",
        "",
    )


def test_what_is_recorded_later_is_not_in_it(traffic: Tenant) -> None:
    chunks = export(traffic, SpendQuery(period=DAY), Form.LEDGER, NAMES, now=NOON - timedelta(days=900))
    assert len(b"".join(chunks).splitlines()) == 1


@pytest.mark.parametrize(
    ("cell", "kept"),
    [("=cmd()", "'=cmd()"), ("@a", "'@a"), ("+1+1", "'+1+1"), ("-0.005", "-0.005"), ("a=b", "a=b"), (-5, -5)],
)
def test_no_cell_is_a_formula(cell: object, kept: object) -> None:
    assert harmless(cell) == kept
