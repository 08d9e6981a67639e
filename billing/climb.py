"""How far one request would climb a draft's ladder, and what that is expected to cost."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import accumulate

from msgspec import Struct

from billing.past import Line, Past
from billing.rejections import Rate, Rates
from gateway.core.decide import Route
from gateway.core.ladder import Attempt, AttemptOutcome, next_model
from gateway.core.policy import Cascade
from gateway.core.price import NOTHING, Usage
from gateway.core.settle import price_usage

JUDGE_READS = 2_000  # tokens of the request, and of the answer, that a judge is shown at most
JUDGE_FRAME = 100  # tokens around them
JUDGE_SAYS = 16  # tokens, its limit


class Climb(Struct, frozen=True, kw_only=True):
    """Nano-dollars. `rates` are those used, each with how much the cost would grow if it were one more."""

    cost: int
    variance: float = 0.0
    escalates: float = 0.0  # how likely
    rates: tuple[tuple[Rate, float], ...] = ()
    blind_cost: int = 0  # what it might cost more, where nothing is known of its checks

    @property
    def is_blind(self) -> bool:
        return bool(self.rates) and not self.rates[0][0].evidence


class Step(Struct, frozen=True, kw_only=True):
    """One answer on the way. `rate` is how often it is rejected; None where nothing lies above it."""

    cost: int
    rate: Rate | None


def climb(
    past: Past, route: Route, rates: Rates, *, is_as_then: bool, repriced: Collection[str] = ()
) -> Climb | None:
    """None where a model on the way has no price.

    `is_as_then`: the same is asked of answers as was then. `repriced` are models with prices that are tried out.
    """
    first = past.first
    assert first is not None
    if first.model == route.model and is_as_then:
        went_up = any(line.outcome is AttemptOutcome.REJECTED for line in past.lines)
        kept = [_kept(line, past, route, repriced) for line in past.lines]
        return Climb(cost=sum(kept), escalates=float(went_up))
    steps = _steps(past, route, rates)
    return None if steps is None else _expected(steps)


def came(line: Line) -> bool:
    """Whether there was an answer, whatever became of it."""
    return line.outcome in {AttemptOutcome.ANSWERED, AttemptOutcome.REJECTED}


def _kept(line: Line, past: Past, route: Route, repriced: Collection[str]) -> int:
    model = route.router.models.get(line.model) if line.model in repriced else None
    if model is None or line.usage == NOTHING:
        return line.cost or 0
    return price_usage(model, line.usage, past.at.date()) or 0


def path(route: Route) -> Sequence[str]:
    """The models that answer, one after another, if every answer is rejected: by the ladder's own rule."""
    cascade = route.target.cascade
    up_to = cascade.up_to if cascade and cascade.checks else None
    tried: list[Attempt] = []
    while model := next_model(route.ladder, tried, up_to=up_to):
        tried.append(Attempt(id="", model=model, outcome=AttemptOutcome.REJECTED))
    return [attempt.model for attempt in tried]


def _steps(past: Past, route: Route, rates: Rates) -> list[Step] | None:
    facts, answer, models = past.facts, past.answer, route.router.models
    assert facts is not None
    assert answer is not None
    cascade, way, day = route.target.cascade, path(route), facts.at.date()
    steps: list[Step] = []
    for n, name in enumerate(way):
        cost = price_usage(models[name], _usage(past, n, name, answer), day)
        checks = _judged(cascade, answer.usage, route, past, rates)
        if cost is None or checks is None:
            return None
        is_last = n == len(way) - 1 or cascade is None
        rate = None if is_last or cascade is None else rates.of(cascade, name, facts.request_class)
        steps.append(Step(cost=cost + checks, rate=rate))
    return steps


def _usage(past: Past, n: int, model: str, answer: Line) -> Usage:
    """What this very model used, where it was the first then as well; else the tokens of the answer."""
    first = past.first
    return first.usage if first and n == 0 and first.model == model and came(first) else answer.usage


def _judged(cascade: Cascade | None, usage: Usage, route: Route, past: Past, rates: Rates) -> int | None:
    """What the judges of one answer cost: as much as they did on average, else what they would be shown."""
    total = 0
    for check in cascade.checks if cascade else ():
        if check.judge is None:
            continue
        seen = rates.judge(check.judge.model)
        shown = JUDGE_FRAME + min(usage.prompt, JUDGE_READS) + min(usage.completion, JUDGE_READS)
        asked = Usage(input=shown, output=JUDGE_SAYS)
        model = route.router.models.get(check.judge.model)
        cost = price_usage(model, asked, past.at.date()) if seen is None else seen
        if cost is None:
            return None
        total += cost
    return total


def _expected(steps: Sequence[Step]) -> Climb:
    """Over where it stops: after the first step, or after the second, and so on."""
    shares = [step.rate.share if step.rate else 0.0 for step in steps]
    reached = list(accumulate(shares[:-1], lambda before, share: before * share, initial=1.0))
    totals = list(accumulate(step.cost for step in steps))
    stops = [here - there for here, there in zip(reached, [*reached[1:], 0.0], strict=True)]
    cost = round(sum(share * step.cost for share, step in zip(reached, steps, strict=True)))
    mean = sum(share * total for share, total in zip(stops, totals, strict=True))
    square = sum(share * total**2 for share, total in zip(stops, totals, strict=True))
    blind = bool(steps[0].rate and not steps[0].rate.evidence)
    return Climb(
        cost=cost,
        variance=max(0.0, square - mean**2),
        escalates=reached[1] if len(reached) > 1 else 0.0,
        rates=_leverage(steps, reached),
        blind_cost=totals[-1] - totals[0] if blind else 0,
    )


def _leverage(steps: Sequence[Step], reached: Sequence[float]) -> tuple[tuple[Rate, float], ...]:
    """How much the expected cost would grow, if a step's answers were all rejected rather than none."""
    found: list[tuple[Rate, float]] = []
    for n, step in enumerate(steps[:-1]):
        if step.rate is None:
            break
        beyond, share = 0.0, 1.0
        for later in steps[n + 1 :]:
            beyond += share * later.cost
            share *= later.rate.share if later.rate else 0.0
        found.append((step.rate, reached[n] * beyond))
    return tuple(found)
