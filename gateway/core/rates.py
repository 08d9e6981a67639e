"""What tokens cost at each model of a tenant: looked up once a day, not at every model for every request."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from math import gcd
from typing import NamedTuple

from gateway.core.catalogue import Model
from gateway.core.money import PER_MILLION
from gateway.core.price import banded

MOST_KEPT = 64  # days and lengths of prompt
MOST_SEEN = 1_000  # compiled sequences of models, of each

type Rate = tuple[int, int, int]  # for each token of prompt, each of answer, and the request


class Seen(NamedTuple):
    """What holds of some models however many tokens are asked for and answered."""

    models: tuple[Model, ...]
    lowest: tuple[Model, ...]  # one of them is the cheapest
    order: tuple[str, ...] | None  # None: it depends on the tokens
    blocks: tuple[
        tuple[Model, ...], ...
    ]  # each dearer than the one before; within one it depends on the tokens
    unpriced: tuple[str, ...]


class Sheet:
    """Of one day. `unit` is so many millionths of nano-dollars, and what all rates are multiples of: what is reckoned
    with small numbers takes half the time. `rates` are by model, without those whose price is not known."""

    def __init__(self, unit: int, rates: Mapping[str, Rate]) -> None:
        self.unit, self.rates = unit, rates
        self._seen: dict[int, Seen] = {}

    def amounts(self, models: Iterable[Model], into: int, out: int) -> list[tuple[int, str]]:
        """In units; not rounded to nano-dollars, so that a difference too small to be billed still orders."""
        rates = self.rates
        return [
            (rate[0] * into + rate[1] * out + rate[2], model.id)
            for model in models
            if (rate := rates.get(model.id)) is not None
        ]

    def cheapest(self, models: Sequence[Model], into: int, out: int) -> tuple[int, str] | None:
        seen = self._look(models, into, out)
        return min(self.amounts(seen.lowest if seen else models, into, out), default=None)

    def in_order(self, models: Sequence[Model], into: int, out: int) -> tuple[str, ...]:
        """By cost, one without a price last; `models` are by id, which breaks ties."""
        seen = self._look(models, into, out)
        if seen is None:
            known = [name for _, name in sorted(self.amounts(models, into, out))]
            return (*known, *[model.id for model in models if model.id not in self.rates])
        if seen.order is not None:
            return seen.order
        ordered: list[str] = []
        for block in seen.blocks:
            if len(block) == 1:
                ordered.append(block[0].id)
            else:
                ordered += [name for _, name in sorted(self.amounts(block, into, out))]
        return (*ordered, *seen.unpriced)

    def _look(self, models: Sequence[Model], into: int, out: int) -> Seen | None:
        """A tuple is compiled, and worth a closer look once; a list was made for this request."""
        if type(models) is not tuple or not into or not out:  # at no tokens what costs more costs the same
            return None
        seen = self._seen.get(id(models))
        if seen is None:
            if len(self._seen) >= MOST_SEEN:
                self._seen.clear()
            seen = self._seen[id(models)] = self._see(models)
        return seen

    def _see(self, models: tuple[Model, ...]) -> Seen:
        priced = sorted(
            (rate, model.id) for model in models if (rate := self.rates.get(model.id)) is not None
        )
        lowest: dict[str, Rate] = {}
        for rate, name in priced:
            if not any(is_no_dearer(other, rate) for other in lowest.values()):
                lowest[name] = rate
        found = tuple(model for model in models if model.id in lowest)
        by_id = {model.id: model for model in models}
        blocks = tuple(tuple(by_id[name] for _, name in block) for block in blocks_of(priced))
        unpriced = tuple(model.id for model in models if model.id not in self.rates)
        is_settled = all(len(block) == 1 for block in blocks)
        order = (*[name for _, name in priced], *unpriced) if is_settled else None
        return Seen(models, found, order, blocks, unpriced)


def blocks_of(priced: Iterable[tuple[Rate, str]]) -> list[list[tuple[Rate, str]]]:
    """Of rates in order, as many blocks as there can be of which each is no dearer than the next at any tokens."""
    blocks: list[list[tuple[Rate, str]]] = []
    for one in priced:
        block = [one]
        while blocks and not all(is_no_dearer(rate, one[0]) for rate, _ in blocks[-1]):
            block = blocks.pop() + block
        blocks.append(block)
    return blocks


def is_no_dearer(one: Rate, other: Rate) -> bool:
    return one[0] <= other[0] and one[1] <= other[1] and one[2] <= other[2]


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
