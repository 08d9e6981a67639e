"""Rates looked up once come to the same amounts as prices asked for each time."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.facts import Tier
from gateway.core.price import Price, Usage, amount_of
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
    sheet, used = Rates(MODELS).at(day, prompt), Usage(input=prompt, output=77)
    assert [(sheet.unit * amount, name) for amount, name in sheet.amounts(MODELS, prompt, 77)] == [
        (amount_of(found, used), each.id) for each in MODELS if (found := each.price(day)) is not None
    ]


def test_a_day_is_looked_up_once() -> None:
    rates = Rates(MODELS)
    assert rates.at(JAN, 5) is rates.at(JAN, 1_000)
    assert rates.at(JAN, 5) is not rates.at(JAN, 1_001)


def test_where_all_is_free_nothing_is_divided_by_nothing() -> None:
    free = (model("e/free", Tier.MID, (0, 0)),)
    assert Rates(free).at(JAN, 5).amounts(free, 5, 5) == [(0, "e/free")]
    assert Rates(()).at(JAN, 5).cheapest((), 5, 5) is None


@given(
    st.lists(
        st.tuples(st.integers(0, 4), st.integers(0, 4), st.integers(0, 2)) | st.none(), min_size=1, max_size=7
    ),
    st.integers(0, 5),
    st.integers(0, 5),
)
def test_what_holds_for_all_tokens_is_what_sorting_finds(
    rates: list[tuple[int, int, int] | None], into: int, out: int
) -> None:
    """Compiled models are looked at once; the same ones in a list are sorted each time."""
    models = tuple(
        model(f"m/{n}", Tier.MID, None, prices=(priced(*rate),) if rate else ())
        for n, rate in enumerate(rates)
    )
    sheet = Rates(models).at(JAN, into)
    rungs = (models,)
    for tokens in (into, 3):  # also once it has been seen
        [rung] = sheet.ladder(rungs, tokens, out)
        assert (rung,) == sheet.ladder([*rungs], tokens, out)
        amounts = [name for _, name in sorted(sheet.amounts(models, tokens, out))]
        assert [*rung.models] == amounts + [each.id for each in models if not each.prices]
        assert sheet.cheapest(models, tokens, out) == min(sheet.amounts(models, tokens, out), default=None)


def priced(into: int, out: int, fixed: int) -> Price:
    return Price(since=JAN, input=into * 1_000_000, output=out * 1_000_000, per_request=fixed)
