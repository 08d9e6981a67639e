"""The built-in catalogue: every row reads, prices are those of genai-prices, tiers follow the rule."""

from collections import Counter
from datetime import UTC, date, datetime, time
from decimal import Decimal

import pytest
from genai_prices import Usage, calc_price

from console.catalogue import builtin, prices
from console.catalogue.tiers import tier_by_rule
from gateway.core.catalogue import Auth
from gateway.core.facts import ModelKind, Tier
from gateway.core.money import NANO, nano
from gateway.core.price import Price, cost
from gateway.core.price import Usage as Tokens

TODAY = datetime(2026, 11, 24, 12, tzinfo=UTC)
MODELS = builtin.models()


def test_every_provider_and_model_reads() -> None:
    assert len(builtin.providers()) >= 70
    assert len(MODELS) >= 340
    assert all(model.provider in builtin.providers() for model in MODELS.values())


def test_every_model_file_has_a_provider() -> None:
    folder = builtin.folder() / "models"
    assert {path.stem for path in folder.glob("*.toml")} <= set(builtin.providers())


def test_vendors_of_both_spoken_protocols_and_of_those_to_come() -> None:
    dialects = {provider.dialect for provider in builtin.providers().values()}
    assert dialects >= {"openai_chat", "anthropic", "gemini", "bedrock"}
    assert builtin.providers()["anthropic"].auth is Auth.X_API_KEY


@pytest.mark.parametrize(
    ("model", "tier"),
    [
        ("openai/gpt-5", Tier.PREMIUM),
        ("openai/gpt-5-mini", Tier.MID),
        ("openai/gpt-5-nano", Tier.LIGHTWEIGHT),
        ("anthropic/claude-opus-4-5", Tier.PREMIUM),
        ("anthropic/claude-sonnet-4-5", Tier.MID),
        ("anthropic/claude-haiku-4-5", Tier.LIGHTWEIGHT),
        ("groq/llama-3.1-8b-instant", Tier.SMALL),
        ("mistral/ministral-8b-2512", Tier.SMALL),
    ],
)
def test_the_tiers_of_well_known_models(model: str, tier: Tier) -> None:
    assert MODELS[model].tier is tier


def test_tiers_by_rule() -> None:
    def tier(into: str, out: str, kind: ModelKind = ModelKind.CHAT) -> Tier:
        return tier_by_rule(Price(since=builtin.ALWAYS, input=nano(into), output=nano(out)), kind)

    assert tier("0.05", "0.08") is Tier.SMALL
    assert tier("1", "1") is Tier.LIGHTWEIGHT
    assert tier("3", "3") is Tier.MID
    assert tier("10", "10") is Tier.PREMIUM
    assert tier("0.99", "100", ModelKind.EMBEDDING) is Tier.SMALL


@pytest.mark.parametrize("provider", ["openai", "anthropic", "mistral", "groq", "together", "fireworks"])
def test_a_call_costs_what_genai_prices_says(provider: str) -> None:
    """The oracle: 20,000 tokens in, 900 of them from the cache, 700 out, to the nano-dollar."""
    (source, *_) = builtin.vendors()[provider].prices
    for model in (model for model in MODELS.values() if model.provider == provider):
        read, written = (900, 700) if model.kind is ModelKind.CHAT else (0, 0)
        said = calc_price(
            Usage(input_tokens=20_000, cache_read_tokens=read, output_tokens=written),
            model.wire_name,
            provider_id=source,
            genai_request_timestamp=TODAY,
        ).total_price
        price = model.price(TODAY.date())
        assert price is not None
        used = Tokens(input=20_000 - read, cache_read=read, output=written)
        assert cost(price, used) == round(said * NANO), model.id


def test_a_price_by_the_hour_counts_as_the_dearest_of_the_day() -> None:
    model = MODELS["deepseek/deepseek-v4-flash"]
    price = model.price(TODAY.date())
    assert price is not None
    for hour in range(24):
        said = calc_price(
            Usage(input_tokens=1_000_000, output_tokens=1_000_000),
            "deepseek-v4-flash",
            provider_id="deepseek",
            genai_request_timestamp=TODAY.replace(hour=hour),
        ).total_price
        assert Decimal(price.input + price.output) / NANO >= said


def test_a_long_prompt_costs_what_genai_prices_says_on_both_sides_of_every_step() -> None:
    """And so a model is offered in its whole length."""
    assert MODELS["anthropic/claude-haiku-5-5"].context == 1_000_000
    stepped = 0
    for model in (model for model in MODELS.values() if model.prices and model.prices[-1].bands):
        vendor = builtin.vendors()[model.provider]
        entry = next(each for each in builtin.rows().entries[vendor.id] if each.id == model.id)
        known = builtin.known_price(vendor, entry)
        assert known is not None
        price = model.prices[-1]
        for length in (prompt for band in price.bands for prompt in (band.above, band.above + 1)):
            said = prices.said(known, at=TODAY, input_tokens=length, cache_read_tokens=900, output_tokens=700)
            assert cost(price, Tokens(input=length - 900, cache_read=900, output=700)) == said, (
                model.id,
                length,
            )
            stepped += 1
    assert stepped > 20


def test_dated_prices_are_kept_in_order() -> None:
    prices = MODELS["openai/o3"].prices
    assert [(price.since, price.input) for price in prices] == [
        (builtin.ALWAYS, nano(10)),
        (date(2025, 6, 10), nano(2)),
        (date(2026, 10, 12), nano(2)),  # since when the list knows its service tiers
        (date(2026, 10, 14), nano(2)),  # and batches
    ]


def test_service_tiers_cost_what_the_list_says_of_them() -> None:
    """Each of every model, from the day on from which the list knows it."""
    seen = Counter[str]()
    entries = {entry.id: entry for rows in builtin.rows().entries.values() for entry in rows}
    for model in MODELS.values():
        for price in model.prices:
            at = datetime.combine(max(price.since, date(2025, 1, 1)), time(12), UTC)
            for other in price.others:
                known = builtin.known_price(builtin.vendors()[model.provider], entries[model.id])
                assert known is not None
                used = {"input_tokens": 1100, "cache_read_tokens": 900, "output_tokens": 700}
                booked = cost(other, Tokens(input=200, cache_read=900, output=700))
                assert booked == prices.said(known, at=at, tier=other.service_tier, **used), (model.id, other)
                seen[other.service_tier] += 1
    assert set(seen) == {"batch", "fast", "flex", "priority"}
    assert min(seen.values()) > 30


def test_a_fee_per_request_is_kept() -> None:
    assert MODELS["perplexity/sonar"].prices[-1].per_request == nano("0.012")
