"""What is known of a tenant's models, ready to be asked on the hot path: the quality to expect of each, and how surely."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from math import log, pi, sqrt
from typing import NamedTuple

import numpy as np
from msgspec import Struct

from gateway.core.quality.book import Text
from gateway.core.quality.estimate import Estimate
from gateway.core.quality.familiar import Familiar
from gateway.core.quality.logistic import logits, squash
from gateway.core.quality.sketch import SHAPE, Floats

# How far from the book's standing each kind of column may lead: standard deviations of a logit.
LEVEL, KEY, KEY_SLOPE, FORM = 1.6, 1.6, 0.45, 0.06
FIRST_KEY = 1 + len(SHAPE)  # the dense columns: the level, the shape, then two a key: its level and its slope

SURE = 1.28  # deviations below the mean that nine of ten lie above
LUCK = sqrt(3) / pi  # of a logit drawn, for a variance of 1
BOLD = 2.0  # by how much luck swings wider where a text is strange


class Rank(NamedTuple):
    """A number a model: what is expected, and what a deviation of luck adds to it."""

    mean: Floats
    swing: Floats

    def drawn(self, lot: float) -> Floats:
        """`lot`: 0 to 1, a request's own."""
        return self.mean + self.swing * np.float32(luck_of(lot))


class Known(Struct, frozen=True, kw_only=True, eq=False):
    """Matrices have a column a model. `seen` is the support of each dense column. Variances are of a logit."""

    models: tuple[str, ...]
    keys: Mapping[str, int]  # the first of its dense columns
    level: Floats
    slope: Floats
    dense: Floats
    words: Floats
    seen: Floats
    unseen: Floats  # variance that a key nobody has seen may bring
    spread: Floats  # variance that the text brings
    familiar: Familiar
    guessed: float  # how much of hardness is no more than a guess, 0 to 1: less with every outcome

    def estimate(
        self, text: Text, keys: Collection[str], *, trust: float | None = None
    ) -> dict[str, Estimate]:
        """`trust`, 0 to 1, in what was learnt of texts: as `Lately` says, else as the text alone does."""
        columns = self.columns(keys)
        trust = self.familiar.trust(text) if trust is None else trust
        found = self.expect(text, columns, trust, text.hardness)
        sds: Floats = np.sqrt(self.doubt(columns, trust, unseen=len(keys) > len(columns)))
        means, lower = squash(found).tolist(), squash(found - sds * np.float32(SURE)).tolist()
        return {model: Estimate(*both) for model, *both in zip(self.models, means, lower, strict=True)}

    def columns(self, keys: Collection[str]) -> list[int]:
        return [self.keys[key] for key in keys if key in self.keys]

    def rank(self, text: Text, keys: Collection[str], *, trust: float | None = None) -> Rank:
        """What to order requests by, a column a model: expected quality, with as much of chance as is guessed.

        A guess that is wrong for a whole tenant would be wrong at every budget, and chance is wrong at none. With no
        outcomes, and on other traffic than was learnt from, chance alone orders: that is the random mix.
        """
        trust = self.familiar.trust(text) if trust is None else trust
        chance = max(self.guessed, 1 - trust)
        luck = sqrt(chance) * (1 + BOLD * (1 - trust))
        means = self.expect(text, self.columns(keys), trust, text.hardness * sqrt(1 - chance))
        return Rank(squash(means), self.slope * np.float32(luck))

    def expect(self, text: Text, columns: list[int], trust: float, hardness: float) -> Floats:
        """Logits."""
        found: Floats = logits(self.level + self.slope * np.float32(hardness)) + LEVEL * self.dense[0]
        for column in columns:
            found += KEY * self.dense[column] + np.float32(KEY_SLOPE * text.hardness) * self.dense[column + 1]
        if trust:
            said = text.weights @ self.words[text.slots] + FORM * (text.shape @ self.dense[1:FIRST_KEY])
            found += np.float32(trust) * said
        return found

    def doubt(self, columns: list[int], trust: float, *, unseen: bool) -> Floats:
        """The variance of what is expected."""
        variances = _left(self.seen[0], LEVEL) + np.float32(1 - trust) * self.spread
        for column in columns:
            variances += _left(self.seen[column], KEY)
        return variances + self.unseen if unseen else variances


def luck_of(lot: float) -> float:
    """A lot between 0 and 1 as a deviation: logistic, of variance 1."""
    held = min(max(lot, 1e-9), 1 - 1e-9)
    return LUCK * log(held / (1 - held))


def dense_row(text: Text, columns: list[int], width: int) -> Floats:
    row = np.zeros(width, np.float32)
    row[0] = LEVEL
    row[1:FIRST_KEY] = FORM * text.shape
    for column in columns:
        row[column], row[column + 1] = KEY, KEY_SLOPE * text.hardness
    return row


def _left(support: Floats, scale: float) -> Floats:
    """What is left of a column's variance after so much support."""
    return np.float32(scale * scale) / (1 + support)
