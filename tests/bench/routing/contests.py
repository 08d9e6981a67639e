"""Which models of a set are compared: pairs along the hull of cost and accuracy, and one pool about it.

Which model is better is taken as known, as a price list and a baseline tell it; nothing of any prompt is.
"""

from __future__ import annotations

from collections.abc import Collection
from fnmatch import fnmatch

import numpy as np

from gateway.core.facts import Tier
from tests.bench.routing.measure import mix
from tests.bench.routing.sets import COVERED, Set

HIDDEN = ("o1-*",)  # models whose list price is not what they cost: they think in tokens that are not counted
MOST_PAIRS = 3
MOST_IN_POOL = 10
NEAR = 0.02  # a gap in accuracy below which there is nothing to recover


def single(found: Set) -> dict[str, tuple[float, float]]:
    """Cost and accuracy of each model that answered (nearly) all; where no costs are known, accuracy stands for both."""
    models = {}
    for column, model in enumerate(found.models):
        scores, costs = found.scores[:, column], found.costs[:, column]
        if any(fnmatch(model, pattern) for pattern in HIDDEN) or np.isnan(scores).mean() > 1 - COVERED:
            continue
        accuracy = float(np.nanmean(scores))
        models[model] = (float(np.nanmean(costs)) if not np.isnan(costs).all() else np.nan, accuracy)
    if any(np.isnan(cost) for cost, _ in models.values()):
        priced = {model: point for model, point in models.items() if not np.isnan(point[0])}
        return priced or {model: (accuracy, accuracy) for model, (_, accuracy) in models.items()}
    return models


def pairs(found: Set) -> list[dict[str, Tier]]:
    """The best model and, one at a time, the models of the hull that are cheaper, from the cheapest on."""
    points = single(found)
    if not points:
        return []
    best = max(points, key=lambda model: (points[model][1], -points[model][0]))
    hull = mix(*zip(*points.values(), strict=True))
    on_hull = [
        model
        for model in sorted(points, key=lambda name: points[name])
        if model != best
        and points[model][1] <= points[best][1] - NEAR
        and (points[model] in set(zip(hull.cost, hull.accuracy, strict=True)))
    ]
    return [{best: Tier.PREMIUM, cheap: Tier.SMALL} for cheap in on_hull[:MOST_PAIRS]]


def pool(found: Set) -> dict[str, Tier]:
    """The models nearest to the hull, tiers by rank of cost; empty where there are fewer than three."""
    points = single(found)
    if len(points) < 3:
        return {}
    hull = mix(*zip(*points.values(), strict=True))
    below = {model: (hull.at(cost) or 0) - accuracy for model, (cost, accuracy) in points.items()}
    near = sorted(
        sorted(points, key=lambda model: below[model])[:MOST_IN_POOL], key=lambda model: points[model]
    )
    return tiered(near)


def tiered(ranked: Collection[str]) -> dict[str, Tier]:
    top = len(Tier) - 1
    return {model: list(Tier)[round(top * place / (len(ranked) - 1))] for place, model in enumerate(ranked)}
