"""Routes prompts with what the gateway routes with: sketches, the book, `learn`, `Known`. Nothing is modelled here.

Without labels the book speaks alone, and it is known how good a model is on the whole; with N of them a tenant has
shown N outcomes; "full" is five folds in which no prompt, nor one like it, was seen.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from msgspec import Struct

from gateway.core.facts import Tier
from gateway.core.quality.book import Reader, Standing
from gateway.core.quality.familiar import Lately
from gateway.core.quality.known import Known
from gateway.core.quality.learn import Outcome, learn
from tests.bench.routing.sets import FOLDS, Doubles, Indexes, Set

type Labels = int | str  # how many, or "full"

FULL = "full"
SEEDS = 5


class Expected(Struct, frozen=True, eq=False):
    """prompts × models: as `Rank` says, and with a lot drawn for each prompt."""

    mean: Doubles
    swing: Doubles
    drawn: Doubles


class Trial(Struct, frozen=True, eq=False):
    """Expected quality of models on prompts that were not learnt from, and on the labelled ones, out of fold.

    `rows` are the prompts, `value` has a column a model; `own_rows`, `own` are the labelled, for thresholds.
    """

    rows: Indexes
    value: Expected
    own_rows: Indexes
    own: Expected
    guessed: float  # as `Known` says


class Task(Struct, frozen=True, eq=False):
    """A set, the models to choose among with their tiers, and whether the caller's tag is known."""

    set: Set
    tiers: Mapping[str, Tier]
    tag: bool
    reader: Reader

    @property
    def models(self) -> list[str]:
        return list(self.tiers)

    @property
    def standings(self) -> dict[str, Standing]:
        return {model: self.reader.book.standings[tier] for model, tier in self.tiers.items()}

    @property
    def columns(self) -> list[int]:
        return [self.set.column(model) for model in self.tiers]


def trials(task: Task, labels: Labels) -> Iterator[Trial]:
    """One for "full" and for none, else one a seed."""
    rows = task.set.answered(task.models)
    if labels == FULL:
        value = out_of_fold(task, rows, task.set.fold[rows])
        yield Trial(rows, value, rows, value, 0.0)
    elif labels == 0:
        known = learn((), overall(task, rows), task.reader)
        found = predict(task, known, rows)
        yield Trial(rows, found, rows[:0], predict(task, known, rows[:0]), known.guessed)
    else:
        for seed in range(SEEDS):
            yield sampled(task, rows, int(labels), seed)


def sampled(task: Task, rows: Indexes, labels: int, seed: int) -> Trial:
    own = np.sort(np.random.default_rng(seed).permutation(rows)[:labels])
    rest = rows[~np.isin(task.set.group[rows], task.set.group[own])]
    known = known_from(task, own)
    held = out_of_fold(task, own, task.set.group[own] % FOLDS)
    return Trial(rest, predict(task, known, rest), own, held, known.guessed)


def overall(task: Task, rows: Indexes) -> dict[str, Standing]:
    """How good each model is on the whole: all that is known without labels, as one knows it who names a baseline."""
    means = task.set.scores[np.ix_(rows, task.columns)].mean(0).tolist()
    return {
        model: Standing(level, task.standings[model].slope)
        for model, level in zip(task.models, means, strict=True)
    }


def out_of_fold(task: Task, rows: Indexes, fold: Indexes) -> Expected:
    size = (len(rows), len(task.tiers))
    found = Expected(np.zeros(size), np.zeros(size), np.zeros(size))
    for number in range(FOLDS):
        held = fold == number
        if held.any():
            part = predict(task, known_from(task, rows[~held]), rows[held])
            found.mean[held], found.swing[held], found.drawn[held] = part.mean, part.swing, part.drawn
    return found


def known_from(task: Task, rows: Indexes) -> Known:
    return learn(outcomes(task, rows), task.standings, task.reader)


def outcomes(task: Task, rows: Indexes) -> list[Outcome]:
    columns = dict(zip(task.models, task.columns, strict=True))
    return [
        Outcome(
            sketch=task.set.sketches[row],
            keys=keys(task, row),
            scores={model: float(task.set.scores[row, column]) for model, column in columns.items()},
        )
        for row in rows
    ]


def predict(task: Task, known: Known, rows: Sequence[int] | Indexes) -> Expected:
    """The prompts come one after the other, in an order drawn by lot."""
    lots = np.random.default_rng(1).random(len(task.set.lines))
    size = (len(rows), len(task.tiers))
    found, lately = Expected(np.zeros(size), np.zeros(size), np.zeros(size)), Lately()
    for place in np.argsort(lots[rows]).tolist():
        row = rows[place]
        text = task.reader.read(task.set.sketches[row])
        rank = known.rank(text, keys(task, row), trust=lately.trust(known.familiar.trust(text)))
        found.mean[place], found.swing[place] = rank
        found.drawn[place] = rank.drawn(float(lots[row]))
    return found


def keys(task: Task, row: int) -> frozenset[str]:
    return task.set.keys(row) if task.tag else frozenset()
