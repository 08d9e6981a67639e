"""What was measured, one line a set, pair or pool, label count, and with or without the tag."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from statistics import fmean
from typing import Any

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from gateway.core.quality.choose import price_of
from gateway.core.quality.threshold import choose_by_value, dearest_price, least_gain
from tests.bench.routing import measure
from tests.bench.routing.reliability import Bin, merged, off_by, reliability
from tests.bench.routing.route import Expected, Labels, Task, Trial, trials
from tests.bench.routing.sets import FOLDS, Doubles

type Budgets = Mapping[str, float | None]


class Report(Struct, frozen=True, kw_only=True):
    """Shares 0 to 1. `pair` is strong, cheap; a pool has `pool` instead. Accuracies are on the prompts not learnt from.

    `saved_at_equal`: of the best single model's cost, with the threshold at which the labelled prompts kept its
    accuracy, out of fold; `equal_by` is by how much accuracy then differs on the others. None without labels.
    `below_mix`: the most that the order lies below the random mix, in points, luck reckoned with and not drawn;
    `by_chance`: an order drawn by pure chance. `reliability`: of all the models' answers; `off_by`: its mean error.
    """

    set: str
    pair: tuple[str, str] | None = None
    pool: tuple[str, ...] | None = None
    labels: Labels
    tag: bool
    prompts: int
    apgr: float | None
    cpt50: float | None
    cpt80: float | None
    saved_at_equal: float | None
    equal_by: float | None
    at: Budgets
    mix: Budgets
    oracle: Budgets
    best: float
    below_mix: float | None
    by_chance: float | None
    reliability: tuple[Bin, ...]
    off_by: float | None = None
    p50_ms: float = 0.0
    p99_ms: float = 0.0


def pair_report(task: Task, labels: Labels) -> Report:
    found = [one_pair(task, trial, labels) for trial in trials(task, labels)]
    return average(found)


def pool_report(task: Task, labels: Labels) -> Report:
    found = [one_pool(task, trial, labels) for trial in trials(task, labels)]
    return average(found)


def one_pair(task: Task, trial: Trial, labels: Labels) -> Report:
    """The models of the task are the strong one and the cheap one, in this order."""
    strong, cheap = task.models
    scores, costs = facts_of(task, trial.rows)
    chances = pair_order(trial.value).chances()
    share = measure.recovered(chances, scores[:, 0], scores[:, 1])
    full = float(costs[:, 0].mean())
    ends = measure.mix(costs.mean(0).tolist(), scores.mean(0).tolist())
    saved, by = saved_by_pair(task, trial)
    by_cost = pair_order(trial.value, prices(trial, expected_costs(task, trial))).chances()
    return Report(
        set=task.set.name,
        pair=(strong, cheap),
        labels=labels,
        tag=task.tag,
        prompts=len(scores),
        apgr=measure.area(share),
        cpt50=measure.calls_for(share, 0.5),
        cpt80=measure.calls_for(share, 0.8),
        saved_at_equal=saved,
        equal_by=by,
        at=measure.at_budgets(measure.climb(by_cost, *scores.T, *costs.T), full),
        mix=measure.at_budgets(ends, full),
        oracle=measure.at_budgets(measure.foresee(*scores.T, *costs.T), full),
        best=float(scores[:, 0].mean()),
        below_mix=measure.below_mix(chances, *scores.T),
        by_chance=by_chance(*scores.T),
        reliability=reliability(trial.value.mean, scores),
    )


def pair_order(value: Expected, price: Doubles | None = None) -> measure.Order:
    gain, swing = (each[:, 0] - each[:, 1] for each in (value.mean, value.swing))
    return measure.Order(gain, swing, np.ones(len(gain)) if price is None else price)


def prices(trial: Trial, expected: Doubles) -> Doubles:
    extra = (expected[:, 0] - expected[:, 1]) / expected[:, 0].mean()
    return np.array([price_of(each, trial.guessed) for each in extra.tolist()])


def by_chance(strong: Doubles, cheap: Doubles) -> float:
    """How far below the mix a drawn order lies that knows nothing: what so few prompts cannot tell from harm."""
    gains, dice = strong - cheap, np.random.default_rng(0)
    even = np.linspace(0, gains.mean(), len(gains))
    drawn = [np.cumsum(dice.permutation(gains)) / len(gains) for _ in range(20)]
    return fmean(100 * max(float((even - gained).max()), 0.0) for gained in drawn)


def saved_by_pair(task: Task, trial: Trial) -> tuple[float | None, float | None]:
    """The threshold is set on the labelled prompts; a fold's is set on the others."""
    if not len(trial.own_rows):
        return None, None
    own_scores, _ = facts_of(task, trial.own_rows)
    own_gain = own_scores[:, 0] - own_scores[:, 1]
    own_rank, rank = (each.drawn[:, 0] - each.drawn[:, 1] for each in (trial.own, trial.value))
    to_strong = np.zeros(len(rank), bool)
    for others, here in partitions(task, trial):
        to_strong[here] = rank[here] >= least_gain(own_rank[others], own_gain[others])
    return saving(task, trial, np.where(to_strong, 0, 1))


def one_pool(task: Task, trial: Trial, labels: Labels) -> Report:
    scores, costs = facts_of(task, trial.rows)
    expected = expected_costs(task, trial)
    best = int(scores.mean(0).argmax())
    full = float(costs[:, best].mean())
    unit = full or 1.0
    curve = measure.frontier(trial.value.drawn, expected / unit, scores, costs)
    saved, by = saved_by_pool(task, trial, unit)
    return Report(
        set=task.set.name,
        pool=tuple(task.models),
        labels=labels,
        tag=task.tag,
        prompts=len(scores),
        apgr=None,
        cpt50=None,
        cpt80=None,
        saved_at_equal=saved,
        equal_by=by,
        at=measure.at_budgets(curve, full),
        mix=measure.at_budgets(measure.mix(costs.mean(0).tolist(), scores.mean(0).tolist()), full),
        oracle=measure.at_budgets(measure.frontier(scores, costs / unit, scores, costs), full),
        best=float(scores[:, best].mean()),
        below_mix=None,
        by_chance=None,
        reliability=reliability(trial.value.mean, scores),
    )


def saved_by_pool(task: Task, trial: Trial, unit: float) -> tuple[float | None, float | None]:
    """The price of cost is set on the labelled prompts."""
    if not len(trial.own_rows):
        return None, None
    own_scores, _ = facts_of(task, trial.own_rows)
    own_expected = expected_costs(task, trial, own=True) / unit
    expected = expected_costs(task, trial) / unit
    chosen = np.zeros(len(trial.rows), np.intp)
    for others, here in partitions(task, trial):
        price = dearest_price(trial.own.drawn[others], own_expected[others], own_scores[others])
        best = int(own_scores[others].mean(0).argmax())
        chosen[here] = (
            best if price is None else choose_by_value(trial.value.drawn[here], expected[here], price)
        )
    return saving(task, trial, chosen)


def saving(
    task: Task, trial: Trial, chosen: np.ndarray[tuple[int], np.dtype[np.intp]]
) -> tuple[float, float]:
    scores, costs = facts_of(task, trial.rows)
    rows = np.arange(len(chosen))
    best = int(scores.mean(0).argmax())
    full = costs[:, best].mean()
    cost, accuracy = costs[rows, chosen].mean(), scores[rows, chosen].mean()
    return float(1 - cost / full) if full else 0.0, float(accuracy - scores[:, best].mean())


def partitions(
    task: Task, trial: Trial
) -> Iterator[tuple[np.ndarray[tuple[int], np.dtype[np.bool_]], np.ndarray[tuple[int], np.dtype[np.bool_]]]]:
    """Which labelled prompts set the threshold, and for which prompts. Where all are labelled, folds take turns."""
    if len(trial.own_rows) != len(trial.rows):
        yield np.ones(len(trial.own_rows), bool), np.ones(len(trial.rows), bool)
        return
    fold = task.set.fold[trial.rows]
    for number in range(FOLDS):
        yield fold != number, fold == number


def facts_of(task: Task, rows: np.ndarray[tuple[int], np.dtype[np.intp]]) -> tuple[Doubles, Doubles]:
    """Scores and costs; where a file has no costs, a call of the dearest tier costs 1 and one of any other nothing."""
    columns = task.columns
    scores, costs = task.set.scores[np.ix_(rows, columns)], task.set.costs[np.ix_(rows, columns)]
    if np.isnan(costs).all(axis=0).any():
        top = max(task.tiers.values(), key=lambda tier: tier.rank)
        return scores, np.tile([1.0 if tier is top else 0.0 for tier in task.tiers.values()], (len(rows), 1))
    return scores, np.where(np.isnan(costs), np.nanmean(costs, axis=0), costs)


def expected_costs(task: Task, trial: Trial, *, own: bool = False) -> Doubles:
    """A fixed part and one by the prompt's length, for each model: what a price list and a token count would say."""
    rows = task.set.answered(task.models)
    _, costs = facts_of(task, rows)
    lengths = np.array([len(line.prompt) for line in task.set.lines], float)
    design = np.column_stack((np.ones(len(rows)), lengths[rows]))
    parts = np.linalg.lstsq(design, costs, rcond=None)[0]
    wanted = trial.own_rows if own else trial.rows
    said = np.column_stack((np.ones(len(wanted)), lengths[wanted])) @ parts
    found: Doubles = np.maximum(said, costs.mean(0) / 10)
    return found


def average(found: Sequence[Report]) -> Report:
    """Over seeds; a figure that one of them does not have is not had."""
    figures = ("apgr", "cpt50", "cpt80", "saved_at_equal", "equal_by", "best", "below_mix", "by_chance")
    means: dict[str, Any] = {name: mean([getattr(each, name) for each in found]) for name in figures}
    for name in ("at", "mix", "oracle"):
        rows = [getattr(each, name) for each in found]
        means[name] = {budget: mean([row[budget] for row in rows]) for budget in rows[0]}
    off = mean([off_by(each.reliability) for each in found])
    return replace(found[0], **means, reliability=merged(each.reliability for each in found), off_by=off)


def mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return round(fmean(known), 4) if len(known) == len(values) else None
