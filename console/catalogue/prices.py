"""What genai-prices knows of a model, in our own words.

Whatever cannot be said in one price for a model is said too high or not at all, never too low: a price that
differs by the hour counts as the dearest of the day, and a model that is billed for something we do not count has
no price.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING

from msgspec import structs

from gateway.core.facts import ModelKind
from gateway.core.money import NANO, nano
from gateway.core.price import Price

if TYPE_CHECKING:
    from genai_prices.types import MatchLogic, ModelInfo, ModelPrice, TieredPrices

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
    told = {key for _, price in _every(model) for key in _told(price)}
    return frozenset(told - BUCKETS.keys() - FEES.keys() - NOT_ASKED_FOR)


def prices(model: ModelInfo, kind: ModelKind) -> Iterator[Price]:
    """Oldest first. Those for hours of the day replace the last dated one where they are dearer."""
    if uncounted(model):
        return
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


def _told(price: ModelPrice) -> frozenset[str]:
    return frozenset(key for key, value in vars(price).items() if value is not None)


def _every(model: ModelInfo) -> list[tuple[date, ModelPrice]]:
    dated, hourly = _listed(model)
    return [*dated, *((ALWAYS, price) for price in hourly)]


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


def said(model: ModelInfo, *, at: datetime, **usage: int) -> int:
    """Nano-dollars, by genai-prices itself."""
    from genai_prices.types import Usage

    total = model.get_prices(at).calc_price(Usage(**usage))["total_price"]
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
