"""Logistic regression that shrinks: the odds of a good answer, from an expectation on.

Each step is a ridge (Newton's method), begun where the last one ended and not driven to its end: the next corrects it.
"""

from __future__ import annotations

import numpy as np

from gateway.core.quality.ridge import Rows, Weights, nothing, solve
from gateway.core.quality.sketch import Floats

STEPS, ITERATIONS = 5, 15
LEAST = np.float32(0.05)  # of a row's variance: a sure one, if it is wrong, is not to move all others
SUREST = 0.98  # no share of good answers is taken to be nearer to 1, nor to 0


def fit(rows: Rows, scores: Floats, expected: Floats, shrink: float, start: Weights | None = None) -> Weights:
    """`scores`: 0 to 1. `expected`: the logits that hold where nothing was learnt."""
    at = start or nothing(rows.dense.shape[1])
    for _ in range(STEPS):
        found = rows.times(at)
        share = squash(expected + found)
        variance: Floats = np.maximum(share * (1 - share), LEAST)
        wanted = found + (scores - share) / variance
        at = solve(rows, wanted, shrink, counting=variance, start=at, iterations=ITERATIONS)
    return at


def squash(logits: Floats) -> Floats:
    held = np.minimum(np.maximum(logits, _LEAST), _MOST)
    found: Floats = (1 / (1 + np.exp(-held))).astype(np.float32)
    return found


def logits(shares: Floats) -> Floats:
    held = np.minimum(np.maximum(shares, 1 - SUREST), SUREST)
    found: Floats = np.log(held / (1 - held)).astype(np.float32)
    return found


_LEAST, _MOST = np.float32(-30), np.float32(30)
