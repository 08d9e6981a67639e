"""The lines shown on a request's page come to the very amount that was booked."""

from datetime import date
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from console.reports.arithmetic import reckon
from gateway.core.money import round_half_up
from gateway.core.price import Price, Usage, cost

tokens = st.integers(0, 10**7)
per_million = st.integers(0, 10**11)
maybe = st.none() | per_million
prices = st.builds(
    Price,
    since=st.just(date(2026, 1, 1)),
    input=per_million,
    output=per_million,
    cache_read=maybe,
    cache_write=maybe,
    cache_write_1h=maybe,
    audio_input=maybe,
    audio_output=maybe,
    audio_cache_read=maybe,
    image_input=maybe,
    image_output=maybe,
    per_request=st.integers(0, 10**8),
    per_search=st.integers(0, 10**8),
)
usages = st.builds(
    Usage,
    input=tokens,
    cache_read=tokens,
    cache_write=tokens,
    cache_write_1h=tokens,
    output=tokens,
    reasoning=tokens,
    audio_input=tokens,
    audio_output=tokens,
    audio_cache_read=tokens,
    image_input=tokens,
    image_output=tokens,
    tool_input=tokens,
    searches=st.integers(0, 50),
)


@given(usages, prices)
def test_the_terms_sum_to_the_cost(usage: Usage, price: Price) -> None:
    reckoning = reckon(usage, price)
    amount = sum((term.amount or Fraction(0) for term in reckoning.terms), Fraction(0))

    fees = reckoning.per_request + reckoning.search_fee
    assert round_half_up(amount.numerator, amount.denominator) + fees == cost(price, usage)


def test_without_a_price_no_amount_is_shown() -> None:
    (term,) = reckon(Usage(input=5), None).terms

    assert (term.tokens, term.price, term.nano) == (5, None, None)
