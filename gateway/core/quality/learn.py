"""What a tenant's own outcomes say of its models: from judged requests to an expectation for the next one.

Keys (tags, classes) first, words second, each drawn towards the whole by how little it was seen; where nothing was
seen, the book's standing of the tier is left.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from msgspec import Struct

from gateway.core.quality.book import Reader, Standing, Text
from gateway.core.quality.familiar import familiar_from
from gateway.core.quality.known import FIRST_KEY, KEY, Known, dense_row
from gateway.core.quality.logistic import fit, logits, squash
from gateway.core.quality.ridge import Rows, Weights, nothing
from gateway.core.quality.sketch import Floats, Sketch

OF_A_KEY = 2  # outcomes below which it has no column of its own
MOST_KEYS = 500
# Found on all open sets at once: a word is worth less the more outcomes say the same.
SHRINK, SHRINK_FROM, SHRINK_GROWS = 0.6, 500, 0.4
LEAST_SPREAD, LEAST_UNSEEN = 0.25, 0.06  # variances of a logit


class Outcome(Struct, frozen=True, kw_only=True, gc=False, eq=False):
    """One request, and how well models answered it, 0 to 1: by acceptance, checks, a judge, a shadow's agreement.

    `keys` are what it is known by: `class:coding`, `tag:team=search`.
    """

    sketch: Sketch
    keys: frozenset[str] = frozenset()
    scores: Mapping[str, float]


class Lesson(Struct, frozen=True, gc=False, eq=False):
    """What was learnt of one model."""

    weights: Weights
    seen: Floats  # support of each dense column
    spread: float


def learn(
    outcomes: Sequence[Outcome], models: Mapping[str, Standing], reader: Reader, start: Known | None = None
) -> Known:
    """`models`: those to speak of, and what is expected of each beforehand: the book's standing of its tier, or better.

    `start`: what an earlier run learnt; it saves time, nothing else.
    """
    keys = columns_of(outcomes)
    texts = [reader.read(outcome.sketch) for outcome in outcomes]
    dense = np.zeros((len(texts), FIRST_KEY + 2 * len(keys)), np.float32)
    for row, text in enumerate(texts):
        columns = [keys[key] for key in outcomes[row].keys if key in keys]
        dense[row] = dense_row(text, columns, dense.shape[1])
    lessons = list(teach(outcomes, texts, dense, models, _Start(start, keys)))
    return Known(
        models=tuple(models),
        keys=keys,
        level=_row(standing.level for standing in models.values()),
        slope=_row(standing.slope for standing in models.values()),
        dense=_columns(lesson.weights.dense for lesson in lessons),
        words=_columns(lesson.weights.words for lesson in lessons),
        seen=_columns(lesson.seen for lesson in lessons),
        unseen=_row(map(unseen_of, lessons)),
        spread=_row(lesson.spread for lesson in lessons),
        familiar=familiar_from(texts),
        guessed=1 / (1 + len(texts) / GUESSED),
    )


def columns_of(outcomes: Sequence[Outcome]) -> dict[str, int]:
    """The keys seen most, each with the first of its dense columns."""
    counts = Counter(key for outcome in outcomes for key in outcome.keys)
    often = [key for key, count in counts.most_common(MOST_KEYS) if count >= OF_A_KEY]
    return {key: FIRST_KEY + 2 * place for place, key in enumerate(sorted(often))}


def teach(
    outcomes: Sequence[Outcome],
    texts: Sequence[Text],
    dense: Floats,
    models: Mapping[str, Standing],
    start: _Start,
) -> Iterable[Lesson]:
    """Models that were judged on the same requests share the matrix of them."""
    made: dict[tuple[int, ...], Rows] = {}
    for model, standing in models.items():
        judged = [row for row, outcome in enumerate(outcomes) if model in outcome.scores]
        if not judged:
            yield untaught(dense.shape[1])
            continue
        which = tuple(judged)
        rows = made.get(which) or Rows([texts[row] for row in judged], dense[judged])
        made[which] = rows
        scores = _row(outcomes[row].scores[model] for row in judged)
        expected = _row(standing.level + standing.slope * texts[row].hardness for row in judged)
        yield lesson_of(rows, scores, logits(expected), start.of(model))


def lesson_of(rows: Rows, scores: Floats, expected: Floats, start: Weights | None) -> Lesson:
    count = len(scores)
    shrink = SHRINK * max(1.0, count / SHRINK_FROM) ** SHRINK_GROWS
    weights = fit(rows, scores, expected, shrink, start)
    share = squash(expected + rows.times(weights))
    by_text = rows.times(Weights(weights.words, _only_shape(weights.dense)))
    return Lesson(
        weights=weights,
        seen=((share * (1 - share)) @ rows.dense**2).astype(np.float32),
        spread=max(float(by_text.var()), LEAST_SPREAD),
    )


def untaught(width: int) -> Lesson:
    return Lesson(nothing(width), np.zeros(width, np.float32), LEAST_SPREAD)


def unseen_of(lesson: Lesson) -> float:
    """How much keys differ, and so what one that was never seen may bring."""
    effects, seen = KEY * lesson.weights.dense[FIRST_KEY::2], lesson.seen[FIRST_KEY::2]
    if not seen.any():
        return LEAST_UNSEEN
    return max(float((effects**2) @ seen / seen.sum()), LEAST_UNSEEN)


class _Start:
    """Where to begin: an earlier solution, moved to the columns of now."""

    def __init__(self, known: Known | None, keys: Mapping[str, int]) -> None:
        self._known, self._keys = known, keys

    def of(self, model: str) -> Weights | None:
        known = self._known
        if known is None or model not in known.models:
            return None
        place = known.models.index(model)
        dense = np.zeros(FIRST_KEY + 2 * len(self._keys), np.float32)
        dense[:FIRST_KEY] = known.dense[:FIRST_KEY, place]
        for key, column in self._keys.items():
            if key in known.keys:
                there = known.keys[key]
                dense[column : column + 2] = known.dense[there : there + 2, place]
        return Weights(known.words[:, place].copy(), dense)


def _only_shape(dense: Floats) -> Floats:
    shape = np.zeros_like(dense)
    shape[1:FIRST_KEY] = dense[1:FIRST_KEY]
    return shape


def _row(values: Iterable[float]) -> Floats:
    return np.fromiter(values, np.float32)


def _columns(columns: Iterable[Floats]) -> Floats:
    return np.ascontiguousarray(np.stack(list(columns), axis=1))


GUESSED = 25  # outcomes that are worth as much as the book's word on what is hard
