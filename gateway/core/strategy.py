"""Who of a rung comes first: the cheapest, the fastest, or one drawn by weights. Tiers and candidates stay as they are.

A strategy only orders models that the sieve has kept, each among those of its own tier: no strategy leaves a
whitelist, a floor or a rule's tier.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Final, Literal

from msgspec import Struct

from gateway.core.catalogue import Model
from gateway.core.facts import RequestFacts

COST: Final = "cost"
LATENCY: Final = "latency"
EXPLORED = 0.05  # of requests go to models of the rung whose speed is not known, while there are any


class Weights(
    Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    omit_defaults=True,
    repr_omit_defaults=True,
):
    """Each model of a rung answers as many of the requests as its weight says; who has none only stands in."""

    weights: Mapping[str, int]


type Strategy = Literal["cost", "latency"] | Weights


def arranged(kept: Sequence[Model], strategy: Strategy | None, facts: RequestFacts) -> list[Model]:
    """`kept` are in order of tiers, and within each by expected cost."""
    if strategy is None or strategy == COST:
        return list(kept)
    return [model for rung in _rungs(kept) for model in _arranged(rung, strategy, facts)]


def _arranged(rung: list[Model], strategy: Strategy, facts: RequestFacts) -> list[Model]:
    if isinstance(strategy, Weights):
        return by_weight(rung, strategy.weights, facts)
    return by_latency(rung, facts)


def by_latency(rung: list[Model], facts: RequestFacts) -> list[Model]:
    """The fastest first, those nobody has measured last; a bounded share of requests measures them."""
    measured = sorted((m for m in rung if m.id in facts.latency), key=lambda m: facts.latency[m.id])
    unmeasured = [model for model in rung if model.id not in facts.latency]
    if not measured or not unmeasured:
        return measured or unmeasured
    if (drawn := own_draw(facts.lot)) < EXPLORED:
        first = unmeasured[int(drawn / EXPLORED * len(unmeasured))]
        return [first, *measured, *(model for model in unmeasured if model is not first)]
    return [*measured, *unmeasured]


def by_weight(rung: list[Model], weights: Mapping[str, int], facts: RequestFacts) -> list[Model]:
    """One drawn by the weights, then the others by theirs, then those without in the order they had."""
    weighed = [model for model in rung if weights.get(model.id, 0) > 0]
    if not weighed:
        return rung
    first = _kept(weighed, facts) or _drawn(weighed, weights, facts)
    rest = sorted((m for m in weighed if m is not first), key=lambda m: -weights[m.id])
    return [first, *rest, *(model for model in rung if model not in weighed)]


def _kept(weighed: Sequence[Model], facts: RequestFacts) -> Model | None:
    """Where a conversation has most of itself in a cache, it goes on."""
    known = [model for model in weighed if facts.cached.get(model.id)]
    return max(known, key=lambda model: facts.cached[model.id], default=None)


def _drawn(weighed: Sequence[Model], weights: Mapping[str, int], facts: RequestFacts) -> Model:
    """The same for all requests of a session."""
    drawn = own_draw(facts.lot) if facts.draw is None else facts.draw
    place = drawn * sum(weights[model.id] for model in weighed)
    for model in weighed:
        place -= weights[model.id]
        if place < 0:
            return model
    return weighed[-1]


def own_draw(lot: float) -> float:
    """Another draw from the same lot, so that it does not lie where a rule's `share` has cut."""
    return lot * 4096 % 1.0


def _rungs(kept: Sequence[Model]) -> Iterator[list[Model]]:
    return (list(rung) for _, rung in groupby(kept, key=lambda model: model.tier))
