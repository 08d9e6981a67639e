"""Requests written down by people: a policy's own tests, `explain` and the playground."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from gateway.core.classify import Classification, Prompt, Turn, classify
from gateway.core.conditions import listed, matches
from gateway.core.decide import Refusal, Route, decide
from gateway.core.facts import Need, RequestFacts, Surface
from gateway.core.foresee import foresee
from gateway.core.policy import PolicyTest, Sample
from gateway.core.router import Router
from gateway.core.semantic import Prototypes


class TestResult(Struct, frozen=True, kw_only=True):
    """`failure` says what came out instead; empty when the test passed."""

    __test__ = False  # for pytest, which would take the name for one of its own

    name: str
    failure: str

    @property
    def passed(self) -> bool:
        return not self.failure


def run_tests(router: Router, *, at: datetime) -> tuple[TestResult, ...]:
    """Every test of the router's policy, decided as the gateway would."""
    return tuple(
        TestResult(name=test.name, failure=failure_of(test, router, at=at)) for test in router.policy.tests
    )


def failure_of(test: PolicyTest, router: Router, *, at: datetime) -> str:
    facts, _ = seen_by(router, asked_in(test.request), at=at)
    decision = decide(facts, router)
    expect = test.expect
    if expect.request_class is not None and facts.request_class is not expect.request_class:
        return f"class is {facts.request_class.value}, not {expect.request_class.value}"
    if isinstance(decision, Refusal):
        return f"no model is left ({decision.code})"
    return (
        _differs("tier", expect.tier, decision.tier)
        or _differs("rule", expect.rule, decision.target.rule)
        or _differs("model", expect.model, decision.model)
        or _forbidden(test, decision)
    )


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


def asked_in(sample: Sample) -> Asked:
    turns = (Turn(role, text) for role, text in (("system", sample.system), ("user", sample.text)) if text)
    return Asked(
        turns=tuple(turns),
        tags=sample.tags,
        model=sample.model,
        has=frozenset(sample.has),
        key=sample.key,
        input_tokens=sample.input_tokens,
    )


def seen_by(router: Router, asked: Asked, *, at: datetime) -> tuple[RequestFacts, Classification]:
    """As the gateway would see it on this router."""
    facts, seen = facts_of(asked, router.own, at=at)
    return foresee(facts, prompt_of(asked), router)[0], seen


def facts_of(
    asked: Asked, own: Prototypes | None = None, *, at: datetime
) -> tuple[RequestFacts, Classification]:
    """`own` are the router's classes by example."""
    seen = classify(prompt_of(asked), own)
    if asked.input_tokens is not None:
        seen = replace(seen, input_tokens=asked.input_tokens)
    facts = RequestFacts(
        at=at,
        surface=asked.surface,
        requested_model=asked.model,
        request_class=seen.request_class,
        difficulty=seen.difficulty,
        confidence=seen.confidence,
        input_tokens=seen.input_tokens,
        output_tokens=seen.output_tokens,
        semantic=seen.semantic,
        needs=asked.has,
        tags=asked.tags,
        key=asked.key,
        lot=asked.lot,
    )
    return facts, seen


def prompt_of(asked: Asked) -> Prompt:
    return Prompt(
        turns=asked.turns,
        tools=("tool",) if Need.TOOLS in asked.has else (),
        schema=Need.JSON_SCHEMA in asked.has,
        images=1 if Need.IMAGES in asked.has else 0,
        characters=sum(len(turn.text) for turn in asked.turns),
    )


def _differs(what: str, expected: str | None, got: str) -> str:
    return f"{what} is {got}, not {expected}" if expected is not None and expected != got else ""


def _forbidden(test: PolicyTest, route: Route) -> str:
    """Not only the first choice: no rung may hold a model that the test forbids."""
    patterns = listed(test.expect.not_model) if test.expect.not_model is not None else ()
    reached = [model for rung in route.ladder for model in rung.models]
    found = next((model for model in reached for pattern in patterns if matches(pattern, model)), None)
    return f"{found} can be reached" if found else ""
