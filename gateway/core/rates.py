"""What tokens cost at each model of a tenant: looked up once a day, not at every model for every request."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from math import gcd

from gateway.core.catalogue import Model
from gateway.core.facts import Tier
from gateway.core.ladder import Rung
from gateway.core.money import PER_MILLION
from gateway.core.price import banded

MOST_KEPT = 64  # days and lengths of prompt
MOST_SEEN = 1_000  # compiled sequences of models, of each

type Rate = tuple[int, int, int]  # for each token of prompt, each of answer, and the request
type Block = list[tuple[Rate, str]]  # with models' ids, in order
# A rung where it is the same however many tokens are asked for and answered, or None. Then its tier, its models in
# blocks of which each is dearer than the one before, and those without a price.
type Step = tuple[Rung | None, Tier, list[Block], list[str]]
type Rungs = tuple[tuple[Model, ...], ...]


class Sheet:
    """Of one day. `unit` is so many millionths of nano-dollars, and what all rates are multiples of: what is reckoned
    with small numbers takes half the time. `rates` are by model, without those whose price is not known."""

    def __init__(self, unit: int, rates: Mapping[str, Rate]) -> None:
        self.unit, self.rates = unit, rates
        # By identity of what is kept beside, so that it stays the same.
        self._lowest: dict[int, tuple[Sequence[Model], Sequence[Model]]] = {}
        self._steps: dict[int, tuple[Rungs, list[Step]]] = {}

    def amounts(self, models: Iterable[Model], into: int, out: int) -> list[tuple[int, str]]:
        """In units; not rounded to nano-dollars, so that a difference too small to be billed still orders."""
        rates = self.rates
        return [
            (rate[0] * into + rate[1] * out + rate[2], model.id)
            for model in models
            if (rate := rates.get(model.id)) is not None
        ]

    def cheapest(self, models: Sequence[Model], into: int, out: int) -> tuple[int, str] | None:
        if type(models) is tuple and into and out:  # at no tokens what costs more costs the same
            models = self._cheapest_of(models)
        return min(self.amounts(models, into, out), default=None)

    def ladder(self, rungs: Iterable[Sequence[Model]], into: int, out: int) -> tuple[Rung, ...]:
        """Each rung's models by cost, one without a price last; they come by id, which breaks ties."""
        if type(rungs) is tuple and into and out:
            steps = self._compiled(rungs)
        else:
            steps = [(None, rung[0].tier, [self._priced(rung)], self._unpriced(rung)) for rung in rungs]
        return tuple(
            [
                rung or Rung(tier, (*in_order(blocks, into, out), *unpriced))
                for rung, tier, blocks, unpriced in steps
            ]
        )

    # A tuple is compiled, and worth a closer look once; a list was made for this request.

    def _cheapest_of(self, models: Sequence[Model]) -> Sequence[Model]:
        """Of which one is the cheapest at any tokens."""
        seen = self._lowest.get(id(models))
        if seen is None:
            lowest: dict[str, Rate] = {}
            for rate, name in self._priced(models):
                if not any(is_no_dearer(other, rate) for other in lowest.values()):
                    lowest[name] = rate
            seen = models, [model for model in models if model.id in lowest]
            keep(self._lowest, id(models), seen)
        return seen[1]

    def _compiled(self, rungs: Rungs) -> list[Step]:
        seen = self._steps.get(id(rungs))
        if seen is None:
            seen = rungs, list(map(self._step, rungs))
            keep(self._steps, id(rungs), seen)
        return seen[1]

    def _step(self, models: Sequence[Model]) -> Step:
        tier, blocks, unpriced = models[0].tier, blocks_of(self._priced(models)), self._unpriced(models)
        is_settled = all(len(block) == 1 for block in blocks)
        rung = Rung(tier, (*in_order(blocks, 1, 1), *unpriced)) if is_settled else None
        return rung, tier, blocks, unpriced

    def _priced(self, models: Iterable[Model]) -> Block:
        rates = self.rates
        return sorted((rates[model.id], model.id) for model in models if model.id in rates)

    def _unpriced(self, models: Iterable[Model]) -> list[str]:
        return [model.id for model in models if model.id not in self.rates]


def keep[T](kept: dict[int, T], key: int, value: T) -> None:
    if len(kept) >= MOST_SEEN:
        kept.clear()
    kept[key] = value


def in_order(blocks: Iterable[Block], into: int, out: int) -> list[str]:
    names: list[str] = []
    for block in blocks:
        if len(block) == 1:
            names.append(block[0][1])
        else:
            amounts = [(a * into + b * out + c, name) for (a, b, c), name in block]
            names += [name for _, name in sorted(amounts)]
    return names


def blocks_of(priced: Block) -> list[Block]:
    """Of rates in order, as many blocks as there can be of which each is no dearer than the next at any tokens."""
    blocks: list[Block] = []
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
