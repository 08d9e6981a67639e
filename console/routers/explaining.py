"""What a router would do with a request, and why: for the playground and for `explain`. Nobody is called."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from console.routers.inspection import compiled_draft
from console.routers.models import Router
from gateway.core.classify import Classification, Prompt, Turn, classify
from gateway.core.explain import Explanation, explain
from gateway.core.facts import Need, RequestFacts, Surface
from gateway.core.money import usd
from gateway.core.policy import Policy
from gateway.core.snapshot import TenantSnapshot


class Asked(Struct, frozen=True, kw_only=True):
    """A request as people describe one."""

    turns: tuple[Turn, ...]
    tags: Mapping[str, str] = {}
    model: str = "auto"
    has: frozenset[Need] = frozenset()
    key: str = ""
    surface: Surface = Surface.OPENAI_CHAT
    input_tokens: int | None = None  # instead of counting
    lot: float = 0.0


class Explained(Struct, frozen=True, kw_only=True):
    seen: Classification
    facts: RequestFacts
    decision: Explanation


def explained(
    asked: Asked, policy: Policy, tenant: TenantSnapshot, *, router: str, at: datetime
) -> Explained:
    seen = classify(prompt_of(asked))
    if asked.input_tokens is not None:
        seen = replace(seen, input_tokens=asked.input_tokens)
    facts = facts_of(asked, seen, at=at)
    return Explained(
        seen=seen, facts=facts, decision=explain(facts, compiled_draft(policy, tenant, router=router))
    )


def policy_in(router: Router, *, draft: bool) -> Policy:
    """The draft, or what is served; the draft where nothing is."""
    return router.policy if draft or router.current is None else router.current.policy


def prompt_of(asked: Asked) -> Prompt:
    return Prompt(
        turns=asked.turns,
        tools=("tool",) if Need.TOOLS in asked.has else (),
        schema=Need.JSON_SCHEMA in asked.has,
        images=1 if Need.IMAGES in asked.has else 0,
        characters=sum(len(turn.text) for turn in asked.turns),
    )


def facts_of(asked: Asked, seen: Classification, *, at: datetime) -> RequestFacts:
    return RequestFacts(
        at=at,
        surface=asked.surface,
        requested_model=asked.model,
        request_class=seen.request_class,
        difficulty=seen.difficulty,
        confidence=seen.confidence,
        input_tokens=seen.input_tokens,
        output_tokens=seen.output_tokens,
        needs=asked.has,
        tags=asked.tags,
        key=asked.key,
        lot=asked.lot,
    )


def contract_of(explained: Explained) -> dict[str, object]:
    """In the words of the contract; money as exact decimal strings, None where no price is known."""
    seen, decision = explained.seen, explained.decision
    return {
        "class": seen.request_class.value,
        "difficulty": seen.difficulty,
        "confidence": seen.confidence,
        "evidence": [
            {"signal": each.signal, "found": each.found, "weight": each.weight, "toward": str(each.toward)}
            for each in seen.evidence
        ],
        "input_tokens": explained.facts.input_tokens,
        "output_tokens": explained.facts.output_tokens,
        "rule": decision.rule,
        "tier": decision.tier.value if decision.tier else None,
        "asked_tier": decision.asked_tier.value,
        "lifted_by": decision.lifted_by,
        "floors": list(decision.floors),
        "model": decision.model,
        "refusal": decision.refusal,
        "ladder": [{"tier": rung.tier.value, "models": list(rung.models)} for rung in decision.ladder],
        "up_to": decision.up_to.value if decision.up_to else None,
        "candidates": list(_candidates(decision)),
        "baseline": {
            "model": decision.baseline_model,
            "expected_cost_usd": _usd(decision.baseline_cost),
        },
    }


def _candidates(decision: Explanation) -> Iterator[dict[str, object]]:
    for candidate in decision.candidates:
        yield {
            "model": candidate.model,
            "tier": candidate.tier.value,
            "expected_cost_usd": _usd(candidate.expected_cost),
            "taken": candidate.taken,
            "because": candidate.because,
        }


def _usd(nano: int | None) -> str | None:
    return None if nano is None else usd(nano)
