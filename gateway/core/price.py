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
    that the provider made and bills for. `service_tier` and `region` say as what and where the provider served it,
    in its own word, where that is not what everybody gets: flex, priority, batch.
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
    service_tier: str = ""
    region: str = ""

    @property
    def prompt(self) -> int:
        written = self.cache_write + self.cache_write_1h
        fresh = self.input + self.audio_input + self.image_input + self.tool_input
        return fresh + self.cache_read + self.audio_cache_read + written

    @property
    def completion(self) -> int:
        return self.output + self.audio_output + self.image_output


NOTHING = Usage()
BUCKETS = tuple(name for name in Usage.__struct_fields__ if name not in {"service_tier", "region"})
ANY = "*"  # a service tier that stands for all of which no price is known


class Price(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Nano-dollars per million tokens, from a day on; prices are added, never overwritten.

    A bucket without a price of its own is priced as its parent, input or output. Where long prompts cost more,
    each of `bands` holds, for all tokens of a request, whose prompt is longer than its `above`; shortest first.
    `others` are the prices of other service tiers and regions, from the same day on, with bands of their own.
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
    service_tier: str = ""  # empty: the standard one
    region: str = ""  # empty: every region that has no price of its own
    others: tuple[Price, ...] = ()
    estimated: bool = False  # not its own: see Unpriced


def price_on(prices: Sequence[Price], day: date) -> Price | None:
    """The price in force, of prices oldest first; None when none had begun: unknown, not free."""
    for price in reversed(prices):
        if price.since <= day:
            return price
    return None


def as_served(price: Price, usage: Usage) -> Price | None:
    """The price of the service tier and region that were used; None when nobody knows it: never the standard one."""
    if not usage.service_tier and usage.region in {"", price.region}:
        return price
    asked = (usage.service_tier, usage.region or price.region)
    known = {(other.service_tier, other.region): other for other in price.others}
    return known.get(asked) or known.get((ANY, ""))


def within_region(price: Price, region: str) -> Price:
    """As it is paid there. A region with a standard price of its own has its own service tiers, and no others."""
    own = [other for other in price.others if region and other.region == region]
    standard = next((other for other in own if not other.service_tier), None)
    if standard is None:
        return price
    elsewhere = (other for other in price.others if other.region not in {"", region})
    tiers = (other for other in own if other.service_tier)
    return structs.replace(standard, others=(*tiers, *elsewhere))


def banded(price: Price, prompt: int) -> Price:
    """The price that holds for a prompt of so many tokens; it has no bands, and stands for itself alone."""
    if not price.bands and not price.others:
        return price
    for band in reversed(price.bands):
        if prompt > band.above:
            return band
    return structs.replace(price, bands=(), others=())


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
