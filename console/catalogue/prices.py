"""What genai-prices knows of a model, in our own words.

Whatever cannot be said in one price for a model is said too high or not at all, never too low: a price that
differs by the hour counts as the dearest of the day, and a model that is billed for something we do not count has
no price. Service tiers, and batches, have the prices that are listed for them; where none is, they have none.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, time
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING

from msgspec import structs

from gateway.core.facts import ModelKind
from gateway.core.money import NANO, nano
from gateway.core.price import Price, price_on

if TYPE_CHECKING:
    from genai_prices.types import MatchLogic, ModelInfo, ModelPrice, PriceVariant, TieredPrices

ALWAYS = date(2020, 1, 1)  # "since" of a price that has no day: before any of these models

# Price in genai-prices → bucket of ours. Tokens per million; the rest are fees, below.
BUCKETS = {
    "input_mtok": "input",
    "output_mtok": "output",
    "cache_read_mtok": "cache_read",
    "cache_write_mtok": "cache_write",
    "cache_write_1h_mtok": "cache_write_1h",
    "input_audio_mtok": "audio_input",
    "output_audio_mtok": "audio_output",
    "cache_audio_read_mtok": "audio_cache_read",
    "input_image_mtok": "image_input",
    "output_image_mtok": "image_output",
}
FEES = {"requests_kcount": "per_request", "web_searches_kcount": "per_search"}  # of a thousand, there
# Files searched by a provider's own tool, and embeddings of videos.
NOT_ASKED_FOR = frozenset({"storage_searches_kcount", "input_video_mtok"})
# What a price list tells service tiers by. Others (a route, a kind of search) no answer tells us of.
TIERED_BY = ("service_tier", "processing", "speed")
NANO_DIGITS = 9  # some lists divide a price and keep every digit


def sources() -> frozenset[str]:
    """Every provider that genai-prices prices."""
    from genai_prices import data  # 900 KB of Python: paid once, by the first who asks for the catalogue

    return frozenset(source.id for source in data.providers)


def known(listed_by: Iterable[str], name: str) -> ModelInfo | None:
    """The model of that name in the first of these price lists that has it."""
    from genai_prices import data

    lists = {source.id: source for source in data.providers}
    asked = (lists[source] for source in listed_by if source in lists)
    found = (source.find_model(name, all_providers=data.providers) for source in asked)
    return next((model for model in found if model), None)


def uncounted(model: ModelInfo) -> frozenset[str]:
    """What it is billed for and we do not count."""
    told = {key for price in _every(model) for key in _told(price)}
    return frozenset(told - BUCKETS.keys() - FEES.keys() - NOT_ASKED_FOR)


def prices(model: ModelInfo, kind: ModelKind) -> Iterator[Price]:
    """Oldest first, each with those of other service tiers."""
    if uncounted(model):
        return
    standard = list(_standard(model, kind))
    tiers = list(_tiers(model))
    begun = {day for _, _, day in tiers if standard and day > standard[0].since}
    for day in sorted({*(price.since for price in standard), *begun}):
        held = price_on(standard, day)
        assert held is not None
        yield structs.replace(starting(held, day), others=_others(model, tiers, day))


def starting(price: Price, day: date) -> Price:
    """The same price, from that day on."""
    bands = tuple(structs.replace(band, since=day) for band in price.bands)
    others = tuple(starting(other, day) for other in price.others)
    return structs.replace(price, since=day, bands=bands, others=others)


def _standard(model: ModelInfo, kind: ModelKind) -> Iterator[Price]:
    """Those for hours of the day replace the last dated one where they are dearer."""
    dated, hourly = _listed(model)
    newest = len(dated) - 1
    for place, (since, price) in enumerate(dated):
        if not _told(price):  # listed, and for nothing
            yield Price(since=since, input=0, output=0)
            continue
        hours = [price, *hourly] if place == newest else [price]
        dearest = max(hours, key=_weight)
        whole = dearest.output_mtok is not None or kind is ModelKind.EMBEDDING  # which puts out no tokens
        if dearest.input_mtok is not None and whole:
            yield _price(dearest, since)


def _tiers(model: ModelInfo) -> Iterator[tuple[str, str, date]]:
    """How a service tier is asked for, its name, and a day on which a price of it begins."""
    for variant in model.price_variants or ():
        day = _begins(variant)
        if day is None or not _told(variant.prices) or len(variant.when) > 1:
            continue
        for key, name in variant.when.items():
            if key in TIERED_BY:
                yield key, name, day


def _begins(variant: PriceVariant) -> date | None:
    """None for hours of a day."""
    from genai_prices.types import StartDateConstraint

    if variant.constraint is None:
        return ALWAYS
    return variant.constraint.start_date if isinstance(variant.constraint, StartDateConstraint) else None


def _others(model: ModelInfo, tiers: Sequence[tuple[str, str, date]], day: date) -> tuple[Price, ...]:
    at = datetime.combine(day, time(), UTC)
    begun = sorted({(name, key) for key, name, since in tiers if since <= day})
    return tuple(
        structs.replace(_price(model.get_prices(at, {key: name}), day), service_tier=name)
        for name, key in begun
    )


def _told(price: ModelPrice) -> frozenset[str]:
    return frozenset(key for key, value in vars(price).items() if value is not None)


def _every(model: ModelInfo) -> list[ModelPrice]:
    dated, hourly = _listed(model)
    variants = [variant.prices for variant in model.price_variants or ()]
    return [*(price for _, price in dated), *hourly, *variants]


def _listed(model: ModelInfo) -> tuple[list[tuple[date, ModelPrice]], list[ModelPrice]]:
    from genai_prices.types import StartDateConstraint

    if not isinstance(model.prices, list):
        return [(ALWAYS, model.prices)], []
    dated: dict[date, ModelPrice] = {}
    hourly: list[ModelPrice] = []
    for entry in model.prices:
        match entry.constraint:
            case None:
                dated[ALWAYS] = entry.prices
            case StartDateConstraint(start_date=since):
                dated[since] = entry.prices
            case _:
                hourly.append(entry.prices)
    return sorted(dated.items(), key=_since), hourly


def _since(item: tuple[date, ModelPrice]) -> date:
    return item[0]


def _weight(price: ModelPrice) -> Decimal:
    return (_stepped(price.input_mtok, -1) or Decimal()) + (_stepped(price.output_mtok, -1) or Decimal())


def _price(price: ModelPrice, since: date) -> Price:
    """With a band for each length of prompt at which any of its parts goes up."""
    steps = sorted({tier.start for value in vars(price).values() for tier in getattr(value, "tiers", ())})
    bands = tuple(structs.replace(_at(price, since, step), above=step) for step in steps)
    return structs.replace(_at(price, since, -1), bands=bands)


def _at(price: ModelPrice, since: date, step: int) -> Price:
    """What holds above so many tokens of prompt; -1 is before the first step."""
    amounts = {key: _stepped(getattr(price, key), step) for key in (*BUCKETS, *FEES)}
    tokens = {ours: _nano(amounts[theirs]) for theirs, ours in BUCKETS.items()}
    fees = {
        ours: nano(round((amounts[theirs] or Decimal()) / 1000, NANO_DIGITS)) for theirs, ours in FEES.items()
    }
    told = {name: amount for name, amount in {**tokens, **fees}.items() if amount is not None}
    return structs.replace(Price(since=since, input=0, output=0), **told)


def _stepped(price: Decimal | TieredPrices | None, step: int) -> Decimal | None:
    if price is None or isinstance(price, Decimal):
        return price
    reached = [tier.price for tier in price.tiers if tier.start <= step]
    return reached[-1] if reached else price.base


def _nano(price: Decimal | None) -> int | None:
    return None if price is None else nano(round(price, NANO_DIGITS))


def is_at(source: str, base_url: str) -> bool:
    """Whether genai-prices knows this address as the one of that price list."""
    from genai_prices import data

    return any(
        provider.id == source and re.match(provider.api_pattern, base_url) for provider in data.providers
    )


def by_the_hour(model: ModelInfo) -> bool:
    return bool(_listed(model)[1])


def said(model: ModelInfo, *, at: datetime, tier: str = "", **usage: int) -> int:
    """Nano-dollars, by genai-prices itself."""
    from genai_prices.types import Usage

    total = model.get_prices(at, dict.fromkeys(TIERED_BY, tier)).calc_price(Usage(**usage))["total_price"]
    return int((total * NANO).to_integral_value(ROUND_HALF_UP))


def names(source: str) -> Iterator[tuple[str, ModelInfo]]:
    """Every name that a price list spells out, with the model that it means by it."""
    from genai_prices import data

    for model in (model for provider in data.providers if provider.id == source for model in provider.models):
        for name in _spelled(model.match):
            if known([source], name) is model:
                yield name, model


def _spelled(clause: MatchLogic) -> Iterator[str]:
    from genai_prices.types import ClauseEquals, ClauseOr

    if isinstance(clause, ClauseEquals):
        yield clause.equals
    elif isinstance(clause, ClauseOr):
        for each in clause.or_:
            yield from _spelled(each)
