"""Whether a text is of the kind that was learnt from: its words were seen, and its shape is not out of the common.

What is learnt on one kind of traffic may be worse than chance on another, so it counts as far as a text is familiar.
Words alone do not tell: the same words stand in a question of school and in one of an olympiad.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from msgspec import Struct

from gateway.core.quality.book import Text
from gateway.core.quality.sketch import SHAPE, SLOTS, Floats

RARE = np.float32(0.05)  # support of a word at which it is half familiar
FEW = 20  # texts below which nothing is familiar
WORDS = 0.05  # the quantile of the texts learnt from, from which on words count in full
STRANGE = 0.75  # of that familiarity: here they do not count at all
USUAL, UNUSUAL = (
    0.9,
    0.99,
)  # the quantiles of distance up to which shape counts in full, and from which it does not
SOME, MANY = 0.2, 0.4  # of late requests that are strange: all are trusted, and none because of the others
FIRST, WINDOW = 8.0, 256.0  # strange requests that are taken to have come before, and how many are remembered
ALIKE = 0.25  # variance that every part of a shape is taken to have at least
NEAR = float(len(SHAPE))  # a distance up to which no shape is strange, whatever was learnt from


class Familiar(Struct, frozen=True, kw_only=True, eq=False):
    """`words`: the familiarity from which words begin to count, and fully do. `shape`: the distance to which it fully does,
    and from which it does not; `round` turns a shape's difference from `center` into one whose length is that distance.
    """

    support: Floats  # of each slot: the sum of its squared weights
    words: tuple[float, float]
    shape: tuple[float, float]
    center: Floats
    round: Floats

    def trust(self, text: Text) -> float:
        """0 to 1."""
        low, high = self.words
        near, far = self.shape
        if high <= low:
            return 0.0
        by_words = min(max((seen(text, self.support) - low) / (high - low), 0.0), 1.0)
        off = self.round @ (text.shape - self.center)
        by_shape = min(max((far - float(off @ off)) / (far - near), 0.0), 1.0)
        return (by_words * by_shape) ** 2


class Lately:
    """How strange a tenant's requests are of late, one after the other: the one thing here that changes.

    Of traffic that is as what was learnt from, some texts are strange, and they are the ones that gain most: there all are
    trusted. Where many are strange it is other traffic, and each must be familiar itself. Nothing is taken for granted:
    some dozens of requests must have come before.
    """

    def __init__(self) -> None:
        self._strange = self._count = FIRST

    def trust(self, own: float) -> float:
        """`own`: of the text alone."""
        if self._count >= WINDOW:
            self._strange *= 1 - 1 / WINDOW
            self._count *= 1 - 1 / WINDOW
        self._strange += 1 - own
        self._count += 1
        return max(own, min(max((MANY - self._strange / self._count) / (MANY - SOME), 0.0), 1.0))


def seen(text: Text, support: Floats) -> float:
    """The share of a text, words weighed by rarity, that was seen before; 0 to 1."""
    there = support[text.slots]
    return float((text.weights * text.weights) @ (there / (there + RARE)))


def familiar_from(texts: Sequence[Text]) -> Familiar:
    support = np.zeros(SLOTS, np.float32)
    for text in texts:
        support[text.slots] += text.weights**2
    if len(texts) < FEW:
        return _with(support, (0.0, 0.0), (0.0, 1.0), np.zeros(len(SHAPE)), np.eye(len(SHAPE)))
    enough = float(np.quantile(_each_to_the_others(texts, support), WORDS))
    shapes = np.array([text.shape for text in texts], float)
    center = shapes.mean(0)
    turn = np.linalg.cholesky(np.linalg.inv(np.cov(shapes.T) + ALIKE * np.eye(len(SHAPE)))).T
    distances = (((shapes - center) @ turn.T) ** 2).sum(1)
    near, far = np.quantile(distances, (USUAL, UNUSUAL)).tolist()
    near = max(near, NEAR)
    return _with(support, (enough * STRANGE, enough), (near, max(far, 2 * near)), center, turn)


def _each_to_the_others(texts: Sequence[Text], support: Floats) -> list[float]:
    found = []
    for text in texts:
        support[text.slots] -= text.weights**2
        found.append(seen(text, support))
        support[text.slots] += text.weights**2
    return found


def _with(
    support: Floats, words: tuple[float, float], shape: tuple[float, float], center: object, turn: object
) -> Familiar:
    return Familiar(
        support=support,
        words=words,
        shape=shape,
        center=np.asarray(center, np.float32),
        round=np.asarray(turn, np.float32),
    )
