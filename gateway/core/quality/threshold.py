"""From when on the strong model is worth its cost: set on judged requests, so that quality is kept on others.

Kept means: nothing is lost on the judged ones, and as far as so few can tell (one standard error) no more than a
point is lost on the next. With few of them little is saved, and nothing is promised.

Expected quality must come from outcomes other than those it is held against (out of fold).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

type Doubles = NDArray[np.float64]
type Indexes = NDArray[np.intp]

POINT = 0.01
PRICES = np.concatenate(([0.0], np.geomspace(1e-3, 1e2, 120)))


def least_gain(expected: Doubles, gain: Doubles) -> float:
    """The expected gain from which on the strong model is asked; inf: never, -inf: always.

    `gain`: by how much the strong model really was better, request by request.
    """
    first = np.argsort(-expected, kind="stable")
    ordered = gain[first]
    count = len(gain)
    missed = ordered.sum() - np.concatenate(([0.0], np.cumsum(ordered)))  # by those that are not asked for
    squares = (ordered**2).sum() - np.concatenate(([0.0], np.cumsum(ordered**2)))
    calls = int(np.flatnonzero(keeps(-missed / count, squares / count, count))[0])
    if calls == count:
        return -np.inf
    return float(expected[first[calls - 1]]) if calls else np.inf


def dearest_price(value: Doubles, cost: Doubles, scores: Doubles) -> float | None:
    """What a unit of cost must bring in quality, as high as the best single model's is kept; None: no price keeps it.

    All three are requests × models: expected quality, expected cost in units of the best model's, real quality.
    """
    best, rows = int(scores.mean(0).argmax()), np.arange(len(scores))
    kept = None
    for price in PRICES:
        difference = scores[rows, choose_by_value(value, cost, float(price))] - scores[:, best]
        if keeps(difference.mean(keepdims=True), (difference**2).mean(keepdims=True), len(rows)).all():
            kept = float(price)
    return kept


def choose_by_value(value: Doubles, cost: Doubles, price: float) -> Indexes:
    """For each request the model with the most value after cost."""
    return np.argmax(value - price * cost, axis=1)


def keeps(mean: Doubles, square: Doubles, count: int) -> NDArray[np.bool_]:
    """Of differences in quality: their mean, the mean of their squares, and how many they are."""
    error = np.sqrt(np.maximum(square - mean**2, 0) / count)
    return (mean >= -1e-9) & (mean - error >= -POINT)
