"""What-if: past requests decided again by a draft, with the function that serves, and what that would have cost.

No prompt is needed. What is not known is assumed, and pages say so:

- Another model would have used the tokens of the answer that was sent (the replayed-tokens convention).
- A request that begins with the same model under the same checks costs what it cost.
- Answers are rejected as often as was observed (`billing.rejections`); where nothing was, none is, and the upper
  end of the interval has all of them climb.
- Providers that would have failed are not modelled.

The interval is a normal one of 95 %: requests vary as if each had come by chance (the variance of a sum over a
Poisson number of them), rejections vary, and the rates themselves are known from so many answers only.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from enum import StrEnum
from math import sqrt

from msgspec import Struct

from billing.climb import Climb, climb
from billing.past import Past
from billing.rejections import Rate, Rates, cascade_of
from gateway.core.conditions import Condition, parts_of
from gateway.core.decide import OTHERWISE, Refusal, Route, decide
from gateway.core.facts import RANK
from gateway.core.ladder import AttemptOutcome
from gateway.core.policy import Cascade, Policy
from gateway.core.price import UsageSource
from gateway.core.router import Router, on_whitelist

Z = 1.96  # of a normal interval of 95 %
MOST_MOVES = 50


class Unknown(StrEnum):
    """Why a request cannot be evaluated."""

    NO_FACTS = "no_facts"  # the gateway stopped before it said what the request was
    NO_ANSWER = "no_answer"  # none was sent, so that there are no tokens to replay
    COUNTED_ONLY = "counted_only"  # only tokens were counted
    CACHED = "cached"  # answered without a model
    UNSEEN = "unseen"  # it is not known how many tokens were used, or what they cost
    OWN_CLASSES = "own_classes"  # the draft reads classes of the tenant's own that were not told apart then
    NO_ESTIMATES = "no_estimates"  # the draft asks for a quality that nothing was expected of then
    UNPRICED = "unpriced"  # the draft sends it to a model without a price


class Move(Struct, kw_only=True):
    """Requests that went one way and would go another. Nano-dollars."""

    before: str
    after: str
    requests: int = 0
    cost: int = 0
    projected: int = 0


class Span(Struct, frozen=True, kw_only=True):
    """Nano-dollars, with the ends of its interval."""

    amount: int
    low: int
    high: int


class Observed(Struct, frozen=True, kw_only=True):
    """The rate at which answers of a model to requests of a class were taken to be rejected."""

    model: str
    request_class: str
    share: float
    answers: int
    requests: int  # for which it was used


class Projection(Struct, frozen=True, kw_only=True):
    """Amounts are nano-dollars, of the requests that could be evaluated. Moves are by model, rule and tier."""

    requests: int
    evaluated: int
    unknown: Mapping[str, int]
    unknown_cost: int
    refused: Mapping[str, int]  # the error's code → requests that the draft would refuse
    refused_cost: int
    changed: int  # begin with another model
    cost: int
    projected: Span
    difference: Span  # below zero: the draft is cheaper
    baseline: int | None  # as it was declared then; None where it is unknown of any request
    escalated: int
    projected_escalated: int
    blind: int  # requests under checks of which nothing was ever observed
    ladders: int
    models_checked: int  # on those ladders, each against whitelists and floors
    violations: int
    outside_then: int  # answered by a model that the draft would not have allowed
    models: tuple[Move, ...]
    rules: tuple[Move, ...]
    tiers: tuple[Move, ...]
    rates: tuple[Observed, ...]

    @property
    def saved(self) -> int | None:
        return None if self.baseline is None else self.baseline - self.projected.amount

    @property
    def cheaper(self) -> int:
        return -self.difference.amount

    @property
    def aside_cost(self) -> int:
        """The known part of what was paid for requests that are in no other figure."""
        return self.unknown_cost + self.refused_cost

    @property
    def share_changed(self) -> float | None:
        return self.changed / self.evaluated if self.evaluated else None

    @property
    def share_evaluated(self) -> float | None:
        return self.evaluated / self.requests if self.requests else None


class Used(Struct, kw_only=True):
    """A rate, for how many requests it was used, and how much all of them would cost more if it were one more."""

    rate: Rate
    requests: int = 0
    leverage: float = 0.0


class Draft:
    """A router compiled as it would be served, with what it takes to judge its decisions independently."""

    def __init__(
        self,
        router: Router,
        *,
        whitelist: Sequence[str] | None,
        policies: Mapping[int, Policy],
        repriced: Collection[str] = (),
    ) -> None:
        """`whitelist` is the tenant's; `policies` are the router's versions, by number."""
        self.router, self.policies, self.repriced = router, policies, frozenset(repriced)
        lists = (whitelist, router.policy.whitelist)
        self.allowed = frozenset(
            name for name in router.models if all(on_whitelist(name, patterns) for patterns in lists)
        )
        self.by_quality = _by_quality(router.policy)
        self._first_semantic = _first_semantic(router.policy)

    def misjudges(self, past: Past, rule: str) -> bool:
        """Whether the decision rests on the tenant's own classes, and those were others then."""
        if self._first_semantic is None:
            return False
        then = self.policies.get(past.policy_version)
        if then is not None and then.classes == self.router.policy.classes:
            return False
        names = [each.name for each in self.router.policy.rules]
        return rule == OTHERWISE or names.index(rule) >= self._first_semantic

    def objects_to(self, past: Past, models: Iterable[str]) -> int:
        """How many of the models are outside the whitelists or below a floor that holds: asked anew of each."""
        assert past.facts is not None
        floors = [RANK[floor.tier] for holds, floor in self.router.floors if holds(past.facts)]
        lowest = max(floors, default=0)
        return sum(
            name not in self.allowed or RANK[self.router.models[name].tier] < lowest for name in models
        )


class Replay:
    """Takes past requests in, in any order, and gives the projection of those so far."""

    def __init__(self, draft: Draft, rates: Rates) -> None:
        self._draft, self._rates = draft, rates
        self._unknown: dict[str, int] = defaultdict(int)
        self._refused: dict[str, int] = defaultdict(int)
        self._sums: dict[str, int] = defaultdict(int)
        self._spread: dict[str, float] = defaultdict(float)
        self._moves: dict[str, dict[tuple[str, str], Move]] = {"models": {}, "rules": {}, "tiers": {}}
        self._used: dict[tuple[str, ...], Used] = {}

    def take(self, past: Past) -> None:
        self._sums["requests"] += 1
        if reason := _unknowable(past):
            return self._set_aside(past, reason)
        assert past.facts is not None
        decision = decide(past.facts, self._draft.router)
        if self._draft.misjudges(past, decision.target.rule):
            return self._set_aside(past, Unknown.OWN_CLASSES)
        if decision.target.rule in self._draft.by_quality and not past.facts.expected:
            return self._set_aside(past, Unknown.NO_ESTIMATES)
        if isinstance(decision, Refusal):
            self._refused[decision.code] += 1
            self._sums["refused_cost"] += past.cost
            return None
        return self._take_route(past, decision)

    def projection(self) -> Projection:
        sums = self._sums
        rates = sum(used.leverage**2 * used.rate.variance for used in self._used.values())
        extra = sums["blind_cost"]
        cost, projected = sums["cost"], sums["projected"]
        return Projection(
            requests=sums["requests"],
            evaluated=sums["evaluated"],
            unknown=dict(self._unknown),
            unknown_cost=sums["unknown_cost"],
            refused=dict(self._refused),
            refused_cost=sums["refused_cost"],
            changed=sums["changed"],
            cost=cost,
            projected=_span(projected, self._spread["cost"] + rates, extra, lowest=0),
            difference=_span(projected - cost, self._spread["difference"] + rates, extra),
            baseline=None if sums["without_baseline"] else sums["baseline"],
            escalated=sums["escalated"],
            projected_escalated=round(self._spread["escalated"]),
            blind=sums["blind"],
            ladders=sums["ladders"],
            models_checked=sums["models_checked"],
            violations=sums["violations"],
            outside_then=sums["outside_then"],
            models=_largest(self._moves["models"]),
            rules=_largest(self._moves["rules"]),
            tiers=_largest(self._moves["tiers"]),
            rates=self._observed(),
        )

    def _set_aside(self, past: Past, reason: Unknown) -> None:
        self._unknown[reason] += 1
        self._sums["unknown_cost"] += past.cost

    def _take_route(self, past: Past, route: Route) -> None:
        sums, first = self._sums, past.first
        assert first is not None
        ladder = [model for rung in route.ladder for model in rung.models]
        sums["ladders"] += 1
        sums["models_checked"] += len(ladder)
        sums["violations"] += self._draft.objects_to(past, ladder)
        then = cascade_of(self._draft.policies.get(past.policy_version), past.rule)
        is_as_then = _is_same(then, route.target.cascade)
        way = climb(past, route, self._rates, is_as_then=is_as_then, repriced=self._draft.repriced)
        if way is None:
            return self._set_aside(past, Unknown.UNPRICED)
        sums["evaluated"] += 1
        sums["changed"] += first.model != route.model
        known_then = first.model in self._draft.router.models
        sums["outside_then"] += not known_then or bool(self._draft.objects_to(past, [first.model]))
        self._add(past, way)
        self._move("models", first.model, route.model, past.cost, way.cost)
        self._move("rules", past.rule, route.target.rule, past.cost, way.cost)
        self._move("tiers", past.tier, route.tier.value, past.cost, way.cost)
        return None

    def _add(self, past: Past, way: Climb) -> None:
        sums, spread = self._sums, self._spread
        sums["cost"] += past.cost
        sums["projected"] += way.cost
        if past.baseline is None:
            sums["without_baseline"] += 1
        sums["baseline"] += past.baseline or 0
        sums["escalated"] += any(line.outcome is AttemptOutcome.REJECTED for line in past.lines)
        sums["blind"] += way.is_blind
        sums["blind_cost"] += way.blind_cost
        spread["escalated"] += way.escalates
        spread["cost"] += way.cost**2 + way.variance
        spread["difference"] += (way.cost - past.cost) ** 2 + way.variance
        for rate, leverage in way.rates:
            used = self._used.setdefault(rate.cell, Used(rate=rate))
            used.requests += 1
            used.leverage += leverage

    def _move(self, what: str, before: str, after: str, cost: int, projected: int) -> None:
        move = self._moves[what].setdefault((before, after), Move(before=before, after=after))
        move.requests += 1
        move.cost += cost
        move.projected += projected

    def _observed(self) -> tuple[Observed, ...]:
        found = [
            Observed(
                model=used.rate.cell[1],
                request_class=used.rate.cell[2],
                share=used.rate.share,
                answers=used.rate.answers,
                requests=used.requests,
            )
            for used in self._used.values()
        ]
        found.sort(key=lambda each: (-each.requests, each.model, each.request_class))
        return tuple(found[:MOST_MOVES])


def _unknowable(past: Past) -> Unknown | None:
    if past.facts is None:
        return Unknown.NO_FACTS
    if past.facts.counts_only:
        return Unknown.COUNTED_ONLY
    if past.outcome == "cached":
        return Unknown.CACHED
    answer = past.answer
    if answer is None or past.first is None:
        return Unknown.NO_ANSWER
    if past.unpriced_attempts or answer.usage_source is UsageSource.UNKNOWN:
        return Unknown.UNSEEN
    return None


def _by_quality(policy: Policy) -> frozenset[str]:
    """The rules that ask for a quality: what is expected of models is kept with requests only where one did."""
    asked = {each.name for each in policy.rules if each.quality is not None}
    return frozenset(asked | ({OTHERWISE} if policy.otherwise.quality is not None else set()))


def _first_semantic(policy: Policy) -> int | None:
    """The place of the first rule that reads the tenant's own classes; a floor that does stands before all."""
    if any(_reads_semantic(floor.when) for floor in policy.floors):
        return 0
    return next((n for n, rule in enumerate(policy.rules) if _reads_semantic(rule.when)), None)


def _reads_semantic(condition: Condition) -> bool:
    return condition.semantic is not None or any(map(_reads_semantic, parts_of(condition)))


def _is_same(then: Cascade | None, now: Cascade | None) -> bool:
    """Whether the same is asked of answers; without checks none is rejected, however far it might climb."""
    asked = [cascade if cascade and cascade.checks else None for cascade in (then, now)]
    return asked[0] == asked[1]


def _span(amount: int, variance: float, blind_cost: int, *, lowest: int | None = None) -> Span:
    reach = round(Z * sqrt(variance))
    low = amount - reach if lowest is None else max(lowest, amount - reach)
    return Span(amount=amount, low=low, high=amount + reach + blind_cost)


def _largest(moves: Mapping[tuple[str, str], Move]) -> tuple[Move, ...]:
    """What changes first, then by requests; what is beyond the first so many is one row."""
    ordered = sorted(
        moves.values(), key=lambda move: (move.before == move.after, -move.requests, move.before, move.after)
    )
    shown, rest = ordered[:MOST_MOVES], ordered[MOST_MOVES:]
    if rest:
        shown.append(
            Move(
                before="…",
                after="…",
                requests=sum(move.requests for move in rest),
                cost=sum(move.cost for move in rest),
                projected=sum(move.projected for move in rest),
            )
        )
    return tuple(shown)
