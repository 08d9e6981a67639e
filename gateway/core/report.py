"""An explanation in the contract's shape: for `explain`, the dry run, the playground and the request page."""

from __future__ import annotations

from typing import Any

from gateway.core.classify import Classification
from gateway.core.decide import Candidate
from gateway.core.explain import Explanation
from gateway.core.money import usd


def explanation_of(explanation: Explanation, seen: Classification) -> dict[str, Any]:
    """JSON-ready; money as decimal strings in USD, null where a price is unknown."""
    return {
        "class": seen.request_class.value,
        "semantic": seen.semantic,
        "difficulty": round(seen.difficulty, 3),
        "confidence": round(seen.confidence, 3),
        "evidence": [
            {"signal": e.signal, "found": e.found, "weight": round(e.weight, 3), "toward": e.toward}
            for e in seen.evidence
        ],
        "input_tokens": seen.input_tokens,
        "output_tokens": seen.output_tokens,
        "rule": explanation.rule,
        "tier": explanation.tier.value if explanation.tier else None,
        "asked_tier": explanation.asked_tier.value,
        "floors": list(explanation.floors),
        "lifted_by": explanation.lifted_by or None,
        "model": explanation.model,
        "quality": rounded(explanation.quality),
        "effort": explanation.effort,
        "refusal": explanation.refusal,
        "ladder": [{"tier": rung.tier.value, "models": list(rung.models)} for rung in explanation.ladder],
        "up_to": explanation.up_to.value if explanation.up_to else None,
        "candidates": [candidate_of(candidate) for candidate in explanation.candidates],
        "baseline": {"model": explanation.baseline_model, "cost_usd": dollars(explanation.baseline_cost)},
    }


def candidate_of(candidate: Candidate) -> dict[str, Any]:
    quality = candidate.quality
    return {
        "model": candidate.model,
        "tier": candidate.tier.value,
        "expected_cost_usd": dollars(candidate.expected_cost),
        "taken": candidate.taken,
        "because": candidate.because,
        "expected_output_tokens": candidate.output_tokens,
        "cached_tokens": candidate.cached_tokens,
        "cache_worth_usd": dollars(candidate.cache_worth),
        "latency_ms": candidate.latency_ms,
        "expected_quality": quality.mean if quality else None,
        "quality_at_least": quality.lower if quality else None,
    }


def rounded(quality: float | None) -> float | None:
    return None if quality is None else round(quality, 3)


def dollars(nano: int | None) -> str | None:
    return None if nano is None else usd(nano)
