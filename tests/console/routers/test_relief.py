"""The rule that a finding of overkill asks for takes what was too high, and nothing else."""

from __future__ import annotations

import pytest

from console.routers.editing import NotThere
from console.routers.relief import lift, relieve
from gateway.core.conditions import Condition
from gateway.core.decide import Route, decide
from gateway.core.facts import RequestClass, RequestFacts, Tier
from gateway.core.policy import Cascade, Check, Otherwise, Policy, Rule
from tests.core.build import facts, router

TAGGED = Rule(name="tagged", when=Condition(tag={"team": "search"}), tier=Tier.PREMIUM)
POLICY = Policy(rules=(TAGGED,), otherwise=Otherwise(tier=Tier.PREMIUM))


def tier(policy: Policy, about: RequestFacts) -> Tier:
    decision = decide(about, router(policy))
    assert isinstance(decision, Route)
    return decision.tier


def test_it_stands_before_the_rule_and_takes_only_what_that_would_have() -> None:
    mended, place = relieve(
        POLICY, "tagged", RequestClass.EXTRACTION, called_for=Tier.LIGHTWEIGHT, served=Tier.PREMIUM
    )
    assert (place, [rule.name for rule in mended.rules]) == (0, ["extraction to lightweight", "tagged"])
    search = {"tags": {"team": "search"}, "request_class": RequestClass.EXTRACTION}
    assert tier(mended, facts(**search)) is Tier.LIGHTWEIGHT
    assert tier(mended, facts(request_class=RequestClass.EXTRACTION)) is Tier.PREMIUM
    assert tier(mended, facts(**search, difficulty=0.8)) is Tier.PREMIUM
    assert tier(mended, facts(**search, confidence=0.4)) is Tier.PREMIUM
    assert mended.rules[0].cascade is not None
    assert mended.rules[0].cascade.up_to is Tier.PREMIUM


def test_what_holds_otherwise_is_relieved_at_the_end() -> None:
    mended, place = relieve(
        POLICY, "otherwise", RequestClass.CODING, called_for=Tier.MID, served=Tier.PREMIUM
    )
    assert place == 1
    assert tier(mended, facts(request_class=RequestClass.CODING, difficulty=0.6)) is Tier.MID
    assert tier(mended, facts(request_class=RequestClass.CODING, difficulty=0.7)) is Tier.PREMIUM


def test_twice_is_two_names() -> None:
    once, _ = relieve(POLICY, "otherwise", RequestClass.CODING, called_for=Tier.MID, served=Tier.PREMIUM)
    twice, _ = relieve(once, "otherwise", RequestClass.CODING, called_for=Tier.MID, served=Tier.PREMIUM)
    assert len({rule.name for rule in twice.rules}) == 3


def test_what_is_gone_or_makes_no_sense_is_refused() -> None:
    with pytest.raises(NotThere, match="no rule gone"):
        relieve(POLICY, "gone", RequestClass.CODING, called_for=Tier.MID, served=Tier.PREMIUM)
    with pytest.raises(NotThere, match="never calls for"):
        relieve(POLICY, "otherwise", RequestClass.CODING, called_for=Tier.SMALL, served=Tier.PREMIUM)


def test_what_went_too_low_goes_up_and_is_still_checked_where_it_can_climb() -> None:
    checked = Cascade(up_to=Tier.PREMIUM, checks=(Check(not_refusal=True),))
    policy = Policy(
        rules=(Rule(name="cheap", when=Condition(tag={"team": "search"}), tier=Tier.SMALL, cascade=checked),)
    )
    mended, place = lift(policy, "cheap", RequestClass.CODING, to=Tier.MID)
    assert (place, mended.rules[0].name, mended.rules[0].cascade) == (0, "coding up to mid", checked)
    search = {"tags": {"team": "search"}}
    assert tier(mended, facts(**search, request_class=RequestClass.CODING)) is Tier.MID
    assert tier(mended, facts(**search, request_class=RequestClass.EXTRACTION)) is Tier.SMALL
    highest, _ = lift(policy, "cheap", RequestClass.CODING, to=Tier.PREMIUM)
    assert highest.rules[0].cascade is None
    with pytest.raises(NotThere, match="no rule gone"):
        lift(policy, "gone", RequestClass.CODING, to=Tier.MID)
