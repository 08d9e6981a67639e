"""Learnt on one set, tried on another with the same two models: what a tenant's change of traffic does."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import permutations

import numpy as np
from msgspec import Struct

from gateway.core.facts import Tier
from gateway.core.quality.book import Reader
from gateway.core.quality.learn import learn
from tests.bench.routing.contests import pairs
from tests.bench.routing.lines import by_chance, pair_order
from tests.bench.routing.measure import area, below_mix, recovered
from tests.bench.routing.route import Task, outcomes, predict
from tests.bench.routing.sets import Set


class Crossing(Struct, frozen=True, kw_only=True):
    """`below_mix`: the most that the order lies below the random mix, in points; `by_chance`: an order of pure chance."""

    learnt_on: str
    set: str
    pair: tuple[str, str]
    prompts: int
    gap: float  # between the two models, in points
    apgr: float
    below_mix: float
    by_chance: float


def across(sets: Sequence[Set], reader: Reader) -> Iterator[Crossing]:
    for one, other in permutations(sets, 2):
        for strong, cheap in shared_pairs(one, other):
            tiers = {strong: Tier.PREMIUM, cheap: Tier.SMALL}
            yield cross(Task(one, tiers, False, reader), Task(other, tiers, False, reader))


def shared_pairs(one: Set, other: Set) -> Iterator[tuple[str, str]]:
    """A pair of either set that the other has, too."""
    for strong, cheap in dict.fromkeys(tuple(pair) for each in (other, one) for pair in pairs(each)):
        if {strong, cheap} <= set(one.models) & set(other.models):
            yield strong, cheap


def cross(learnt: Task, tried: Task) -> Crossing:
    known = learn(outcomes(learnt, learnt.set.answered(learnt.models)), learnt.standings, learnt.reader)
    rows = tried.set.answered(tried.models)
    value = predict(tried, known, rows)
    strong, cheap = tried.set.scores[np.ix_(rows, tried.columns)].T
    chances = pair_order(value).chances()
    return Crossing(
        learnt_on=learnt.set.name,
        set=tried.set.name,
        pair=(tried.models[0], tried.models[1]),
        prompts=len(rows),
        gap=round(100 * float((strong - cheap).mean()), 1),
        apgr=round(area(recovered(chances, strong, cheap)), 4),
        below_mix=round(below_mix(chances, strong, cheap), 2),
        by_chance=round(by_chance(strong, cheap), 2),
    )
