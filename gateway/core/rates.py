"""What tokens cost at each model of a tenant: looked up once a day, not at every model for every request."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping
from datetime import date
from math import gcd
from typing import NamedTuple

from gateway.core.catalogue import Model
from gateway.core.money import PER_MILLION
from gateway.core.price import banded

MOST_KEPT = 64  # days and lengths of prompt

type Rate = tuple[int, int, int]  # for each token of prompt, each of answer, and the request


class Sheet(NamedTuple):
    """Of one day. `unit` is so many millionths of nano-dollars, and what all rates are multiples of: what is reckoned
    with small numbers takes half the time."""

    unit: int
    rates: Mapping[str, Rate]  # by model; without those whose price is not known


class Rates:
    def __init__(self, models: Iterable[Model]) -> None:
        self._models = tuple(models)
        prices = [price for model in self._models for price in model.prices]
        self._bounds = sorted({band.above for price in prices for band in price.bands})
        self._known: dict[tuple[date, int], Sheet] = {}

    def at(self, day: date, prompt: int) -> Sheet:
        """For a prompt of so many tokens."""
        step = day, bisect_left(self._bounds, prompt)  # between two bounds nothing changes
        sheet = self._known.get(step)
        if sheet is None:
            if len(self._known) >= MOST_KEPT:
                self._known.clear()
            sheet = self._known[step] = sheet_of(self._models, day, prompt)
        return sheet


def sheet_of(models: Iterable[Model], day: date, prompt: int) -> Sheet:
    prices = {model.id: banded(price, prompt) for model in models if (price := model.price(day)) is not None}
    unit = gcd(
        *[n for each in prices.values() for n in (each.input, each.output, each.per_request * PER_MILLION)]
    )
    unit = unit or 1  # all of them are free
    return Sheet(
        unit,
        {
            model: (each.input // unit, each.output // unit, each.per_request * PER_MILLION // unit)
            for model, each in prices.items()
        },
    )
