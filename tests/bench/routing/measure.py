"""How good an order of prompts is, and how good a choice among models, always beside no skill and perfect foresight.

Scores are 0 to 1, costs in any unit; accuracies are means over prompts.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from msgspec import Struct

from gateway.core.quality.known import LUCK, luck_of
from gateway.core.quality.threshold import PRICES, choose_by_value
from tests.bench.routing.sets import Doubles

BUDGETS = {"-30": 0.7, "-50": 0.5, "-70": 0.3}  # shares of the dearest model's cost

THRESHOLDS = 300
DRAWS = (0.0, *(luck_of(lot) for lot in (0.001, 0.02, 0.1, 0.3, 0.7, 0.9, 0.98, 0.999)))


class Curve(Struct, frozen=True, eq=False):
    """Accuracy against cost (or shares against each other), from the cheapest on; costs ascend."""

    cost: Doubles
    accuracy: Doubles

    def at(self, cost: float) -> float | None:
        """None where even the cheapest costs more."""
        if cost < self.cost[0] * (1 - 1e-9):
            return None
        return float(np.interp(cost, self.cost, self.accuracy))


class Order(Struct, frozen=True, eq=False):
    """Which prompts go to the strong model first: those with the most `gain`, luck (as `Rank` draws it) counting `swing`.

    A gain must be so much the greater as `price` is; a loss is so much the worse.
    """

    gain: Doubles
    swing: Doubles
    price: Doubles

    def at(self, luck: float) -> Doubles:
        gain = self.gain + luck * self.swing
        worth: Doubles = np.where(gain > 0, gain / self.price, gain * self.price)
        return worth

    def chances(self) -> Doubles:
        """Thresholds × prompts: how likely each goes to the strong model, from none to all.

        So luck is not drawn but reckoned with: where it alone decides, the curve is the random mix, exactly.
        """
        worths = np.concatenate([self.at(luck) for luck in DRAWS])
        least = np.unique(np.quantile(worths, np.linspace(0, 1, THRESHOLDS), method="higher"))[::-1, None]
        ahead = self.gain - np.where(least > 0, least * self.price, least / self.price)
        swing = LUCK * np.abs(self.swing)
        lucky = 1 / (1 + np.exp(-np.clip(ahead / np.maximum(swing, 1e-12), -40, 40)))
        found = np.where(swing > 0, lucky, ahead >= -1e-12)
        return np.vstack((np.zeros(len(self.gain)), found, np.ones(len(self.gain))))


def order_of(rank: Doubles) -> Order:
    """Without luck."""
    return Order(rank, np.zeros(len(rank)), np.ones(len(rank)))


def recovered(chances: Doubles, strong: Doubles, cheap: Doubles) -> Curve:
    """The share of the gap that is recovered, against the share of strong calls."""
    gains = strong - cheap
    return Curve(chances.mean(1), chances @ gains / (gains.sum() or np.nan))


def area(share: Curve) -> float:
    return float(np.trapezoid(share.accuracy, share.cost))


def calls_for(share: Curve, wanted: float) -> float | None:
    """The least share of strong calls at which so much of the gap is recovered."""
    reached = np.flatnonzero(share.accuracy >= wanted)
    if not len(reached):
        return None
    last = int(reached[0])
    pair = slice(max(last - 1, 0), last + 1)
    return float(np.interp(wanted, share.accuracy[pair], share.cost[pair]))


def below_mix(chances: Doubles, strong: Doubles, cheap: Doubles) -> float:
    """The most that an order lies below the random mix at any share of calls, in points of accuracy."""
    gains = strong - cheap
    return float(100 * (chances.mean(1) * gains.mean() - chances @ gains / len(gains)).max())


def climb(chances: Doubles, strong: Doubles, cheap: Doubles, dear: Doubles, low: Doubles) -> Curve:
    """`dear`, `low`: what the strong and the cheap model cost on each prompt."""
    accuracy = cheap.mean() + chances @ (strong - cheap) / len(strong)
    cost = low.mean() + chances @ (dear - low) / len(strong)
    return Curve(np.maximum.accumulate(cost), accuracy)


def foresee(strong: Doubles, cheap: Doubles, dear: Doubles, low: Doubles) -> Curve:
    """As if it were known which prompts gain: those first, by gain for cost, and no other ever."""
    gain, extra = strong - cheap, np.maximum(dear - low, 1e-12)
    first = np.argsort(-np.where(gain > 0, gain / extra, gain), kind="stable")
    gained, spent = (np.concatenate(([0.0], np.cumsum(each[first]))) for each in (gain, dear - low))
    accuracy = cheap.mean() + gained / len(gain)
    return Curve(np.maximum.accumulate(low.mean() + spent / len(gain)), np.maximum.accumulate(accuracy))


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
