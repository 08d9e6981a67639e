"""What is known of a tenant's models, ready to be asked on the hot path: the quality to expect of each, and how surely."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from math import sqrt
from statistics import NormalDist

import numpy as np
from msgspec import Struct

from gateway.core.quality.book import Text
from gateway.core.quality.estimate import Estimate
from gateway.core.quality.sketch import SHAPE, Floats

# How far from the book's standing each kind of column may lead, in standard deviations of an outcome.
LEVEL, KEY, KEY_SLOPE, FORM = 0.7, 0.7, 0.2, 0.055
FIRST_KEY = 1 + len(SHAPE)  # the dense columns: the level, the shape, then two a key: its level and its slope

RARE = np.float32(0.05)  # support of a word at which it is half familiar
SURE = 1.28  # deviations below the mean that nine of ten lie above


class Known(Struct, frozen=True, kw_only=True, eq=False):
    """Matrices have a column a model. `seen` is the support of each dense column, `support` that of each word."""

    models: tuple[str, ...]
    keys: Mapping[str, int]  # the first of its dense columns
    level: Floats
    slope: Floats
    dense: Floats
    words: Floats
    seen: Floats
    noise: Floats  # variance of an outcome
    unseen: Floats  # variance that a key nobody has seen may bring
    spread: Floats  # variance that the text brings
    support: Floats
    familiar: tuple[float, float]  # familiarity at which words begin to count, and fully do
    guessed: float  # how much of hardness is no more than a guess, 0 to 1: less with every outcome

    def estimate(self, text: Text, keys: Collection[str]) -> dict[str, Estimate]:
        columns, trust = self.columns(keys), self.trust(text)
        means = self.expect(text, columns, trust, text.hardness)
        sds = np.sqrt(self.doubt(columns, trust, unseen=len(keys) > len(columns)))
        return {
            model: Estimate(min(max(mean, 0.0), 1.0), min(max(mean - SURE * sd, 0.0), 1.0))
            for model, mean, sd in zip(self.models, means.tolist(), sds.tolist(), strict=True)
        }

    def columns(self, keys: Collection[str]) -> list[int]:
        return [self.keys[key] for key in keys if key in self.keys]

    def rank(self, text: Text, keys: Collection[str], *, lot: float) -> Floats:
        """What to order requests by, a column a model: expected quality, with as much of chance as is guessed.

        A guess that is wrong for a whole tenant would be wrong at every budget; half of chance halves that.
        """
        trust = self.trust(text)
        chance = (
            max(self.guessed, 1 - trust) / 2
        )  # strange words: nothing that was learnt says what is hard here
        luck = _NORMAL.inv_cdf(min(max(lot, 1e-9), 1 - 1e-9))
        hardness = text.hardness * sqrt(1 - chance) + luck * sqrt(chance)
        return self.expect(text, self.columns(keys), trust, hardness)

    def expect(self, text: Text, columns: list[int], trust: float, hardness: float) -> Floats:
        """May lie outside 0 to 1, so that an order is not lost."""
        means: Floats = self.level + self.slope * np.float32(hardness) + LEVEL * self.dense[0]
        for column in columns:
            means += KEY * self.dense[column] + np.float32(KEY_SLOPE * text.hardness) * self.dense[column + 1]
        if trust:
            said = text.weights @ self.words[text.slots] + FORM * (text.shape @ self.dense[1:FIRST_KEY])
            means += np.float32(trust) * said
        return means

    def doubt(self, columns: list[int], trust: float, *, unseen: bool) -> Floats:
        """The variance of what is expected."""
        variances = self.noise * _left(self.seen[0], LEVEL) + (1 - trust) * self.spread
        for column in columns:
            variances += self.noise * _left(self.seen[column], KEY)
        return variances + self.unseen if unseen else variances

    def trust(self, text: Text) -> float:
        low, high = self.familiar
        if high <= low:
            return 0.0
        return min(max((familiarity(text, self.support) - low) / (high - low), 0.0), 1.0)


def familiarity(text: Text, support: Floats) -> float:
    """The share of a text, words weighed by rarity, that was seen before; 0 to 1."""
    seen = support[text.slots]
    return float((text.weights * text.weights) @ (seen / (seen + RARE)))


def dense_row(text: Text, columns: list[int], width: int) -> Floats:
    row = np.zeros(width, np.float32)
    row[0] = LEVEL
    row[1:FIRST_KEY] = FORM * text.shape
    for column in columns:
        row[column], row[column + 1] = KEY, KEY_SLOPE * text.hardness
    return row


_NORMAL = NormalDist()


def _left(seen: Floats, scale: float) -> Floats:
    """What is left of a column's variance, in units of noise, after so much support."""
    before = np.float32(scale * scale)
    return before / (1 + seen)
