"""The rule by which the catalogue's models get their tiers.

Three tokens read to one written, per million, at the price of the day: below $1 small, below $3 lightweight,
below $10 mid, above that premium; what a tenant hosts itself is local; an embedding goes by what it reads. The
tier stands in the row all the same, so that a change of price moves no traffic by itself; `check_catalogue`
compares. A row that goes by something else, as its place in its vendor's line-up, says why (`tier_because`).
Tenants may say another tier of any model.
"""

from __future__ import annotations

from gateway.core.facts import ModelKind, Tier
from gateway.core.money import nano
from gateway.core.price import Price

BOUNDS = ((nano(1), Tier.SMALL), (nano(3), Tier.LIGHTWEIGHT), (nano(10), Tier.MID))


def tier_by_rule(price: Price, kind: ModelKind = ModelKind.CHAT) -> Tier:
    blended = price.input if kind is ModelKind.EMBEDDING else (3 * price.input + price.output) / 4
    return next((tier for bound, tier in BOUNDS if blended < bound), Tier.PREMIUM)
