"""What blocks publishing: errors of the lint, patterns RE2 does not know, whitelists, failing tests."""

import time
from typing import Any

import pytest
from msgspec.structs import replace

from console.routers import text
from console.routers.inspection import check_regex, inspect
from gateway.core.conditions import Condition
from gateway.core.facts import Tier
from gateway.core.policy import (
    Cascade,
    Check,
    Expectation,
    Judge,
    Otherwise,
    Policy,
    PolicyTest,
    Rule,
    Sample,
)
from tests.core.build import NOON, tenant

GOOD = Policy(rules=(Rule(name="vip", when=Condition(tag={"team": "vip"}), tier=Tier.PREMIUM),))


def places(policy: Policy, level: str = "error", **surroundings: Any) -> list[str]:
    inspection = inspect(policy, tenant(**surroundings), at=NOON)
    return [finding.place for finding in inspection.findings if finding.level == level]


def with_check(check: Check) -> Policy:
    return Policy(rules=(Rule(name="r", tier=Tier.LIGHTWEIGHT, cascade=Cascade(checks=(check,))),))


def test_a_good_policy_can_be_published() -> None:
    assert inspect(GOOD, tenant(), at=NOON).publishable


@pytest.mark.parametrize("pattern", ["(?R)", r"(a)\1", "(", "[z-a]", "(?=x)", "a{10000}"])
def test_a_pattern_that_re2_does_not_know_is_an_error(pattern: str) -> None:
    policy = with_check(Check(regex=pattern))
    assert places(policy) == ["$.rules[0].cascade.checks[0].regex"]
    assert not inspect(policy, tenant(), at=NOON).publishable


def test_a_pattern_that_ruins_others_is_harmless_here() -> None:
    began = time.perf_counter()
    assert not check_regex("(a+)+$")
    assert not places(with_check(Check(regex="(a+)+$")))
    assert time.perf_counter() - began < 0.5


def test_a_pattern_has_at_most_512_characters() -> None:
    assert not places(with_check(Check(regex="a" * 512)))
    assert places(with_check(Check(regex="a" * 513)))


def test_a_policy_has_at_most_50_patterns() -> None:
    rule = Rule(name="r", tier=Tier.MID, cascade=Cascade(checks=(Check(regex="a"),) * 25))
    two = Policy(rules=(replace(rule, name="a"), replace(rule, name="b", when=Condition(share=0.5))))
    assert "$.rules" not in places(two)
    three = replace(two, otherwise=Otherwise(tier=Tier.MID, cascade=Cascade(checks=(Check(regex="a"),))))
    assert "$.rules" in places(three)


@pytest.mark.parametrize(
    ("policy", "place"),
    [
        (Policy(rules=(Rule(name="r", model="alpha/none"),)), "$.rules[0].model"),
        (Policy(rules=(Rule(name="r", model="alpha/big"),), whitelist=("beta/*",)), "$.rules[0].model"),
        (Policy(otherwise=Otherwise(model="alpha/big"), whitelist=("beta/*",)), "$.otherwise.model"),
        (Policy(rules=(Rule(name="r", model="local/llama"),)), "$.rules[0].model"),
        (with_check(Check(judge=Judge(model="local/llama"))), "$.rules[0].cascade.checks[0].judge.model"),
        (Policy(rules=(Rule(name="r"),)), "$.rules[0]"),
        (Policy(rules=(Rule(name="r", tier=Tier.MID),) * 2), "$.rules[1].name"),
        (Policy(rules=(Rule(name="x" * 101, tier=Tier.MID),)), "$.rules[0].name"),
        (Policy(rules=(Rule(name="a\nb", tier=Tier.MID),)), "$.rules[0].name"),
        (Policy(baseline="alpha/none"), "$.baseline"),
    ],
)
def test_models_out_of_bounds_and_names_are_errors_with_their_place(policy: Policy, place: str) -> None:
    assert place in places(policy, whitelist=("alpha/*", "beta/*"))


def test_a_failing_test_of_its_own_blocks_a_policy() -> None:
    test = PolicyTest(
        name="stays down", request=Sample(text="x", tags={"team": "vip"}), expect=Expectation(tier=Tier.MID)
    )
    inspection = inspect(replace(GOOD, tests=(test,)), tenant(), at=NOON)
    assert [result.failure for result in inspection.failing] == ["tier is premium, not mid"]
    assert not inspection.publishable
    passing = replace(test, expect=Expectation(tier=Tier.PREMIUM, rule="vip"))
    assert inspect(replace(GOOD, tests=(passing,)), tenant(), at=NOON).publishable


def test_findings_are_found_by_their_place() -> None:
    policy = text.read("rules:\n  - {name: a, when: {difficulty: {at_least: 0.9, below: 0.1}}, tier: mid}")
    inspection = inspect(policy, tenant(), at=NOON)
    assert [finding.place for finding in inspection.at("$.rules[0]")] == ["$.rules[0].when.difficulty"]
    assert inspection.at("$.rules[1]") == ()
    assert inspection.at("$.rule") == ()
