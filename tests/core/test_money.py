from __future__ import annotations

from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.ladder import Attempt, AttemptOutcome
from gateway.core.money import nano, round_half_up, usd
from gateway.core.price import NOTHING, Usage, UsageSource, cost, price_on
from gateway.core.settle import settle
from tests.core.build import JAN, MODELS, price

MODELS_BY_ID = {model.id: model for model in MODELS}
tokens = st.integers(0, 10**9)
usages = st.builds(
    Usage,
    input=tokens,
    cache_read=tokens,
    cache_write=tokens,
    cache_write_1h=tokens,
    output=tokens,
    audio_input=tokens,
    audio_output=tokens,
    audio_cache_read=tokens,
    image_input=tokens,
    image_output=tokens,
    tool_input=tokens,
    searches=tokens,
)


@given(st.integers(-(10**18), 10**18))
def test_dollars_round_trip(amount: int) -> None:
    assert nano(usd(amount)) == amount


@pytest.mark.parametrize(
    ("amount", "text"), [(0, "0"), (1, "0.000000001"), (-1_250_000, "-0.00125"), (45 * 10**9, "45")]
)
def test_dollars_are_written_exactly(amount: int, text: str) -> None:
    assert usd(amount) == text


@pytest.mark.parametrize("text", ["ten", "NaN", "inf", "1e-10", "", "0.0000000001"])
def test_what_is_not_an_amount_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"amount|finer"):
        nano(text)


@given(st.integers(-(10**20), 10**20), st.integers(1, 10**9))
def test_rounding_is_half_away_from_zero(amount: int, per: int) -> None:
    exact = Decimal(amount) / Decimal(per)
    assert abs(Decimal(round_half_up(amount, per)) - exact) <= Decimal("0.5")
    assert round_half_up(-amount, per) == -round_half_up(amount, per)


@given(usages)
def test_cost_is_what_a_reckoning_in_decimals_says(usage: Usage) -> None:
    rates = price(3, 15, cache_read=nano(0.3), cache_write=nano(3.75), per_request=7, per_search=5)
    dollars = (
        (usage.input + usage.tool_input + usage.image_input) * Decimal(3)
        + (usage.cache_read + usage.audio_cache_read) * Decimal("0.3")
        + (usage.cache_write + usage.cache_write_1h) * Decimal("3.75")
        + usage.audio_input * Decimal(3)
        + (usage.output + usage.audio_output + usage.image_output) * Decimal(15)
    ) / 1_000_000
    assert abs(Decimal(cost(rates, usage) - 7 - 5 * usage.searches) - dollars * 10**9) <= Decimal("0.5")


@given(usages, usages)
def test_more_tokens_never_cost_less(one: Usage, other: Usage) -> None:
    import msgspec

    both = Usage(**{f: getattr(one, f) + getattr(other, f) for f in msgspec.structs.asdict(one)})
    assert cost(price(3, 15), both) >= max(cost(price(3, 15), one), cost(price(3, 15), other))


def test_a_price_holds_from_its_day_on() -> None:
    old, new = price(1, 2), price(3, 4, since=JAN.replace(month=6))
    assert price_on((old, new), JAN.replace(month=5)) is old
    assert price_on((old, new), JAN.replace(month=6)) is new
    assert price_on((old, new), JAN.replace(year=2025)) is None


USED = Usage(input=1000, output=200)


def attempt(model: str, outcome: AttemptOutcome, usage: Usage = USED) -> Attempt:
    source = UsageSource.NONE if usage == NOTHING else UsageSource.PROVIDER_FINAL
    return Attempt(id=model, model=model, outcome=outcome, usage=usage, usage_source=source)


def test_a_saving_is_net_of_what_was_thrown_away() -> None:
    tried = [attempt("alpha/mini", AttemptOutcome.REJECTED), attempt("alpha/mid", AttemptOutcome.ANSWERED)]
    settled = settle(
        tried, models=MODELS_BY_ID, baseline="alpha/big", requested="auto", day=JAN, delivered=tried[1]
    )
    assert (settled.cost, settled.baseline) == (650_000 + 4_000_000, 20_000_000)
    assert (settled.saving, settled.waste) == (15_350_000, 650_000)


def test_a_request_without_an_answer_saves_nothing() -> None:
    tried = [attempt("alpha/mini", AttemptOutcome.FAILED)]
    settled = settle(
        tried, models=MODELS_BY_ID, baseline="alpha/big", requested="auto", day=JAN, delivered=None
    )
    assert (settled.baseline, settled.saving) == (0, -650_000)


def test_what_has_no_price_is_unknown_and_so_is_its_saving() -> None:
    tried = [attempt("gamma/odd", AttemptOutcome.ANSWERED)]
    settled = settle(
        tried, models=MODELS_BY_ID, baseline="alpha/big", requested="auto", day=JAN, delivered=tried[0]
    )
    assert (settled.cost, settled.saving, settled.baseline) == (None, None, 20_000_000)


def test_a_call_that_used_nothing_costs_nothing_priced_or_not() -> None:
    tried = [attempt("gamma/odd", AttemptOutcome.FAILED, NOTHING)]
    settled = settle(
        tried, models=MODELS_BY_ID, baseline="requested", requested="auto", day=JAN, delivered=None
    )
    assert (settled.cost, settled.saving) == (0, 0)


@pytest.mark.parametrize(
    ("requested", "basis", "baseline"),
    [
        ("alpha/mid", "alpha/mid", 4_000_000),
        ("mid", "alpha/mid", 4_000_000),
        ("big", "big", None),
        ("auto", "auto", None),
    ],
)
def test_the_baseline_may_be_what_was_asked_for(requested: str, basis: str, baseline: int | None) -> None:
    tried = [attempt("alpha/mini", AttemptOutcome.ANSWERED)]
    settled = settle(
        tried, models=MODELS_BY_ID, baseline="requested", requested=requested, day=JAN, delivered=tried[0]
    )
    assert (settled.baseline_model, settled.baseline) == (basis, baseline)


def test_prices_rise_up_the_ladder() -> None:
    usage = Usage(input=1000, output=1000)
    cheapest: dict[str, int] = {}
    for model in MODELS:
        if model.prices:
            cheapest[model.tier] = min(cheapest.get(model.tier, 10**18), cost(model.prices[0], usage))
    ordered = [cheapest[tier] for tier in ("local", "small", "lightweight", "mid", "premium")]
    assert all(low < high for low, high in pairwise(ordered))
