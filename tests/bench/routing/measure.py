"""How good an order of prompts is, and how good a choice among models, always beside no skill and perfect foresight.

Scores are 0 to 1, costs in any unit; accuracies are means over prompts.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from msgspec import Struct

from gateway.core.quality.threshold import PRICES, choose_by_value
from tests.bench.routing.sets import Doubles, Indexes

BUDGETS = {"-30": 0.7, "-50": 0.5, "-70": 0.3}  # shares of the dearest model's cost


class Curve(Struct, frozen=True, eq=False):
    """Accuracy against cost, from the cheapest on; costs ascend."""

    cost: Doubles
    accuracy: Doubles

    def at(self, cost: float) -> float | None:
        """None where even the cheapest costs more."""
        if cost < self.cost[0] * (1 - 1e-9):
            return None
        return float(np.interp(cost, self.cost, self.accuracy))


def order(rank: Doubles) -> Indexes:
    """Highest first."""
    return np.argsort(-rank, kind="stable")


def recovered(rank: Doubles, strong: Doubles, cheap: Doubles) -> Doubles:
    """The share of the gap that is recovered when the first 0, 1, 2 … prompts go to the strong model."""
    gains = (strong - cheap)[order(rank)]
    total = gains.sum()
    return np.concatenate(([0.0], np.cumsum(gains))) / (total or np.nan)


def area(share: Doubles) -> float:
    return float(np.trapezoid(share, dx=1 / (len(share) - 1)))


def calls_for(share: Doubles, wanted: float) -> float | None:
    """The least share of strong calls at which so much of the gap is recovered."""
    reached = np.flatnonzero(share >= wanted)
    return float(reached[0]) / (len(share) - 1) if len(reached) else None


def below_mix(rank: Doubles, strong: Doubles, cheap: Doubles) -> float:
    """The most that an order lies below the random mix at any budget, in points of accuracy."""
    gained = np.concatenate(([0.0], np.cumsum((strong - cheap)[order(rank)]))) / len(rank)
    return float(100 * (np.linspace(0, gained[-1], len(gained)) - gained).max())


def climb(rank: Doubles, strong: Doubles, cheap: Doubles, dear: Doubles, low: Doubles) -> Curve:
    """`dear`, `low`: what the strong and the cheap model cost on each prompt."""
    first = order(rank)
    gains, extra = (strong - cheap)[first], (dear - low)[first]
    accuracy = cheap.mean() + np.concatenate(([0.0], np.cumsum(gains))) / len(rank)
    cost = low.mean() + np.concatenate(([0.0], np.cumsum(extra))) / len(rank)
    return Curve(np.maximum.accumulate(cost), accuracy)


def foresee(strong: Doubles, cheap: Doubles, dear: Doubles, low: Doubles) -> Curve:
    """As if it were known which prompts gain: those first, by gain for cost, and no other ever."""
    gain, extra = strong - cheap, np.maximum(dear - low, 1e-12)
    curve = climb(np.where(gain > 0, gain / extra, gain), strong, cheap, dear, low)
    return Curve(curve.cost, np.maximum.accumulate(curve.accuracy))


def mix(costs: Sequence[float], accuracies: Sequence[float]) -> Curve:
    """The random mix of single models: the upper hull of their points."""
    hull: list[tuple[float, float]] = []
    for point in sorted(zip(costs, accuracies, strict=True)):
        if hull and point[1] <= hull[-1][1]:
            continue
        while len(hull) > 1 and _is_under(hull[-2], hull[-1], point):
            hull.pop()
        if hull and point[0] == hull[-1][0]:
            hull.pop()
        hull.append(point)
    cost, accuracy = zip(*hull, strict=True)
    return Curve(np.array(cost), np.array(accuracy))


def frontier(value: Doubles, expected: Doubles, scores: Doubles, costs: Doubles) -> Curve:
    """What choices by `value` at every price come to."""
    rows = np.arange(len(value))
    points = []
    for price in PRICES:
        chosen = choose_by_value(value, expected, float(price))
        points.append((costs[rows, chosen].mean(), scores[rows, chosen].mean()))
    points.sort()
    cost, accuracy = (np.array(column) for column in zip(*points, strict=True))
    return Curve(cost, accuracy)


def at_budgets(curve: Curve, full: float) -> dict[str, float | None]:
    return {name: curve.at(share * full) for name, share in BUDGETS.items()}


def _is_under(left: tuple[float, float], middle: tuple[float, float], right: tuple[float, float]) -> bool:
    (x0, y0), (x1, y1), (x2, y2) = left, middle, right
    return (y1 - y0) * (x2 - x0) <= (y2 - y0) * (x1 - x0)
