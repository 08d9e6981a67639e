"""Whether a cheaper tier would have done, and what it would have cost.

What a class of work calls for is a table that anyone can read and argue with, not a score. A request is
overkill only where nothing excuses the dearer tier: the classifier was sure, no floor insisted on it, and no
cheaper model was tried first. Whatever is below difficulty 0.3, of a known class, and was answered by a
premium model is in it: the field's usual definition.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import date
from enum import StrEnum

from msgspec import Struct

from gateway.core.catalogue import Model
from gateway.core.conditions import Condition, reads_classification
from gateway.core.facts import Need, RequestClass, RequestFacts, Tier
from gateway.core.price import Usage, cost

SURE = 0.5  # a classification below this confidence says nothing about overkill
EASY = 0.3
HARD = 0.7

# class → what it calls for when it is easy, when it is middling, when it is hard
CALLS_FOR: Mapping[RequestClass, tuple[Tier, Tier, Tier]] = {
    RequestClass.CLASSIFICATION: (Tier.LIGHTWEIGHT, Tier.LIGHTWEIGHT, Tier.MID),
    RequestClass.EXTRACTION: (Tier.LIGHTWEIGHT, Tier.LIGHTWEIGHT, Tier.MID),
    RequestClass.REWRITING: (Tier.LIGHTWEIGHT, Tier.LIGHTWEIGHT, Tier.MID),
    RequestClass.BOILERPLATE: (Tier.LIGHTWEIGHT, Tier.LIGHTWEIGHT, Tier.MID),
    RequestClass.SIMPLE_QA: (Tier.LIGHTWEIGHT, Tier.LIGHTWEIGHT, Tier.MID),
    RequestClass.SUMMARIZATION: (Tier.LIGHTWEIGHT, Tier.MID, Tier.MID),
    RequestClass.GENERATION: (Tier.LIGHTWEIGHT, Tier.MID, Tier.PREMIUM),
    RequestClass.CODING: (Tier.MID, Tier.MID, Tier.PREMIUM),
    RequestClass.REASONING: (Tier.MID, Tier.PREMIUM, Tier.PREMIUM),
    RequestClass.LONG_CONTEXT: (Tier.MID, Tier.PREMIUM, Tier.PREMIUM),
    RequestClass.AGENTIC: (Tier.MID, Tier.PREMIUM, Tier.PREMIUM),
    RequestClass.UNKNOWN: (Tier.PREMIUM, Tier.PREMIUM, Tier.PREMIUM),  # nothing is said of it
}


class Fit(StrEnum):
    """How the tier that answered compares with what the work called for."""

    FITS = "fits"  # no dearer than called for
    OVERKILL = "overkill"
    FLOORED = "floored"  # dearer, because a floor insists
    NEEDED = "needed"  # dearer, because something cheaper was tried and did not do
    UNSURE = "unsure"  # dearer, and the classifier was not sure enough to object


class Alternative(Struct, frozen=True, kw_only=True):
    """The cheapest model that would have done. Nano-dollars, for the very tokens that were used."""

    model: str
    tier: Tier
    cost: int


def called_for(request_class: RequestClass, difficulty: float) -> Tier:
    easy, middling, hard = CALLS_FOR[request_class]
    if difficulty < EASY:
        return easy
    return middling if difficulty < HARD else hard


def is_by_tag(condition: Condition) -> bool:
    """Whether the caller's own tag decides, whatever the text looks like."""
    return _needs_tag(condition) and not reads_classification(condition)


def _needs_tag(condition: Condition) -> bool:
    return (
        condition.tag is not None
        or any(map(_needs_tag, condition.all_ or ()))
        or (bool(condition.any_) and all(map(_needs_tag, condition.any_ or ())))
    )


def fit(facts: RequestFacts, served: Tier, *, outcome: str, floors: Collection[str] = ()) -> Fit:
    """`outcome` is the request's, `floors` are the names of those that held."""
    if served <= called_for(facts.request_class, facts.difficulty):
        return Fit.FITS
    if outcome in {"escalated", "fell_back"}:
        return Fit.NEEDED
    if floors:
        return Fit.FLOORED
    return Fit.UNSURE if facts.confidence < SURE else Fit.OVERKILL


def alternative(
    models: Iterable[Model],
    *,
    calls_for: Tier,
    served: Tier | None,
    needs: Collection[Need],
    longest: int,
    usage: Usage,
    requests: int,
    day: date,
    like: Model | None = None,
) -> Alternative | None:
    """The cheapest of `models` (those that the router may use) below `served`, if that is given, that can do the work.

    `usage` is the sum over `requests` requests and `longest` the largest of their contexts, so that one
    answer holds for each of them. A model without a price is no alternative: what it saves is not known.
    `like` is the model that answered, where only its protocol has the words for what was asked
    (`RequestFacts.native`): of others that are spoken to by the same provider is certain that they were told.
    """
    abilities = frozenset(needs) - {Need.STREAMING, Need.REASONING}
    priced = (
        Alternative(
            model=model.id,
            tier=model.tier,
            cost=cost(price, usage) + price.per_request * (requests - 1),
        )
        for model in models
        if calls_for <= model.tier
        and (served is None or model.tier < served)
        and abilities <= model.can
        and longest <= model.context
        and (like is None or (model.provider, model.dialect) == (like.provider, like.dialect))
        and (price := model.price(day)) is not None
    )
    return min(priced, key=lambda option: (option.cost, option.model), default=None)
