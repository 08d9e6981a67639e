"""What is said of conditions is true of every request; and the usual cases are seen."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings

from gateway.core.conditions import ALWAYS, Condition, Range, holds
from gateway.core.facts import Need, RequestClass, RequestFacts
from gateway.core.logic import implies, is_impossible
from tests.core.strategies import conditions, requests

ADS, SHOP = Condition(tag={"team": "ads"}), Condition(tag={"team": ("shop", "store")})
CODING = Condition(request_class=RequestClass.CODING)
SHORT, LONG = Condition(input_tokens=Range(at_most=100)), Condition(input_tokens=Range(at_least=101))


def every(*parts: Condition) -> Condition:
    return Condition(all_=parts)


def some(*parts: Condition) -> Condition:
    return Condition(any_=parts)


@given(conditions, conditions, requests())
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_what_is_said_is_true(one: Condition, other: Condition, facts: RequestFacts) -> None:
    if holds(one, facts):
        assert not is_impossible(one)
        assert holds(other, facts) or not implies(one, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (ADS, ALWAYS),
        (ADS, ADS),
        (every(ADS, CODING), ADS),
        (Condition(tag={"team": "shop"}), SHOP),
        (Condition(tag={"team": "ads", "env": "prod"}), ADS),
        (Condition(input_tokens=Range(at_least=10, below=20)), SHORT),
        (Condition(difficulty=Range(at_least=0.5)), Condition(difficulty=Range(at_least=0.3))),
        (Condition(share=0.1), Condition(share=0.2)),
        (Condition(has=(Need.TOOLS, Need.IMAGES)), Condition(has=Need.TOOLS)),
        (Condition(requested_model="openai/gpt-5"), Condition(requested_model="openai/*")),
        (ADS, some(CODING, ADS)),
        (some(every(ADS, CODING), every(ADS, SHORT)), ADS),
        (Condition(not_=some(ADS, CODING)), Condition(not_=ADS)),
    ],
)
def test_what_follows(one: Condition, other: Condition) -> None:
    assert implies(one, other)
    assert other == one or not implies(other, one)


@pytest.mark.parametrize(
    "condition",
    [
        every(ADS, SHOP),
        Condition(request_class=RequestClass.CODING, all_=(Condition(request_class=RequestClass.REASONING),)),
        every(SHORT, LONG),
        Condition(difficulty=Range(at_least=1.5)),
        every(ADS, Condition(not_=ADS)),
        every(ADS, CODING, Condition(not_=some(ADS, SHORT))),
        every(ADS, some(SHOP, every(SHORT, LONG))),
    ],
)
def test_what_cannot_be(condition: Condition) -> None:
    assert is_impossible(condition)


@pytest.mark.parametrize("condition", [ALWAYS, ADS, every(ADS, CODING), some(ADS, SHOP), Condition(not_=ADS)])
def test_what_can(condition: Condition) -> None:
    assert not is_impossible(condition)
