"""What to try next, given what has been tried: a failure moves along the rung and then up, a rejection moves up."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from enum import StrEnum

from msgspec import Struct

from gateway.core.facts import Tier
from gateway.core.price import NOTHING, Usage, UsageSource

MAX_ATTEMPTS = 3  # upstream answers asked for by one request, in total
HEDGED = "hedged"  # why an attempt was cancelled: another began to answer first


class Rung(Struct, frozen=True):
    """Models of one tier that can stand in for one another, cheapest expected cost first."""

    tier: Tier
    models: tuple[str, ...]


class AttemptOutcome(StrEnum):
    ANSWERED = "answered"
    REJECTED = "rejected"  # it came, and did not pass the checks
    FAILED = "failed"
    CANCELLED = "cancelled"  # the caller left
    INTERRUPTED = "interrupted"  # we died; what it used is not known


class Kind(StrEnum):
    """What an attempt was for."""

    ANSWER = "answer"
    JUDGE = "judge"
    CLASSIFIER = "classifier"
    SAMPLE = "sample"  # the same model once more, to see whether it says the same
    AGREEMENT = "agreement"  # another model, to see whether it does
    WEBHOOK = "webhook"  # the tenant's own validator
    SHADOW = "shadow"
    COUNT = "count"  # of the prompt's tokens: nothing is generated, nothing is billed


class Purpose(StrEnum):
    """What calls beside an answer are for; each can have a budget of its own."""

    CHECKS = "checks"
    SHADOW = "shadow"


KINDS: Mapping[Purpose, frozenset[Kind]] = {
    Purpose.CHECKS: frozenset({Kind.JUDGE, Kind.CLASSIFIER, Kind.SAMPLE, Kind.AGREEMENT, Kind.WEBHOOK}),
    Purpose.SHADOW: frozenset({Kind.SHADOW}),
}


class Attempt(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One call to one provider, as it ended."""

    id: str
    model: str
    outcome: AttemptOutcome
    kind: Kind = Kind.ANSWER
    because: str = ""  # which check objected, or how it failed; never a provider's text
    status: int = 0  # HTTP status of the provider, 0 when there was none
    usage: Usage = NOTHING
    usage_source: UsageSource = UsageSource.NONE
    served_model: str = ""  # as the provider names what answered
    provider_key: str = ""  # name, where it is not the first of several
    started_ms: int = 0  # after the request's arrival
    first_byte_ms: int | None = None
    total_ms: int = 0


def next_model(
    ladder: Sequence[Rung],
    attempts: Sequence[Attempt],
    *,
    up_to: Tier | None = None,
    avoiding: Collection[str] = (),
    again: str = "",
) -> str | None:
    """The model to try, or None when there is an answer or nothing is left to try.

    `up_to` bounds how far a rejected answer may climb; None: a rejection does not climb. `avoiding` are passed over;
    `again` has failed and is asked once more before a higher rung is.
    """
    if not attempts and not avoiding and ladder and ladder[0].models:  # as a rule
        return ladder[0].models[0]
    answers = [attempt for attempt in attempts if attempt.kind is Kind.ANSWER]
    if len(answers) >= MAX_ATTEMPTS or (answers and answers[-1].outcome not in _GOES_ON):
        return None
    tried = {attempt.model for attempt in answers}
    rejected = {attempt.model for attempt in answers if attempt.outcome is AttemptOutcome.REJECTED}
    for rung in ladder:
        if rejected and (up_to is None or rung.tier > up_to):
            return None
        if not rejected.isdisjoint(rung.models):
            continue
        for model in rung.models:
            if model not in tried and model not in avoiding:
                return model
        if again in rung.models:
            return again
    return None


def beside(ladder: Sequence[Rung], model: str, passed_over: Collection[str]) -> str:
    """Who may be asked at the same time: the next of its rung, else the model itself."""
    rung = next((rung.models for rung in ladder if model in rung.models), ())
    return next((other for other in rung if other != model and other not in passed_over), model)


def outcome_of(attempts: Sequence[Attempt], delivered: Attempt | None) -> str:
    """How a request came out, in the contract's words; `delivered` is the attempt whose answer was sent."""
    if delivered is None:
        return "failed"
    if delivered.outcome is AttemptOutcome.REJECTED:
        return "rejected"
    earlier = {each.outcome for each in attempts if each is not delivered and each.kind is Kind.ANSWER}
    if AttemptOutcome.REJECTED in earlier:
        return "escalated"
    return "fell_back" if AttemptOutcome.FAILED in earlier else "answered"


_GOES_ON = frozenset({AttemptOutcome.REJECTED, AttemptOutcome.FAILED})
