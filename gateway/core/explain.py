"""A decision as people read it: every model of the tenant, its price for this request, and why it was not taken."""

from __future__ import annotations

from functools import partial

from msgspec import Struct

from gateway.core.baseline import Question, Reckoned, in_force, of_kind, reckon
from gateway.core.decide import (
    Candidate,
    Refusal,
    Route,
    Target,
    candidate_of,
    candidates,
    decide,
    within_floors,
)
from gateway.core.facts import RequestFacts, Tier
from gateway.core.ladder import Rung
from gateway.core.price import Usage
from gateway.core.router import Router


class Explanation(Struct, frozen=True, kw_only=True):
    """Costs in nano-dollars for the tokens expected; None where a model has no price."""

    rule: str
    tier: Tier | None  # None when no model is left
    asked_tier: Tier  # what rule, doubt and floors came to
    floors: tuple[str, ...]
    lifted_by: str
    model: str | None
    refusal: str | None  # the error's code
    ladder: tuple[Rung, ...]
    quality: float | None  # that had to be held; None where no rule asks, or none could be promised
    effort: str | None  # of thinking, that the rule asks for
    up_to: Tier | None  # how far a rejected answer climbs
    candidates: tuple[Candidate, ...]  # taken first, then along the ladder, then those left out
    baseline_model: str
    baseline_cost: int | None


def explain(facts: RequestFacts, router: Router) -> Explanation:
    decision = decide(facts, router)
    facts = decision.facts if isinstance(decision, Route) else facts
    target, route = decision.target, decision if isinstance(decision, Route) else None
    baseline = would_have(facts, router, target)
    return Explanation(
        rule=target.rule,
        tier=route.tier if route else None,
        asked_tier=target.tier,
        floors=target.floors,
        lifted_by=target.lifted_by,
        model=route.model if route else None,
        refusal=None if route else _code(decision),
        ladder=route.ladder if route else (),
        quality=route.choice.asked if route and route.choice else None,
        effort=target.effort,
        up_to=target.cascade.up_to if target.cascade else None,
        candidates=(*(candidates(route, facts) if route else ()), *left_out(decision, router, facts)),
        baseline_model=baseline.model,
        baseline_cost=baseline.nano,
    )


def would_have(facts: RequestFacts, router: Router, target: Target) -> Reckoned:
    """What the declared baseline would cost, for the tokens expected."""
    day = facts.at.date()
    question = Question(
        models=router.models,
        requested=facts.requested_model,
        usage=Usage(input=facts.input_tokens, output=facts.output_tokens),
        day=day,
        could=partial(within_floors, target, facts, router),
    )
    declared, basis = of_kind(facts.kind, router.baselines, router.policy.baseline)
    return reckon(in_force(declared, basis, day), question)


def left_out(decision: Route | Refusal, router: Router, facts: RequestFacts) -> tuple[Candidate, ...]:
    """The models that cannot answer this request, cheapest first, those that never can at the end."""
    other = [(model, f"is for {model.kind.value}") for model in router.open if model.kind is not facts.kind]
    reasons = [*decision.out, *other, *((seat.model, seat.bar) for seat in router.barred)]
    return tuple(candidate_of(model, facts, because=because) for model, because in reasons)


def _code(decision: Route | Refusal) -> str | None:
    return decision.code if isinstance(decision, Refusal) else None
