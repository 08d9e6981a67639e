"""Providers' accounts of costs, as their consoles write them, and the ledger beside them."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from msgspec.structs import replace

from billing.invoices import Charge, Unreadable, matched, placed, read
from console.tenancy import within
from console.tenants.models import Tenant
from gateway.core.events import RequestSettled
from tests.billing.conftest import Book
from tests.billing.events import GPT_5, MYSTERY, NANO, NOON, attempt, settled

DAY = date(2026, 3, 10)
BY_LINE = (
    b"start_time,end_time,start_time_iso,end_time_iso,amount_value,amount_currency,line_item,project_name\r\n"
    b'1773100800,1773187200,2026-03-10T00:00:00+00:00,2026-03-11T00:00:00+00:00,0.0000513,usd,"gpt-5-nano, input",x\r\n'
    b'1773100800,1773187200,2026-03-10T00:00:00+00:00,2026-03-11T00:00:00+00:00,0.00008,usd,"gpt-5-nano, output",x\r\n'
)
BY_TYPE = (
    b"\xef\xbb\xbfusage_date_utc,model,workspace,api_key,usage_type,token_type,cost_usd\n"
    b"2026-03-10,claude-haiku-4-5,Default,second,standard,uncached_input,0.001\n"
    b"2026-03-10,claude-haiku-4-5,Default,second,standard,output,0.0005\n"
)


def test_an_account_by_lines_of_input_and_output() -> None:
    charges = read(BY_LINE)
    assert [(each.day, each.model, each.amount) for each in charges] == [
        (DAY, "gpt-5-nano", 51_300),
        (DAY, "gpt-5-nano", 80_000),
    ]


def test_an_account_by_key_and_token_type() -> None:
    assert read(BY_TYPE) == [
        Charge(key="second", day=DAY, model="claude-haiku-4-5", amount=1_000_000),
        Charge(key="second", day=DAY, model="claude-haiku-4-5", amount=500_000),
    ]


def test_columns_of_any_other_name_can_be_named() -> None:
    raw = b'Tag,Preis,Was\n2026-03-10,"$1,234.50",m\n'
    (charge,) = read(raw, columns={"day": "Tag", "amount": "Preis", "model": "Was"})
    assert charge.amount == 1_234_500_000_000
    with pytest.raises(Unreadable, match="No column is the day"):
        read(raw)


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"", "no row"),
        (b"date,cost,model\n", "no row"),
        (b"\xff\xfe\x00", "not CSV in UTF-8"),
        (b"date,cost,model\nyesterday,1,m\n", "Row 2: 'yesterday' is no day"),
        (b"date,cost,model\n0001-01-01,1,m\n", "outside the years"),
        (b"date,cost,model\n2026-03-10,lots,m\n", "Row 2: 'lots' is no amount"),
        (b"date,cost,model\n2026-03-10,NaN,m\n", "no amount that a bill would show"),
        (b"date,cost,model\n2026-03-10,1e300,m\n", "no amount that a bill would show"),
        (b"date,cost,model\n2026-03-10\n", "Row 2: '' is no amount|Row 2"),
        (b"date,cost,model,currency\n2026-03-10,1,m,EUR\n", "only USD"),
        (b'date,cost,model\n"2026', "not CSV"),
    ],
)
def test_what_is_no_account_says_where(raw: bytes, said: str) -> None:
    if raw.endswith(b"2026-03-10\n"):
        assert read(raw)[0].amount == 0  # a row cut short: nothing is asked for
        return
    with pytest.raises(Unreadable, match=said):
        read(raw)


def test_keys_that_we_have_too_are_matched_by_their_names() -> None:
    charges = [
        Charge(key="second", day=DAY, model="m", amount=1),
        Charge(key="unheard of", day=DAY, model="m", amount=2),
        Charge(key="", day=DAY, model="m", amount=4),
    ]
    sums = placed(charges, key="main", keys=["main", "second"], model_of=str.upper)
    assert sums == {("second", DAY, "M"): 1, ("main", DAY, "M"): 6}


def through_main(event: RequestSettled) -> RequestSettled:
    return replace(
        event,
        attempts=tuple(replace(line, provider_key="main") for line in event.attempts),
    )


def test_the_ledger_beside_it(acme: Tenant, evil: Tenant, book: Book) -> None:
    book(
        through_main(settled(acme.pk, attempt(NANO))),
        through_main(settled(acme.pk, attempt(GPT_5))),
        through_main(settled(acme.pk, attempt(MYSTERY))),
        settled(acme.pk, attempt(NANO)),  # by another key
        through_main(settled(acme.pk, attempt(NANO), at=NOON + timedelta(days=3))),
        through_main(settled(evil.pk, attempt(NANO))),
    )
    theirs = {
        ("main", DAY, NANO.id): 130_000,
        ("main", DAY, GPT_5.id): 3_300_000,
        ("main", DAY, "p/unheard"): 7,
    }
    with within(acme):
        found = {match.model: match for match in matched(acme, theirs)}
    assert (found[NANO.id].drift, found[NANO.id].attempts) == (0, 1)
    assert (found[GPT_5.id].drift, found[GPT_5.id].ours) == (50_000, 3_250_000)
    assert (found["p/unheard"].drift, found["p/unheard"].attempts) == (7, 0)
    assert (found[MYSTERY.id].theirs, found[MYSTERY.id].unpriced) == (0, 1)
    assert len(found) == 4
