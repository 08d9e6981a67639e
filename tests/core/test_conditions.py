from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.conditions import (
    ALWAYS,
    Condition,
    Range,
    holds,
    matches,
    reads_classification,
    tag_asked,
)
from gateway.core.facts import Need, RequestClass, RequestFacts, Surface
from tests.core.build import facts
from tests.core.strategies import conditions, requests


@pytest.mark.parametrize(
    ("condition", "facing", "expected"),
    [
        (Condition(request_class=RequestClass.CODING), {"request_class": RequestClass.CODING}, True),
        (Condition(request_class=(RequestClass.CODING,)), {}, False),
        (Condition(tag={"team": ("a", "b")}), {"tags": {"team": "b"}}, True),
        (Condition(tag={"team": "a", "data": "x"}), {"tags": {"team": "a"}}, False),
        (Condition(input_tokens=Range(at_most=1000)), {"input_tokens": 1000}, True),
        (Condition(difficulty=Range(at_least=0.3, below=0.5)), {"difficulty": 0.5}, False),
        (Condition(requested_model="openai/*"), {"requested_model": "openai/gpt-5"}, True),
        (Condition(requested_model=("a", "b")), {"requested_model": "c"}, False),
        (Condition(has=(Need.TOOLS, Need.IMAGES)), {"needs": frozenset({Need.TOOLS})}, False),
        (Condition(has=Need.TOOLS), {"needs": frozenset({Need.TOOLS, Need.IMAGES})}, True),
        (Condition(surface=Surface.ANTHROPIC), {}, False),
        (Condition(key="app"), {"key": "app"}, True),
        (Condition(share=0.1), {"lot": 0.0999}, True),
        (Condition(share=0.1), {"lot": 0.1}, False),
        (Condition(budget_left=Range(below=0.2)), {"budget_left": 0.1}, True),
        (Condition(semantic="refund"), {"semantic": None}, False),
        (Condition(any_=()), {}, False),
        (Condition(all_=()), {}, True),
        (Condition(not_=ALWAYS), {}, False),
    ],
)
def test_each_question(condition: Condition, facing: dict[str, Any], expected: bool) -> None:
    assert holds(condition, facts(**facing)) is expected


@given(conditions, conditions, requests())
def test_the_connectives_are_logics(one: Condition, other: Condition, request: RequestFacts) -> None:
    a, b = holds(one, request), holds(other, request)
    assert holds(Condition(all_=(one, other)), request) is (a and b)
    assert holds(Condition(any_=(one, other)), request) is (a or b)
    assert holds(Condition(not_=one), request) is (not a)


@given(conditions, conditions, requests())
def test_without_the_tag_that_it_asks_for_nothing_holds(
    one: Condition, other: Condition, request: RequestFacts
) -> None:
    both = Condition(all_=(one, other))
    tag, values = tag_asked(both)
    assert bool(tag) is bool(one.tag or other.tag)
    assert not tag or request.tags.get(tag) in values or not holds(both, request)


@given(conditions, requests(), st.floats(0, 1), st.floats(0, 1))
def test_what_does_not_read_the_classification_does_not_depend_on_it(
    condition: Condition, request: RequestFacts, difficulty: float, confidence: float
) -> None:
    import msgspec

    if not reads_classification(condition):
        other = msgspec.structs.replace(
            request, request_class=RequestClass.AGENTIC, difficulty=difficulty, confidence=confidence
        )
        assert holds(condition, other) is holds(condition, request)


@pytest.mark.parametrize(
    ("pattern", "model", "expected"),
    [
        ("openai/*", "openai/gpt-5", True),
        ("*", "a/b", True),
        ("openai/gpt-5", "openai/gpt-5-mini", False),
        ("a/[x]*", "a/[x]y", True),
        ("a/?", "a/b", False),
        ("OPENAI/*", "openai/gpt-5", False),
    ],
)
def test_only_the_star_is_special(pattern: str, model: str, expected: bool) -> None:
    assert matches(pattern, model) is expected


@pytest.mark.parametrize(
    ("span", "expected"),
    [
        (Range(), True),
        (Range(at_least=1, at_most=1), True),
        (Range(at_least=2, at_most=1), False),
        (Range(at_least=1, below=1), False),
    ],
)
def test_a_range_knows_whether_it_can_hold(span: Range, expected: bool) -> None:
    assert span.can_hold is expected
