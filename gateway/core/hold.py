"""The step of `decide` for a rule that asks for quality: the cheapest candidate that holds it, and who stands in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct

from gateway.core.baseline import in_force, of_kind
from gateway.core.catalogue import Model
from gateway.core.demand import Quality
from gateway.core.facts import RANK, RequestFacts
from gateway.core.naming import named
from gateway.core.policy import CHEAPEST, FRONTIER, MEASURED, REQUESTED
from gateway.core.quality.choose import Choice, Option, cheapest
from gateway.core.router import Router

type Costs = Mapping[str, int | None]  # by model, nano-dollars


class Held(Struct, frozen=True):
    """`kept` are the models of the ladder in order, the chosen one first."""

    choice: Choice
    kept: list[Model]


class Standard(Struct, frozen=True):
    """What must be reached, and the model that reaches it by definition, if it is one model."""

    asked: float
    model: str = ""


def hold(
    quality: Quality, kept: Sequence[Model], costs: Costs, facts: RequestFacts, router: Router
) -> Held | None:
    """`kept` are the candidates in order. None where nothing can be promised: no bound holds, or no standard is known."""
    standard = standard_of(quality, kept, costs, facts, router)
    if standard is None:
        return None
    options = [
        Option(model.id, costs[model.id], facts.expected[model.id])
        for model in kept
        if model.id in facts.expected
    ]
    choice = cheapest(options, asked=standard.asked, exempt=standard.model)
    return None if choice is None else Held(choice, ladder_of(choice, standard, kept, facts, router))


def ladder_of(
    choice: Choice, standard: Standard, kept: Sequence[Model], facts: RequestFacts, router: Router
) -> list[Model]:
    """Tier by tier from the chosen one's: those that hold too, then, in case all of those fail, others that are at
    least of the baseline's tier, or without one of the tier for what is unsure."""
    by_id = {model.id: model for model in kept}
    first = by_id[choice.model]
    unsure = router.policy.unsure
    least = by_id.get(standard.model) or router.models.get(standard.model)
    enough = least.tier if least else unsure.tier if unsure else first.tier
    holding = {
        model.id
        for model in kept
        if model.id == standard.model
        or (model.id in facts.expected and facts.expected[model.id].lower >= choice.asked)
    }
    others = [
        model
        for model in kept
        if model is not first and model.tier >= first.tier and (model.id in holding or model.tier >= enough)
    ]
    others.sort(key=lambda model: (RANK[model.tier], model.id not in holding))
    return [first, *others]


def standard_of(
    quality: Quality, kept: Sequence[Model], costs: Costs, facts: RequestFacts, router: Router
) -> Standard | None:
    """None where the baseline is nobody of whom anything is known."""
    if not quality.of_baseline:
        return Standard(quality.share)
    declared, basis = of_kind(facts.kind, router.baselines, router.policy.baseline)
    in_use = in_force(declared, basis, facts.at.date())
    if in_use.basis == MEASURED:
        known = [(facts.expected.get(model), weight) for model, weight in in_use.mix]
        if not known or any(estimate is None for estimate, _ in known):
            return None
        weighed = sum(estimate.mean * weight for estimate, weight in known if estimate)
        return Standard(quality.share * weighed / sum(weight for _, weight in known))
    model = _one(in_use.basis, kept, costs, facts, router)
    if model not in facts.expected:
        return None
    return Standard(quality.share * facts.expected[model].mean, model)


def _one(basis: str, kept: Sequence[Model], costs: Costs, facts: RequestFacts, router: Router) -> str:
    """The model that a baseline comes to for this request, or an empty string."""
    if basis == REQUESTED:
        found = named(router.models, facts.requested_model)
        return found.id if found else ""
    priced = [(costs[model.id] or 0, model.id, model.tier) for model in kept if costs[model.id] is not None]
    if basis == CHEAPEST:
        return min(priced)[1] if priced else ""
    if basis == FRONTIER:
        return max(priced, key=lambda row: (RANK[row[2]], row[0], row[1]))[1] if priced else ""
    return basis
