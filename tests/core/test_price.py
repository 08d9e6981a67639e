"""What tokens cost: dated, by bucket, by length of the prompt, rounded once."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.catalogue import Model
from gateway.core.facts import Tier
from gateway.core.ladder import Attempt, AttemptOutcome
from gateway.core.price import ANY, Price, Usage, UsageSource, banded, cost, price_on, within_region
from gateway.core.settle import line_of

DAY = date(2026, 3, 10)
LONG = Price(since=DAY, input=6_000_000_000, output=22_500_000_000, cache_read=600_000_000, above=200_000)
STEPPED = Price(since=DAY, input=3_000_000_000, output=15_000_000_000, cache_read=300_000_000, bands=(LONG,))
FLAT = msgspec.structs.replace(STEPPED, bands=())

usages = st.builds(
    Usage, input=st.integers(0, 300_000), cache_read=st.integers(0, 300_000), output=st.integers(0, 9000)
)


@pytest.mark.parametrize(
    ("usage", "price"),
    [
        (Usage(input=200_000), FLAT),
        (Usage(input=200_001), LONG),
        (Usage(input=1, cache_read=199_999), FLAT),
        (Usage(input=1, cache_read=200_000), LONG),
        (Usage(output=900_000), FLAT),
    ],
)
def test_the_whole_prompt_decides_on_the_band(usage: Usage, price: Price) -> None:
    assert banded(STEPPED, usage.prompt) == price
    assert cost(STEPPED, usage) == cost(price, usage)


def test_the_last_band_that_is_reached_holds() -> None:
    longest = msgspec.structs.replace(LONG, input=9_000_000_000, above=500_000)
    price = msgspec.structs.replace(STEPPED, bands=(LONG, longest))
    assert [banded(price, prompt).input for prompt in (1, 200_000, 200_001, 500_001)] == [
        3_000_000_000, 3_000_000_000, 6_000_000_000, 9_000_000_000,
    ]  # fmt: skip


def test_a_line_names_the_price_that_it_was_reckoned_with() -> None:
    model = Model(id="a/b", provider="a", tier=Tier.MID, prices=(STEPPED,))
    for prompt, price in ((100, FLAT), (250_000, LONG)):
        attempt = Attempt(
            id="1", model="a/b", outcome=AttemptOutcome.ANSWERED, usage=Usage(input=prompt, output=7),
            usage_source=UsageSource.PROVIDER_FINAL,
        )  # fmt: skip
        line = line_of(attempt, {"a/b": model}, DAY)
        assert line.price == price
        assert line.cost == cost(price, attempt.usage)


@given(usages)
def test_it_is_the_sum_of_its_buckets_rounded_once(usage: Usage) -> None:
    price = LONG if usage.prompt > 200_000 else FLAT
    exact = Fraction(
        usage.input * price.input + usage.output * price.output + usage.cache_read * (price.cache_read or 0),
        1_000_000,
    )
    assert cost(STEPPED, usage) == int(exact + Fraction(1, 2))


def test_it_is_read_as_it_was_written() -> None:
    assert msgspec.json.decode(msgspec.json.encode(STEPPED), type=Price) == STEPPED


def test_a_price_begins_on_its_day() -> None:
    later = msgspec.structs.replace(FLAT, since=date(2026, 4, 1), input=1)
    assert price_on((FLAT, later), date(2026, 3, 31)) == FLAT
    assert price_on((FLAT, later), date(2026, 4, 1)) == later
    assert price_on((FLAT, later), date(2026, 3, 9)) is None


FLEX = msgspec.structs.replace(FLAT, input=1_500_000_000, service_tier="flex")
EU = msgspec.structs.replace(FLAT, input=3_300_000_000, region="eu")
EU_FLEX = msgspec.structs.replace(EU, input=1_650_000_000, service_tier="flex")
SERVED = msgspec.structs.replace(STEPPED, others=(FLEX, EU, EU_FLEX))


@pytest.mark.parametrize(
    ("region", "tier", "reported", "price"),
    [
        ("", "", "", SERVED),
        ("", "flex", "", FLEX),
        ("", "priority", "", None),
        ("", "", "eu", EU),
        ("", "flex", "eu", EU_FLEX),
        ("", "", "us", None),
        ("us", "flex", "", FLEX),  # a region without a price of its own
        ("eu", "", "", EU),
        ("eu", "flex", "", EU_FLEX),
        ("eu", "", "eu", EU),
        ("eu", "priority", "", None),
    ],
)
def test_a_service_tier_has_its_own_price_or_none(
    region: str, tier: str, reported: str, price: Price | None
) -> None:
    model = Model(id="a/b", provider="a", tier=Tier.MID, prices=(within_region(SERVED, region),))
    found = model.price_of(Usage(input=1, service_tier=tier, region=reported), DAY)
    assert (found and banded(found, 1)) == (price and banded(price, 1))


def test_what_is_estimated_stands_for_every_service_tier_without_a_price() -> None:
    guess = msgspec.structs.replace(FLAT, input=9, service_tier=ANY, estimated=True)
    price = msgspec.structs.replace(SERVED, others=(*SERVED.others, guess))
    model = Model(id="a/b", provider="a", tier=Tier.MID, prices=(price,))
    tiers = {tier: model.price_of(Usage(service_tier=tier), DAY) for tier in ("", "flex", "priority")}
    assert tiers == {"": price, "flex": FLEX, "priority": guess}


def test_a_service_tier_without_a_price_makes_its_cost_unknown() -> None:
    model = Model(id="a/b", provider="a", tier=Tier.MID, prices=(SERVED,))

    def settled(tier: str) -> tuple[int | None, Price | None]:
        usage = Usage(input=1_000_000, service_tier=tier)
        attempt = Attempt(
            id="1", model="a/b", outcome=AttemptOutcome.ANSWERED, usage=usage,
            usage_source=UsageSource.PROVIDER_FINAL,
        )  # fmt: skip
        line = line_of(attempt, {"a/b": model}, DAY)
        return line.cost, line.price

    assert settled("flex") == (1_500_000_000, FLEX)
    assert settled("priority") == (None, None)
