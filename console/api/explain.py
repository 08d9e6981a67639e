"""`routers/{id}/explain`: what would happen to a request, and why; nobody is called."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypedDict

from django.utils import timezone
from msgspec import Struct

from console.api.endpoint import Call, Endpoint, submission
from console.routers.inspection import compiled_draft
from console.routers.selectors import router_of, surroundings
from console.tenancy import Role
from gateway.core.classify import Turn
from gateway.core.explain import explain
from gateway.core.facts import Need
from gateway.core.policy import Sample
from gateway.core.report import explanation_of
from gateway.core.samples import facts_of


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
    has: tuple[Need, ...] = ()
    key: str = ""
    input_tokens: int | None = None
    draft: bool = False

    @property
    def sample(self) -> Sample:
        return Sample(
            text=self.text,
            system=self.system,
            tags=self.tags,
            model=self.model,
            has=self.has,
            key=self.key,
            input_tokens=self.input_tokens,
        )


class Candidate(TypedDict):
    """`because` is why it was taken or left; the cost is that of the tokens expected, null where unknown."""

    model: str
    tier: str
    expected_cost_usd: str | None
    taken: bool
    because: str


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
        there, now = router_of(call.tenant, router), timezone.now()
        version = None if given.draft else there.current
        policy = version.policy if version else there.policy
        compiled = compiled_draft(policy, surroundings(call.tenant), router=there.slug)
        earlier = tuple(message.turn for message in given.messages)
        facts, seen = facts_of(given.sample, at=now, earlier=earlier)
        answer = {"router": there.slug, "policy_version": version.number if version else None}
        return {**answer, **explanation_of(explain(facts, compiled), seen)}
