"""Small worlds for tests: a catalogue of eight models over five tiers, a tenant, facts."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from gateway.core.catalogue import Model, Provider
from gateway.core.facts import Need, RequestClass, RequestFacts, Surface, Tier
from gateway.core.money import nano
from gateway.core.policy import Floor, Policy
from gateway.core.price import Price
from gateway.core.router import Router, compile_router
from gateway.core.snapshot import SCHEMA, RouterSnapshot, TenantSnapshot

JAN = date(2026, 1, 1)
NOON = datetime(2026, 2, 1, 12, tzinfo=UTC)
ALL = frozenset(Need)


def price(input: float, output: float, since: date = JAN, **rest: Any) -> Price:  # noqa: A002
    """USD per million tokens."""
    return Price(since=since, input=nano(input), output=nano(output), **rest)


def model(id: str, tier: Tier, dollars: tuple[float, float] | None, **rest: Any) -> Model:  # noqa: A002
    values: dict[str, Any] = {
        "provider": id.partition("/")[0],
        "context": 100_000,
        "can": ALL,
        "prices": (price(*dollars),) if dollars else (),
        "provider_key": "main",
    }
    return Model(id=id, tier=tier, **(values | rest))


MODELS = (
    model("alpha/big", Tier.PREMIUM, (10, 50)),
    model("beta/big", Tier.PREMIUM, (15, 75)),
    model("alpha/mid", Tier.MID, (2, 10)),
    model("alpha/mini", Tier.LIGHTWEIGHT, (0.25, 2)),
    model("beta/mini", Tier.LIGHTWEIGHT, (1, 5)),
    model("gamma/small", Tier.SMALL, (0.1, 0.4), can=frozenset({Need.JSON_SCHEMA}), context=8_000),
    model("gamma/odd", Tier.SMALL, None),
    model("local/llama", Tier.LOCAL, (0.0001, 0.0001), can=frozenset()),
)
PROVIDERS = tuple(
    Provider(id=name, name=name.title(), dialect=dialect, base_url=f"https://{name}.test/v1")
    for name, dialect in (
        ("alpha", "openai_chat"),
        ("beta", "anthropic"),
        ("gamma", "openai_chat"),
        ("local", "openai_chat"),
    )
)


def tenant(policy: Policy | None = None, **rest: Any) -> TenantSnapshot:
    values: dict[str, Any] = {
        "schema": SCHEMA,
        "version": 1,
        "tenant": "t-1",
        "slug": "acme",
        "plan": "pro",
        "published_at": NOON,
        "providers": PROVIDERS,
        "models": MODELS,
        "tags": ("team", "data", "escalated"),
        "routers": (RouterSnapshot(id="support", policy=policy or Policy(), policy_version=1),),
    }
    return TenantSnapshot(**(values | rest))


def router(policy: Policy, *, floors: tuple[Floor, ...] = (), **rest: Any) -> Router:
    snapshot = tenant(policy, floors=floors, **rest)
    return compile_router(snapshot.routers[0], snapshot)


def facts(**rest: Any) -> RequestFacts:
    values: dict[str, Any] = {
        "at": NOON,
        "surface": Surface.OPENAI_CHAT,
        "requested_model": "auto",
        "request_class": RequestClass.CLASSIFICATION,
        "difficulty": 0.1,
        "confidence": 0.9,
        "input_tokens": 1000,
        "output_tokens": 100,
    }
    return RequestFacts(**(values | rest))
