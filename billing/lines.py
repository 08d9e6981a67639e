"""An event → its rows: one for the request, one for each attempt. Pure, and in the tables' own words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

import msgspec

from gateway.core.events import Intent, RequestSettled, SettledAttempt
from gateway.core.facts import ModelKind, Need, RequestFacts, Tier
from gateway.core.ladder import Attempt, AttemptOutcome, Kind
from gateway.core.overkill import called_for, fit
from gateway.core.price import Price, UsageSource
from gateway.core.settle import answer_of, total

_OF_NO_MODEL = {Need.STREAMING, Need.REASONING}  # not abilities that a model may lack
_REPORTED = frozenset({UsageSource.PROVIDER_FINAL, UsageSource.NONE})  # by providers, or nothing to report
_PARTS: Mapping[Kind, str] = {
    Kind.JUDGE: "check",
    Kind.SAMPLE: "check",
    Kind.AGREEMENT: "check",
    Kind.WEBHOOK: "check",
    Kind.CLASSIFIER: "check",
    Kind.SHADOW: "shadow",
    Kind.COUNT: "count",
}
_encode = msgspec.json.Encoder(order="sorted").encode


class Common(NamedTuple):
    """What a request and each of its lines have alike."""

    tenant_id: str
    request_id: str
    at: datetime
    router: str
    gateway_key: str
    requested_model: str
    request_class: str
    rule: str
    outcome: str
    known: bool
    verified: bool
    fit: str
    called_for: str
    needs: str
    difficulty: float | None
    tags: str
    end_user: str
    session: str
    policy_version: int
    snapshot_version: int
    baseline_model: str
    second_model: str


class OfRequest(NamedTuple):
    provider: str
    model: str
    tier: str
    part: str
    process: str
    seq: int
    status: int
    error: str
    decided_tier: str
    floors: str
    facts: str | None
    confidence: float | None
    attempts: int
    cost_nano: int
    unpriced_attempts: int
    baseline_nano: int | None
    saved_nano: int | None
    second_nano: int | None
    total_ms: int
    first_byte_ms: int | None
    decide_us: int
    interrupted: bool


class OfLine(NamedTuple):
    attempt_id: str
    n: int
    provider: str
    model: str
    tier: str
    part: str
    served_model: str
    provider_key: str
    kind: str
    attempt_outcome: str
    status: int
    because: str
    usage_source: str
    needs_review: bool
    cost_nano: int | None
    price: str | None
    baseline_nano: int | None
    second_nano: int | None
    started_ms: int
    first_byte_ms: int | None
    total_ms: int
    input_tokens: int
    cache_read_tokens: int
    cache_write_tokens: int
    cache_write_1h_tokens: int
    output_tokens: int
    reasoning_tokens: int
    audio_input_tokens: int
    audio_output_tokens: int
    audio_cache_read_tokens: int
    image_input_tokens: int
    image_output_tokens: int
    tool_input_tokens: int
    searches: int
    service_tier: str | None
    region: str | None


REQUEST_COLUMNS = (*Common._fields, *OfRequest._fields)
LINE_COLUMNS = (*Common._fields, *OfLine._fields)

type Row = tuple[object, ...]
type Baselines = tuple[int | None, int | None]  # the declared one, the second


class Rows(NamedTuple):
    request: Row
    lines: Sequence[Row]


def rows_of(event: RequestSettled, *, interrupted: bool = False) -> Rows:
    answer = None if event.outcome == "failed" else answer_of(event.attempts)
    baselines = (0, 0) if event.outcome == "failed" else (event.baseline, event.second)
    paid = total(line.cost for line in event.attempts)
    saved = None if paid is None or baselines[0] is None else baselines[0] - paid
    common = _common(event, answer, known=saved is not None)
    lines = [
        (*common, *_line(line, n, answer, baselines if line.attempt is answer else (0, 0)))
        for n, line in enumerate(event.attempts, 1)
    ]
    request = _request(event, answer, baselines, saved, interrupted=interrupted)
    return Rows((*common, *request), lines)


def interrupted(intent: Intent, unsettled: tuple[Intent, ...]) -> RequestSettled:
    """What is to be believed of a request whose gateway died: `intent` is its last, `unsettled` all open."""
    lost = tuple(_lost(one) for one in unsettled)
    return RequestSettled(
        process=intent.process,
        seq=intent.seq,
        at=intent.facts.at if intent.facts else intent.at,
        origin=intent.origin,
        facts=intent.facts,  # type: ignore[arg-type]  # None: the gateway did not get to say
        rule="",
        tier=intent.tier,
        outcome="failed",
        status=0,
        error="interrupted",
        attempts=(*intent.settled, *lost),
    )


def _lost(intent: Intent) -> SettledAttempt:
    """The provider may have answered and billed: what it cost is not known, but where it bills nothing."""
    free = intent.kind is Kind.COUNT
    attempt = Attempt(
        id=intent.attempt_id,
        model=intent.model,
        kind=intent.kind,
        outcome=AttemptOutcome.INTERRUPTED,
        because="the gateway stopped",
        usage_source=UsageSource.NONE if free else UsageSource.UNKNOWN,
    )
    cost = 0 if free else None
    return SettledAttempt(attempt=attempt, provider=intent.provider, tier=intent.tier, cost=cost)


def _common(event: RequestSettled, answer: Attempt | None, *, known: bool) -> Common:
    origin, facts = event.origin, _facts(event)
    size = _fit(event, answer)
    return Common(
        tenant_id=origin.tenant,
        request_id=origin.request_id,
        at=event.at,
        router=origin.router,
        gateway_key=origin.gateway_key,
        requested_model=facts.requested_model if facts else "",
        request_class=facts.request_class.value if facts else "",
        rule=event.rule,
        outcome=event.outcome,
        known=known,
        verified=all(map(_is_verified, event.attempts)),
        fit=size,
        called_for=called_for(facts.request_class, facts.difficulty).value if facts and size else "",
        needs=",".join(_needs(facts)) if facts else "",
        difficulty=facts.difficulty if facts else None,
        tags=_json(facts.tags) if facts else "{}",
        end_user=origin.end_user,
        session=origin.session,
        policy_version=origin.policy_version,
        snapshot_version=origin.snapshot_version,
        baseline_model=event.baseline_model,
        second_model=event.second_model,
    )


def _fit(event: RequestSettled, answer: Attempt | None) -> str:
    """Empty where nobody answered, or where no other model would do: there is nothing to compare."""
    served = next((line.tier for line in event.attempts if line.attempt is answer), None)
    facts = _facts(event)
    if served is None or facts is None or facts.kind is not ModelKind.CHAT:
        return ""
    return fit(facts, served, outcome=event.outcome, floors=event.floors).value


def _facts(event: RequestSettled) -> RequestFacts | None:
    """Unknown for a request that was interrupted before its facts were told."""
    return event.facts


def _request(
    event: RequestSettled,
    answer: Attempt | None,
    baselines: Baselines,
    saved: int | None,
    *,
    interrupted: bool,
) -> OfRequest:
    last = ending(event, answer)
    facts = _facts(event)
    return OfRequest(
        provider=last.provider if last else "",
        model=last.attempt.model if last else event.model,
        tier=last.tier.value if last else "",
        part=part_of(last.attempt, answer) if last else "",
        process=event.process,
        seq=event.seq,
        status=event.status,
        error=event.error,
        decided_tier=event.tier.value if isinstance(event.tier, Tier) else "",
        floors=_json(event.floors),
        facts=_json(facts) if facts else None,
        confidence=facts.confidence if facts else None,
        attempts=len(event.attempts),
        cost_nano=sum(line.cost or 0 for line in event.attempts),
        unpriced_attempts=sum(line.cost is None for line in event.attempts),
        baseline_nano=baselines[0],
        saved_nano=saved,
        second_nano=baselines[1],
        total_ms=event.total_ms,
        first_byte_ms=event.first_byte_ms,
        decide_us=event.decide_us,
        interrupted=interrupted,
    )


def ending(event: RequestSettled, answer: Attempt | None) -> SettledAttempt | None:
    """The line a request is counted on: the one that answered, else the last that tried."""
    tries = [line for line in event.attempts if line.attempt.kind is Kind.ANSWER]
    answered = [line for line in tries if line.attempt is answer]
    return next(iter([*answered, *reversed(tries), *reversed(event.attempts)]), None)


def part_of(attempt: Attempt, answer: Attempt | None) -> str:
    """What the money of a line went into."""
    if attempt is answer:
        return "answer"
    if attempt.kind is not Kind.ANSWER:
        return _PARTS[attempt.kind]
    return "rejected" if attempt.outcome is AttemptOutcome.REJECTED else "failed"


def _line(line: SettledAttempt, n: int, answer: Attempt | None, baselines: Baselines) -> OfLine:
    attempt, usage = line.attempt, line.attempt.usage
    return OfLine(
        attempt_id=attempt.id,
        n=n,
        provider=line.provider,
        model=attempt.model,
        tier=line.tier.value,
        part=part_of(attempt, answer),
        served_model=attempt.served_model,
        provider_key=line.provider_key,
        kind=attempt.kind.value,
        attempt_outcome=attempt.outcome.value,
        status=attempt.status,
        because=attempt.because,
        usage_source=attempt.usage_source.value,
        needs_review=attempt.outcome is AttemptOutcome.INTERRUPTED,
        cost_nano=line.cost,
        price=_price(line.price),
        baseline_nano=baselines[0],
        second_nano=baselines[1],
        started_ms=attempt.started_ms,
        first_byte_ms=attempt.first_byte_ms,
        total_ms=attempt.total_ms,
        input_tokens=usage.input,
        cache_read_tokens=usage.cache_read,
        cache_write_tokens=usage.cache_write,
        cache_write_1h_tokens=usage.cache_write_1h,
        output_tokens=usage.output,
        reasoning_tokens=usage.reasoning,
        audio_input_tokens=usage.audio_input,
        audio_output_tokens=usage.audio_output,
        audio_cache_read_tokens=usage.audio_cache_read,
        image_input_tokens=usage.image_input,
        image_output_tokens=usage.image_output,
        tool_input_tokens=usage.tool_input,
        searches=usage.searches,
        service_tier=usage.service_tier or None,
        region=usage.region or (line.price.region if line.price else "") or None,
    )


@lru_cache(maxsize=4096)
def _is_verified(line: SettledAttempt) -> bool:
    """Its tokens are the provider's, and its price is its own."""
    priced = line.price is None or not line.price.estimated
    return priced and line.attempt.usage_source in _REPORTED


def _price(price: Price | None) -> str | None:
    return None if price is None else _json(price)


def _needs(facts: RequestFacts) -> list[str]:
    """Abilities, and whether there was something that only the caller's own protocol has words for."""
    return sorted(facts.needs - _OF_NO_MODEL) + (["native"] if facts.native else [])


def _json(value: object) -> str:
    return _encode(value).decode()
