"""`routers/{id}/explain`: what would happen to a request, and why; nobody is called."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypedDict

from django.utils import timezone
from msgspec import Struct

from console.api.endpoint import Call, Endpoint, submission
from console.routers.explaining import explained, policy_in
from console.routers.selectors import router_of, surroundings
from console.tenancy import Role
from gateway.core.classify import Turn
from gateway.core.facts import Need, Surface
from gateway.core.report import explanation_of
from gateway.core.samples import Asked


class Message(Struct, frozen=True, kw_only=True):
    """As chat completions and messages have it; of several parts, the texts are read."""

    role: str
    content: str | list[dict[str, Any]] | None = None

    @property
    def turn(self) -> Turn:
        if not isinstance(self.content, list):
            return Turn(self.role, self.content or "")
        return Turn(self.role, "\n".join(str(part["text"]) for part in self.content if "text" in part))


class Question(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`draft` asks the draft instead of what is served; a router that was never published has nothing else."""

    text: str = ""
    system: str = ""
    messages: tuple[Message, ...] = ()
    tags: Mapping[str, str] = {}
    model: str = "auto"
    has: frozenset[Need] = frozenset()
    key: str = ""
    surface: Surface = Surface.OPENAI_CHAT
    input_tokens: int | None = None
    draft: bool = False

    @property
    def asked(self) -> Asked:
        said = (Turn("system", self.system), *(each.turn for each in self.messages), Turn("user", self.text))
        return Asked(
            turns=tuple(turn for turn in said if turn.text),
            tags=self.tags,
            model=self.model,
            has=self.has,
            key=self.key,
            surface=self.surface,
            input_tokens=self.input_tokens,
        )


class Candidate(TypedDict):
    """`because` is why it was taken or left; the cost is that of the tokens expected, null where unknown.

    `cached_tokens` of the prompt are expected in its provider's cache, and would cost `cache_worth_usd` more anew.
    """

    model: str
    tier: str
    expected_cost_usd: str | None
    taken: bool
    because: str
    expected_output_tokens: int
    cached_tokens: int
    cache_worth_usd: str | None
    latency_ms: int | None
    expected_quality: float | None
    quality_at_least: float | None


class Evidence(TypedDict):
    signal: str
    found: str
    weight: float
    toward: str


class Rung(TypedDict):
    tier: str
    models: list[str]


class Baseline(TypedDict):
    model: str
    cost_usd: str | None


Decision = TypedDict(
    "Decision",
    {
        "class": str,
        "semantic": str | None,
        "difficulty": float,
        "confidence": float,
        "evidence": list[Evidence],
        "input_tokens": int,
        "output_tokens": int,
        "rule": str,
        "tier": str | None,
        "asked_tier": str,
        "floors": list[str],
        "lifted_by": str | None,
        "model": str | None,
        "quality": float | None,
        "effort": str | None,
        "refusal": str | None,
        "ladder": list[Rung],
        "up_to": str | None,
        "candidates": list[Candidate],
        "baseline": Baseline,
    },
)


class Explanation(Decision):
    """`policy_version` is null when the draft was asked."""

    router: str
    policy_version: int | None


class Explain(Endpoint):
    @submission(Role.VIEWER, takes=Question, gives=Explanation)
    def post(self, call: Call, given: Question, router: str) -> dict[str, Any]:
        there = router_of(call.tenant, router)
        told = explained(
            given.asked,
            policy_in(there, draft=given.draft),
            surroundings(call.tenant),
            router=there.slug,
            at=timezone.now(),
        )
        version = None if given.draft or there.current is None else there.current.number
        return {
            "router": there.slug,
            "policy_version": version,
            **explanation_of(told.decision, told.seen),
        }
