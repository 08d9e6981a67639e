"""Policies to begin with. Each can be published as it stands where its models are within reach."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from gateway.core.catalogue import Model
from gateway.core.conditions import Condition, Range
from gateway.core.facts import RequestClass, Tier
from gateway.core.policy import REQUESTED, Cascade, Check, Floor, Otherwise, Policy, Rule, Unsure
from gateway.core.price import Price


class Starter(Struct, frozen=True):
    id: str
    name: str
    description: str


STARTERS = (
    Starter(
        "ladder",
        "Down the ladder",
        "Routine work starts on a light model and climbs when its answer does not pass; hard work stays up.",
    ),
    Starter(
        "careful",
        "Careful first step",
        "Everything goes to a mid model but short tagging, extraction and rewriting, which start light.",
    ),
    Starter("plain", "One tier", "Everything goes to one tier. Add rules as you learn what your traffic is."),
)


def policy(starter: str, models: Iterable[Model]) -> Policy:
    """The baseline is the cheapest premium model with a key: of those one could declare, the least flattering."""
    baseline = _baseline(models)
    if starter == "ladder":
        return _ladder(baseline)
    return _careful(baseline) if starter == "careful" else Policy(baseline=baseline)


def _ladder(baseline: str) -> Policy:
    return Policy(
        baseline=baseline,
        rules=(
            Rule(
                name="hard work",
                when=Condition(
                    request_class=(RequestClass.REASONING, RequestClass.AGENTIC, RequestClass.LONG_CONTEXT)
                ),
                tier=Tier.PREMIUM,
            ),
            Rule(
                name="routine",
                when=Condition(request_class=_ROUTINE, input_tokens=Range(at_most=4000)),
                tier=Tier.LIGHTWEIGHT,
                cascade=Cascade(up_to=Tier.PREMIUM, checks=(Check(not_refusal=True),)),
            ),
        ),
        otherwise=Otherwise(tier=Tier.MID),
        unsure=Unsure(tier=Tier.MID, confidence_below=0.5),
        floors=(
            Floor(name="reasoning", tier=Tier.MID, when=Condition(request_class=RequestClass.REASONING)),
        ),
    )


def _careful(baseline: str) -> Policy:
    return Policy(
        baseline=baseline,
        rules=(
            Rule(
                name="short routine",
                when=Condition(request_class=_ROUTINE[:3], input_tokens=Range(at_most=1000)),
                tier=Tier.LIGHTWEIGHT,
                cascade=Cascade(up_to=Tier.MID, checks=(Check(not_refusal=True),)),
            ),
        ),
        otherwise=Otherwise(tier=Tier.MID),
        unsure=Unsure(tier=Tier.MID, confidence_below=0.6),
    )


def _baseline(models: Iterable[Model]) -> str:
    priced = [model for model in models if model.provider_key and model.prices and model.tier is Tier.PREMIUM]
    cheapest = min(priced, key=lambda model: (_blended(model.prices[-1]), model.id), default=None)
    return cheapest.id if cheapest else REQUESTED


def _blended(price: Price) -> int:
    """Three tokens in for each one out, which is what prices are usually compared by."""
    return 3 * price.input + price.output


_ROUTINE = (
    RequestClass.CLASSIFICATION,
    RequestClass.EXTRACTION,
    RequestClass.REWRITING,
    RequestClass.SUMMARIZATION,
    RequestClass.SIMPLE_QA,
    RequestClass.BOILERPLATE,
)
