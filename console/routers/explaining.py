"""What a router would do with a request, and why: for the playground and for `explain`. Nobody is called."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from console.routers.inspection import compiled_draft
from console.routers.models import Router
from gateway.core.classify import Classification, Prompt, Turn, classify
from gateway.core.explain import Explanation, explain
from gateway.core.facts import Need, RequestFacts, Surface
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
