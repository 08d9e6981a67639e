"""What tokens cost. Buckets are disjoint, prices carry the day they began, and rounding happens once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from enum import StrEnum

from msgspec import Struct, structs

from gateway.core.money import PER_MILLION, round_half_up


class UsageSource(StrEnum):
    """Who says how many tokens it was."""

    PROVIDER_FINAL = "provider_final"
    PROVIDER_PARTIAL = "provider_partial"
    ESTIMATED = "estimated"
    NONE = "none"
    UNKNOWN = "unknown"


class Unpriced(StrEnum):
    """What becomes of models whose price nobody knows."""

    UNKNOWN = "unknown"  # they answer, at a cost that is unknown
    ESTIMATE = "estimate"  # they count as the dearest of their tier, and say so
    BLOCK = "block"  # they do not answer


class Usage(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Tokens of one attempt in disjoint buckets; `reasoning` is part of `output` and priced with it.

    What a provider does not tell apart is in `input` or `output`. `searches` are no tokens: searches of the web
    that the provider made and bills for.
    """

    input: int = 0
    cache_read: int = 0
    cache_write: int = 0  # kept five minutes
    cache_write_1h: int = 0
    output: int = 0
    reasoning: int = 0
    audio_input: int = 0
    audio_output: int = 0
    audio_cache_read: int = 0
    image_input: int = 0
    image_output: int = 0
    tool_input: int = 0  # what the provider's own tools put into the prompt
    searches: int = 0

    @property
    def prompt(self) -> int:
        written = self.cache_write + self.cache_write_1h
        fresh = self.input + self.audio_input + self.image_input + self.tool_input
        return fresh + self.cache_read + self.audio_cache_read + written

    @property
    def completion(self) -> int:
        return self.output + self.audio_output + self.image_output


NOTHING = Usage()


class Price(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Nano-dollars per million tokens, from a day on; prices are added, never overwritten.

    A bucket without a price of its own is priced as its parent, input or output. Where long prompts cost more,
    each of `bands` holds, for all tokens of a request, whose prompt is longer than its `above`; shortest first.
    """

    since: date
    input: int
    output: int
    cache_read: int | None = None
    cache_write: int | None = None
    cache_write_1h: int | None = None
    audio_input: int | None = None
    audio_output: int | None = None
    audio_cache_read: int | None = None
    image_input: int | None = None
    image_output: int | None = None
    per_request: int = 0  # nano-dollars a request
    per_search: int = 0  # nano-dollars a search of the web
    above: int = 0  # tokens of prompt
    bands: tuple[Price, ...] = ()
    estimated: bool = False  # not its own: see Unpriced


def price_on(prices: Sequence[Price], day: date) -> Price | None:
    """The price in force, of prices oldest first; None when none had begun: unknown, not free."""
    for price in reversed(prices):
        if price.since <= day:
            return price
    return None


def banded(price: Price, prompt: int) -> Price:
    """The price that holds for a prompt of so many tokens; it has no bands."""
    if not price.bands:
        return price
    for band in reversed(price.bands):
        if prompt > band.above:
            return band
    return structs.replace(price, bands=())


def cost(price: Price, usage: Usage) -> int:
    """Nano-dollars. Rounded once, here, halves up."""
    return round_half_up(amount_of(price, usage), PER_MILLION)


def amount_of(price: Price, usage: Usage) -> int:
    """Millionths of nano-dollars: what is compared, so that a difference too small to be billed still orders."""
    if price.bands:
        price = banded(price, usage.prompt)
    into, out = price.input, price.output
    amount = (usage.input + usage.tool_input) * into + usage.output * out
    if usage.cache_read:
        amount += usage.cache_read * _or(price.cache_read, into)
    if usage.cache_write:
        amount += usage.cache_write * _or(price.cache_write, into)
    if usage.cache_write_1h:
        amount += usage.cache_write_1h * _or(price.cache_write_1h, _or(price.cache_write, into))
    if usage.audio_input:
        amount += usage.audio_input * _or(price.audio_input, into)
    if usage.audio_output:
        amount += usage.audio_output * _or(price.audio_output, out)
    if usage.audio_cache_read:
        amount += usage.audio_cache_read * _or(price.audio_cache_read, _or(price.cache_read, into))
    if usage.image_input:
        amount += usage.image_input * _or(price.image_input, into)
    if usage.image_output:
        amount += usage.image_output * _or(price.image_output, out)
    return amount + (price.per_request + usage.searches * price.per_search) * PER_MILLION


def _or(price: int | None, parent: int) -> int:
    return parent if price is None else price
