"""Why a model stands where it stands on a ladder, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from gateway.core.catalogue import Model
from gateway.core.expected import cache_worth, expected_amount
from gateway.core.facts import RequestFacts
from gateway.core.money import usd
from gateway.core.strategy import LATENCY, Weights

if TYPE_CHECKING:
    from gateway.core.decide import Route


def place_of(model: Model, route: Route) -> str:
    first, target = route.kept[0], route.target
    if route.choice is not None:
        return _by_quality(model, route)
    if model is first and target.pin:
        return f"rule {target.rule} pins it"
    if model.tier != first.tier:
        return f"a rung above {first.tier.value}; only if the rungs below fail or are rejected"
    if isinstance(target.strategy, Weights):
        return _by_weight(model, first, target.strategy, route)
    if target.strategy == LATENCY:
        return _by_latency(model, first, route)
    return _by_cost(model, first, route)


def _by_quality(model: Model, route: Route) -> str:
    assert route.choice is not None
    if model is route.kept[0]:
        kept = _kept(model, route.facts)
        return f"cheapest that holds the quality of {route.choice.asked:.2f} asked for{kept and f', {kept}'}"
    against = dict(route.choice.against).get(model.id, "nothing is known of its quality")
    return f"{against}; stands in if those before it fail"


def _by_cost(model: Model, first: Model, route: Route) -> str:
    facts = route.facts
    if model is first:
        kept = _kept(model, facts)
        if not kept:
            return f"cheapest in {model.tier.value}"
        return f"kept: {kept}" if _would_lose(model, route) else f"cheapest in {model.tier.value}; {kept}"
    kept = _kept(model, facts)
    return f"dearer than {first.id}; next if that fails{kept and f'; {kept}'}"


def _by_latency(model: Model, first: Model, route: Route) -> str:
    latency = route.facts.latency
    if latency.keys().isdisjoint(other.id for other in _rung(first, route)):
        return f"{_by_cost(model, first, route)}; nobody's speed in {model.tier.value} is known yet"
    known, fastest = latency.get(model.id), latency.get(first.id)
    if model is first:
        told = f"fastest in {model.tier.value}, {known} ms in the median"
        return "asked so that its speed is known" if known is None else told
    if known is None:
        return "its speed is not known; next if those before it fail"
    than = "" if fastest is None else f", not {fastest} ms"
    return f"{known} ms in the median{than}; next if {first.id} fails"


def _by_weight(model: Model, first: Model, strategy: Weights, route: Route) -> str:
    weights = strategy.weights
    whole = sum(max(0, weights.get(other.id, 0)) for other in _rung(first, route))
    own = weights.get(model.id, 0)
    if not whole:
        return _by_cost(model, first, route)
    if own <= 0:
        return "has no weight; only stands in"
    if model is not first:
        return f"has a weight of {own} in {whole}; next if {first.id} fails"
    kept = _kept(model, route.facts)
    return f"kept: {kept}" if kept else f"drawn with a weight of {own} in {whole}"


def _kept(model: Model, facts: RequestFacts) -> str:
    worth = cache_worth(model, facts, facts.at.date())
    return f"the conversation's cache there is worth ${usd(worth)}" if worth > 0 else ""


def _would_lose(model: Model, route: Route) -> bool:
    """Whether another of the rung would be cheaper if no cache held anything."""
    facts = replace(route.facts, cached={})
    day = facts.at.date()
    own = expected_amount(model, facts, day)
    others = [expected_amount(other, facts, day) for other in _rung(model, route)]
    return own is not None and any(amount is not None and amount < own for amount in others)


def _rung(model: Model, route: Route) -> list[Model]:
    return [other for other in route.kept if other.tier == model.tier]
