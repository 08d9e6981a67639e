"""Events as the gateway would send them, with the money reckoned by the core itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from itertools import count
from typing import Any

import msgspec
from redis import Redis

from gateway.core.catalogue import Model
from gateway.core.events import FIELD, STREAM, Event, Intent, Origin, RequestSettled
from gateway.core.facts import RequestClass, RequestFacts, Surface, Tier
from gateway.core.ladder import Attempt, AttemptOutcome, Kind
from gateway.core.money import nano
from gateway.core.price import Price, Usage, UsageSource
from gateway.core.settle import settle

NOON = datetime(2026, 3, 10, 12, 30, tzinfo=UTC)
_numbers = count(1)


def model(name: str, tier: Tier, into: str | None, out: str | None = None, **fields: Any) -> Model:
    """A model with its price in USD per million tokens; None: it has none."""
    prices = (
        () if into is None else (Price(since=date(2020, 1, 1), input=nano(into), output=nano(out or into)),)
    )
    return Model(id=name, provider=name.partition("/")[0], tier=tier, prices=prices, **fields)


GPT_5 = model("openai/gpt-5", Tier.PREMIUM, "1.25", "10")
OPUS = model("anthropic/claude-opus-4-5", Tier.PREMIUM, "5", "25")
MINI = model("openai/gpt-5-mini", Tier.MID, "0.25", "2")
HAIKU = model("anthropic/claude-haiku-4-5", Tier.LIGHTWEIGHT, "1", "5")
NANO = model("openai/gpt-5-nano", Tier.LIGHTWEIGHT, "0.05", "0.4")
MYSTERY = model("acme/mystery", Tier.SMALL, None)
MODELS = {one.id: one for one in (GPT_5, OPUS, MINI, HAIKU, NANO, MYSTERY)}


def facts(**fields: Any) -> RequestFacts:
    given: dict[str, Any] = {
        "at": NOON,
        "surface": Surface.OPENAI_CHAT,
        "requested_model": "openai/gpt-5",
        "request_class": RequestClass.CLASSIFICATION,
        "difficulty": 0.2,
        "confidence": 0.9,
        "input_tokens": 900,
        "output_tokens": 100,
        "tags": {"team": "search"},
    }
    return RequestFacts(**given | fields)


def attempt(
    of: Model,
    *,
    usage: Usage | None = None,
    outcome: AttemptOutcome = AttemptOutcome.ANSWERED,
    kind: Kind = Kind.ANSWER,
    **fields: Any,
) -> Attempt:
    failed = outcome is AttemptOutcome.FAILED
    return Attempt(
        id=fields.pop("id", f"att_{next(_numbers):08d}"),
        model=of.id,
        outcome=outcome,
        kind=kind,
        usage=usage or (Usage() if failed else Usage(input=1000, output=200)),
        usage_source=UsageSource.NONE if failed and usage is None else UsageSource.PROVIDER_FINAL,
        status=502 if failed else 200,
        **fields,
    )


def settled(
    tenant: object,
    *attempts: Attempt,
    outcome: str = "answered",
    baseline: str = GPT_5.id,
    models: Mapping[str, Model] = MODELS,
    at: datetime = NOON,
    request_id: str = "",
    router: str = "support",
    gateway_key: str = "search-app",
    end_user: str = "",
    session: str = "",
    about: Mapping[str, Any] | None = None,
    **fields: Any,
) -> RequestSettled:
    number = next(_numbers)
    answered = [
        one for one in attempts if one.kind is Kind.ANSWER and one.outcome is not AttemptOutcome.FAILED
    ]
    delivered = answered[-1] if answered and outcome != "failed" else None
    known = facts(at=at, **about or {})
    money = settle(
        attempts,
        models=models,
        baseline=baseline,
        requested=known.requested_model,
        day=at.date(),
        delivered=delivered,
    )
    given: dict[str, Any] = {
        "process": "gw-1",
        "seq": number,
        "at": at,
        "origin": origin(
            tenant,
            request_id or f"req_{number:032x}",
            router=router,
            gateway_key=gateway_key,
            end_user=end_user,
            session=session,
        ),
        "facts": known,
        "rule": "routine",
        "tier": money.lines[0].tier if money.lines else None,
        "outcome": outcome,
        "status": 502 if outcome == "failed" else 200,
        "model": delivered.model if delivered else "",
        "baseline_model": money.baseline_model,
        "baseline": money.baseline,
        "attempts": money.lines,
        "total_ms": 800,
        "first_byte_ms": 300,
        "decide_us": 90,
    }
    return RequestSettled(**given | fields)


def origin(tenant: object, request_id: str, **fields: Any) -> Origin:
    return Origin(request_id=request_id, tenant=str(tenant), snapshot_version=7, policy_version=3, **fields)


def intent(tenant: object, request_id: str, of: Model, **fields: Any) -> Intent:
    number = next(_numbers)
    given: dict[str, Any] = {
        "process": "gw-1",
        "seq": number,
        "at": NOON,
        "origin": origin(tenant, request_id, router="support", gateway_key="search-app"),
        "attempt_id": f"att_{number:08d}",
        "model": of.id,
        "provider": of.provider,
        "tier": of.tier,
        "facts": facts(),
    }
    return Intent(**given | fields)


def send(redis: Redis, events: Sequence[Event | bytes]) -> None:
    """Into the stream, as the gateway's shipper does."""
    with redis.pipeline(transaction=False) as pipe:
        for event in events:
            payload = event if isinstance(event, bytes) else msgspec.json.encode(event)
            pipe.xadd(STREAM, {FIELD: payload})
        pipe.execute()
