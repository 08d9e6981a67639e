"""Least squares that shrinks: many sparse columns (words) and some dense ones (all else), solved together.

Conjugate gradients, so that nothing of the size of words × words is ever made, and an earlier solution is a start.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from msgspec import Struct

from gateway.core.quality.book import Text
from gateway.core.quality.sketch import SLOTS, Floats

ITERATIONS = 40
CLOSE = 1e-6  # of the first residual's square: then it is solved


class Weights(Struct, frozen=True, gc=False, eq=False):
    words: Floats  # one a slot
    dense: Floats


class Rows:
    """Texts as the rows of a matrix, beside a dense one."""

    def __init__(self, texts: Sequence[Text], dense: Floats) -> None:
        lengths = np.array([len(text.slots) + 1 for text in texts])
        self.dense = dense
        self._starts = np.concatenate(([0], np.cumsum(lengths)[:-1])).astype(np.intp)
        # Every row ends in a slot of no weight, for `reduceat` knows no empty row.
        self._slots = np.concatenate([part for text in texts for part in (text.slots, _NO_SLOT)])
        self._values = np.concatenate([part for text in texts for part in (text.weights, _NO_WEIGHT)])
        order = np.argsort(self._slots, kind="stable")
        self._rows = np.repeat(np.arange(len(texts)), lengths)[order]
        self._turned = self._values[order]
        self._used, self._columns = np.unique(self._slots[order], return_index=True)

    def times(self, weights: Weights) -> Floats:
        found: Floats = np.add.reduceat(self._values * weights.words[self._slots], self._starts)
        return found + self.dense @ weights.dense

    def turned_times(self, rows: Floats) -> Weights:
        words = np.zeros(SLOTS, np.float32)
        words[self._used] = np.add.reduceat(self._turned * rows[self._rows], self._columns)
        return Weights(words, self.dense.T @ rows)


def nothing(width: int) -> Weights:
    """`width`: how many dense columns there are."""
    return Weights(np.zeros(SLOTS, np.float32), np.zeros(width, np.float32))


def solve(
    rows: Rows,
    wanted: Floats,
    shrink: float,
    *,
    counting: Floats | None = None,
    start: Weights | None = None,
    iterations: int = ITERATIONS,
) -> Weights:
    """Minimises Σ counting·(rows·w − wanted)² + shrink·|words|² + |dense|². `counting`: one a row, as a rule 1."""
    much = np.ones_like(wanted) if counting is None else counting
    at = start or nothing(rows.dense.shape[1])
    left = _minus(rows.turned_times(much * (wanted - rows.times(at))), _shrunk(at, shrink), 1.0)
    step, size = left, _square(left)
    enough = CLOSE * _square(rows.turned_times(much * wanted))
    for _ in range(iterations):
        if size <= enough:
            break
        turned = rows.turned_times(much * rows.times(step))
        pushed = _minus(turned, _shrunk(step, shrink), -1.0)
        stride = size / _dot(step, pushed)
        at, left = _minus(at, step, -stride), _minus(left, pushed, stride)
        before, size = size, _square(left)
        step = _minus(left, step, -size / before)
    return at


def _shrunk(weights: Weights, shrink: float) -> Weights:
    return Weights(weights.words * np.float32(shrink), weights.dense)


def _minus(one: Weights, other: Weights, scale: float) -> Weights:
    by = np.float32(scale)
    return Weights(one.words - by * other.words, one.dense - by * other.dense)


def _dot(one: Weights, other: Weights) -> float:
    return float(one.words @ other.words) + float(one.dense @ other.dense)


def _square(weights: Weights) -> float:
    return _dot(weights, weights)


_NO_SLOT = np.zeros(1, np.intp)
_NO_WEIGHT = np.zeros(1, np.float32)
