"""How an amount comes about, in lines that a person can check with a pocket calculator."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction

import msgspec

from billing.models import LedgerEntry
from gateway.core.price import Price, Usage

BUCKETS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    # bucket → what it is called, and where its price is looked for
    "input": ("Input", ("input",)),
    "cache_read": ("Read from cache", ("cache_read", "input")),
    "cache_write": ("Written to cache, 5 min", ("cache_write", "input")),
    "cache_write_1h": ("Written to cache, 1 h", ("cache_write_1h", "cache_write", "input")),
    "audio_input": ("Audio in", ("audio_input", "input")),
    "audio_cache_read": ("Audio from cache", ("audio_cache_read", "cache_read", "input")),
    "image_input": ("Images in", ("image_input", "input")),
    "tool_input": ("From tools of the provider", ("input",)),
    "output": ("Output", ("output",)),
    "audio_output": ("Audio out", ("audio_output", "output")),
    "image_output": ("Images out", ("image_output", "output")),
}


@dataclass(frozen=True, kw_only=True)
class Term:
    """`tokens` × `price` per million; `amount` in nano-dollars, not rounded yet."""

    label: str
    tokens: int
    price: int | None
    amount: Fraction | None
    note: str = ""

    @property
    def nano(self) -> int | None:
        return None if self.amount is None else round(self.amount)


@dataclass(frozen=True, kw_only=True)
class Reckoning:
    terms: tuple[Term, ...]
    per_request: int
    searches: int
    per_search: int
    price: Price | None

    @property
    def search_fee(self) -> int:
        return self.searches * self.per_search


def usage_in(line: LedgerEntry) -> Usage:
    return Usage(
        input=line.input_tokens,
        cache_read=line.cache_read_tokens,
        cache_write=line.cache_write_tokens,
        cache_write_1h=line.cache_write_1h_tokens,
        output=line.output_tokens,
        reasoning=line.reasoning_tokens,
        audio_input=line.audio_input_tokens,
        audio_output=line.audio_output_tokens,
        audio_cache_read=line.audio_cache_read_tokens,
        image_input=line.image_input_tokens,
        image_output=line.image_output_tokens,
        tool_input=line.tool_input_tokens,
        searches=line.searches,
    )


def of_line(line: LedgerEntry) -> Reckoning:
    price = msgspec.convert(line.price, Price) if line.price is not None else None
    return reckon(usage_in(line), price)


def reckon(usage: Usage, price: Price | None) -> Reckoning:
    return Reckoning(
        terms=tuple(_terms(usage, price)),
        per_request=price.per_request if price else 0,
        searches=usage.searches,
        per_search=price.per_search if price else 0,
        price=price,
    )


def _terms(usage: Usage, price: Price | None) -> Iterator[Term]:
    for bucket, (label, places) in BUCKETS.items():
        tokens = getattr(usage, bucket)
        if not tokens:
            continue
        per_million = _price(price, places)
        yield Term(
            label=label,
            tokens=tokens,
            price=per_million,
            amount=None if per_million is None else Fraction(tokens * per_million, 1_000_000),
            note=f"{usage.reasoning:,} of them reasoning" if bucket == "output" and usage.reasoning else "",
        )


def _price(price: Price | None, places: tuple[str, ...]) -> int | None:
    """A bucket without a price of its own is priced as its parent, as `core.price.cost` does."""
    if price is None:
        return None
    prices: list[int | None] = [getattr(price, place) for place in places]
    return next(found for found in prices if found is not None)
