"""Rates looked up once come to the same amounts as prices asked for each time."""

from __future__ import annotations

from datetime import date

import pytest

from gateway.core.facts import Tier
from gateway.core.price import Usage, amount_of
from gateway.core.rates import Rates
from tests.core.build import JAN, model, price

MARCH = date(2026, 3, 1)
LONG = price(2, 15, above=1_000, per_request=7)
MODELS = (
    model("a/banded", Tier.MID, None, prices=(price(1, 10, bands=(LONG,), per_request=5),)),
    model("b/cheaper-in-march", Tier.MID, None, prices=(price(3, 9), price(0.0123, 0.5, since=MARCH))),
    model("c/odd", Tier.MID, None),
    model("d/from-march", Tier.MID, None, prices=(price(1, 1, since=MARCH),)),
)


@pytest.mark.parametrize("day", [JAN, date(2026, 2, 28), MARCH])
@pytest.mark.parametrize("prompt", [0, 1_000, 1_001, 50_000])
def test_they_come_to_what_the_prices_come_to(day: date, prompt: int) -> None:
    unit, rates = Rates(MODELS).at(day, prompt)
    used = Usage(input=prompt, output=77)
    assert {
        name: unit * (into * prompt + out * 77 + fixed) for name, (into, out, fixed) in rates.items()
    } == {each.id: amount_of(found, used) for each in MODELS if (found := each.price(day)) is not None}


def test_a_day_is_looked_up_once() -> None:
    rates = Rates(MODELS)
    assert rates.at(JAN, 5) is rates.at(JAN, 1_000)
    assert rates.at(JAN, 5) is not rates.at(JAN, 1_001)


def test_where_all_is_free_nothing_is_divided_by_nothing() -> None:
    assert Rates([model("e/free", Tier.MID, (0, 0))]).at(JAN, 5) == (1, {"e/free": (0, 0, 0)})
    assert Rates([]).at(JAN, 5) == (1, {})
