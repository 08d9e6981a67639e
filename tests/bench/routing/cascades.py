"""Two cheap models answer; where they agree that is the answer, else the strong one is asked and pays, too.

Which two is chosen on other prompts than those it is tried on, for the most accuracy within a share of the strong
model's cost.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import permutations

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from gateway.core.quality.agreement import plain
from tests.bench.routing.contests import single
from tests.bench.routing.route import FULL, SEEDS, Labels
from tests.bench.routing.sets import FOLDS, Doubles, Indexes, Set

SHARES = (0.1, 0.18, 0.3, 0.5)  # of the strong model's cost
CHEAP = 0.3  # of the strong model's cost, below which a model may be one of the two


class Climbing(Struct, frozen=True, kw_only=True):
    """`cascade`: the two cheap models (the first one's answer is sent) and the strong one, as mostly chosen."""

    set: str
    cascade: tuple[str, str, str]
    labels: Labels
    prompts: int
    within: float  # of the strong model's cost, that was asked for
    cost: float  # of the strong model's, that it came to
    accuracy: float
    strong: float  # accuracy of the strong model alone
    agreeing: float  # share of prompts
    right_if_agreeing: float


class Answers(Struct, frozen=True, eq=False):
    """prompts × models: what was answered as a number (-1: nothing), the score, the cost."""

    models: list[str]
    said: NDArray[np.int64]
    scores: Doubles
    costs: Doubles
    fold: Indexes


class Run(Struct, frozen=True, eq=False):
    """What one cascade comes to, prompt by prompt."""

    models: tuple[int, int, int]
    agreeing: NDArray[np.bool_]
    scores: Doubles
    costs: Doubles


def cascades(found: Set, labels: Labels) -> Iterator[Climbing]:
    answers = answers_of(found)
    if answers is None or labels == 0 or (labels != FULL and int(labels) > len(answers.fold) // 2):
        return
    strong = int(answers.scores.mean(0).argmax())
    runs = list(runs_of(answers, strong))
    if not runs:
        return
    for share in SHARES:
        yield tried(found.name, answers, runs, strong, share, labels)


def answers_of(found: Set) -> Answers | None:
    """Models with a price whose answers are known, on the prompts that all of them were asked."""
    spoken = {
        model for line in found.lines for model, result in line.models.items() if result.ans is not None
    }
    models = [model for model in single(found) if model in spoken]
    if len(models) < 3:
        return None
    columns = [found.column(model) for model in models]
    rows = found.answered(models)
    numbers: dict[str, int] = {}
    spelt = cache(plain)
    said = np.full((len(rows), len(models)), -1, np.int64)
    for place, row in enumerate(rows):
        for column, model in enumerate(models):
            answer = found.lines[row].models[model].ans
            if answer not in {None, ""}:
                said[place, column] = numbers.setdefault(spelt(str(answer)), len(numbers))
    costs = np.nan_to_num(found.costs[np.ix_(rows, columns)])
    return Answers(models, said, found.scores[np.ix_(rows, columns)], costs, found.fold[rows])


def runs_of(answers: Answers, strong: int) -> Iterator[Run]:
    means = answers.costs.mean(0)
    cheap = [column for column in range(len(means)) if 0 < means[column] < CHEAP * means[strong]]
    for one, other in permutations(cheap, 2):
        agreeing = (answers.said[:, one] == answers.said[:, other]) & (answers.said[:, one] >= 0)
        yield Run(
            models=(one, other, strong),
            agreeing=agreeing,
            scores=np.where(agreeing, answers.scores[:, one], answers.scores[:, strong]),
            costs=answers.costs[:, one]
            + answers.costs[:, other]
            + np.where(agreeing, 0, answers.costs[:, strong]),
        )


def tried(
    name: str, answers: Answers, runs: Sequence[Run], strong: int, share: float, labels: Labels
) -> Climbing:
    dear = answers.costs[:, strong].mean()
    rows: list[tuple[float, float, float, float, float]] = []
    taken: Counter[tuple[int, int, int]] = Counter()
    for learnt, held in divisions(answers, labels):
        run = pick(runs, learnt, share * dear)
        taken[run.models] += 1
        agreed = run.agreeing & held
        rows.append(
            (
                run.costs[held].mean() / dear,
                run.scores[held].mean(),
                answers.scores[held, strong].mean(),
                run.agreeing[held].mean(),
                run.scores[agreed].mean() if agreed.any() else np.nan,
            )
        )
    cost, accuracy, alone, agreeing, right = (round(float(value), 4) for value in np.mean(rows, axis=0))
    one, other, top = (answers.models[column] for column in taken.most_common(1)[0][0])
    return Climbing(
        set=name,
        cascade=(one, other, top),
        labels=labels,
        prompts=len(answers.fold),
        within=share,
        cost=cost,
        accuracy=accuracy,
        strong=alone,
        agreeing=agreeing,
        right_if_agreeing=right,
    )


def pick(runs: Sequence[Run], learnt: NDArray[np.bool_], most: float) -> Run:
    """The most accurate within the cost, else the cheapest."""
    within = [run for run in runs if run.costs[learnt].mean() <= most]
    if not within:
        return min(runs, key=lambda run: run.costs[learnt].mean())
    return max(within, key=lambda run: (run.scores[learnt].mean(), -run.costs[learnt].mean()))


def divisions(answers: Answers, labels: Labels) -> Iterator[tuple[NDArray[np.bool_], NDArray[np.bool_]]]:
    """Prompts to choose by, and prompts to try on."""
    if labels == FULL:
        for number in range(FOLDS):
            yield answers.fold != number, answers.fold == number
        return
    for seed in range(SEEDS):
        learnt = np.zeros(len(answers.fold), bool)
        learnt[np.random.default_rng(seed).permutation(len(learnt))[: int(labels)]] = True
        yield learnt, ~learnt
