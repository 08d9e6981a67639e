"""A tenant whose traffic meets every way for an attempt to end, and what its models cost."""

from __future__ import annotations

from typing import Any

from gateway.core.facts import Tier
from gateway.core.policy import Cascade, Check, Judge, Otherwise, Policy
from gateway.core.price import Price
from gateway.core.secrets import digest
from gateway.core.snapshot import GatewayKeySnapshot, Limits, TenantSnapshot
from tests.core.build import JAN
from tests.gateway.world import KEY, model, snapshot

TENANT = "faults"

# Nano-dollars per million tokens that divide unevenly, so that a cost rounded otherwise shows.
FLAKY = Price(since=JAN, input=49_999_999, output=399_999_997, cache_read=4_999_999)
HAIKU = Price(since=JAN, input=1_000_000_001, output=5_000_000_003, cache_write=1_250_000_007, per_request=13)


def of(
    name: str, tier: Tier, upstream: str, *prices: Price, dollars: tuple[float, float] | None = None
) -> Any:
    given = {"prices": prices} if prices else {}
    return model(name, tier, dollars, upstream_model=upstream, **given)


MODELS = (
    of("openai/flaky", Tier.LIGHTWEIGHT, "gpt-5-nano-sim-err-p20", FLAKY),
    of("anthropic/haiku", Tier.LIGHTWEIGHT, "claude-haiku-4-5-sim-err-p10", HAIKU),
    of("openai/mini", Tier.MID, "gpt-5-mini", dollars=(0.25, 2)),
    of("anthropic/sonnet", Tier.MID, "claude-sonnet-4-5", dollars=(3, 15)),
    of("openai/gpt-5", Tier.PREMIUM, "gpt-5", dollars=(1.25, 10)),
    of("anthropic/opus", Tier.PREMIUM, "claude-opus-4-5-sim-err-p10", dollars=(5, 25)),
    of("openai/refuses", Tier.SMALL, "gpt-5-nano-sim-refuse", dollars=(0.01, 0.01)),
    of("openai/unpriced", Tier.LOCAL, "llama-3.3-8b"),
    of("openai/cut", Tier.SMALL, "gpt-5-nano-sim-cut-rst-5", dollars=(0.02, 0.03)),
    of("openai/busy", Tier.SMALL, "gpt-5-nano-sim-429-ra1", dollars=(0.001, 0.001)),
    of("openai/stalls", Tier.SMALL, "gpt-5-nano-sim-stall-after-5", dollars=(0.03, 0.07)),
    of("anthropic/stalls", Tier.SMALL, "claude-haiku-4-5-sim-stall-after-5", HAIKU),
    of("openai/hangs", Tier.SMALL, "gpt-5-nano-sim-hang-headers", dollars=(0.03, 0.07)),
    of("openai/silent", Tier.SMALL, "gpt-5-nano-sim-no-usage", dollars=(0.05, 0.4)),
)  # fmt: skip


def policy(
    *whitelist: str, tier: Tier, baseline: str = "openai/gpt-5", cascade: Cascade | None = None
) -> Policy:
    return Policy(
        baseline=baseline, whitelist=whitelist or None, otherwise=Otherwise(tier=tier, cascade=cascade)
    )


CHECKED = Cascade(up_to=Tier.MID, checks=(Check(not_refusal=True),))
JUDGED = Cascade(checks=(Check(judge=Judge(model="openai/mini", at_least=0.5)),))
LIGHT = ("openai/flaky", "anthropic/haiku", "openai/mini", "anthropic/sonnet")
ROUTERS = (
    ("plain", policy(*LIGHT, tier=Tier.LIGHTWEIGHT)),
    ("premium", policy("openai/gpt-5", "anthropic/opus", tier=Tier.PREMIUM, baseline="requested")),
    ("anthropic", policy("anthropic/haiku", "anthropic/opus", tier=Tier.LIGHTWEIGHT)),
    ("cascade", policy("openai/refuses", *LIGHT, tier=Tier.SMALL, cascade=CHECKED)),
    ("judged", policy("openai/flaky", "openai/mini", "openai/gpt-5", tier=Tier.LIGHTWEIGHT, cascade=JUDGED)),
    ("unpriced", policy("openai/unpriced", "openai/mini", tier=Tier.LOCAL)),
    ("unknown-baseline", policy("openai/mini", tier=Tier.MID, baseline="openai/unpriced")),
    ("cut", policy("openai/cut", tier=Tier.SMALL)),
    ("busy", policy("openai/busy", "openai/mini", tier=Tier.SMALL)),
    ("silent", policy("openai/silent", tier=Tier.SMALL)),
    ("hangs", policy("openai/hangs", tier=Tier.SMALL)),
    ("stalls", policy("openai/stalls", tier=Tier.SMALL)),
    ("stalls-too", policy("anthropic/stalls", tier=Tier.SMALL)),
)
PRICES = {each.id: each.prices[0] if each.prices else None for each in MODELS}
BASELINES = {name: routed.baseline for name, routed in ROUTERS}


def company(*, limits: Limits | None = None, **rest: Any) -> TenantSnapshot:
    key = GatewayKeySnapshot(digest=digest(KEY), id="key-of-faults", name="app", limits=limits or Limits())
    return snapshot(*ROUTERS, tenant=TENANT, models=MODELS, gateway_keys=(key,), **rest)
