"""Each mistake is found, with its place; a policy without mistakes has none."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given

from gateway.core.conditions import ALWAYS, Condition, Range
from gateway.core.facts import RequestClass, Tier
from gateway.core.lint import Finding, lint
from gateway.core.policy import (
    Agreement,
    Cascade,
    Check,
    Expectation,
    Floor,
    Hedge,
    Judge,
    Otherwise,
    Policy,
    PolicyTest,
    Retries,
    Rule,
    Sample,
    SelfAgreement,
    Timeouts,
    Unsure,
    Webhook,
)
from gateway.core.samples import run_tests
from tests.core.build import NOON, router, tenant
from tests.core.strategies import policies


def findings(policy: Policy, **rest: Any) -> tuple[Finding, ...]:
    compiled = router(policy, **rest)
    return lint(
        policy, compiled, tenant(policy, **rest), check_regex=lambda pattern: "bad" * ("(" in pattern)
    )


def rule(name: str = "r", when: Condition = ALWAYS, tier: Tier | None = Tier.MID, **rest: Any) -> Rule:
    return Rule(name=name, when=when, tier=tier, **rest)


def cascaded(cascade: Cascade, tier: Tier = Tier.LIGHTWEIGHT) -> Policy:
    return Policy(rules=(rule(tier=tier, cascade=cascade),))


ADS, SHORT = Condition(tag={"team": "ads"}), Condition(input_tokens=Range(at_most=100))
SOUND = (Check(not_refusal=True),)


@pytest.mark.parametrize(
    ("policy", "level", "place", "message"),
    [
        (Policy(baseline="openai/nope"), "error", "$.baseline", "unknown model openai/nope"),
        (Policy(whitelist=("nope/*",)), "warning", "$.whitelist[0]", "nope/* matches no model"),
        (
            Policy(rules=(rule(tier=None),)),
            "error",
            "$.rules[0]",
            "names neither a tier nor a model nor a quality",
        ),
        (
            Policy(rules=(rule(model="alpha/mid"),)),
            "error",
            "$.rules[0]",
            "names both a tier and a model",
        ),
        (Policy(rules=(rule(tier=None, model="x/y"),)), "error", "$.rules[0].model", "unknown model x/y"),
        (
            Policy(whitelist=("alpha/*",), rules=(rule(tier=None, model="beta/mini"),)),
            "error",
            "$.rules[0].model",
            "beta/mini is not on the router's whitelist",
        ),
        (Policy(rules=(rule("a"), rule("b"))), "warning", "$.rules[1]", "never reached: rule a holds first"),
        (
            Policy(rules=(rule("a", Condition(tag={"team": "x"})), rule("a"))),
            "error",
            "$.rules[1].name",
            "a second one is named a",
        ),
        (
            Policy(rules=(rule(when=Condition(tag={"taem": "x"})),)),
            "warning",
            "$.rules[0].when.tag.taem",
            "tag taem is not declared",
        ),
        (
            Policy(rules=(rule(when=Condition(all_=(Condition(difficulty=Range(at_least=1, below=0)),))),)),
            "error",
            "$.rules[0].when.all[0].difficulty",
            "can never hold: the bounds exclude each other",
        ),
        (
            Policy(rules=(rule(when=Condition(share=10)),)),
            "error",
            "$.rules[0].when.share",
            "10 is not between 0 and 1",
        ),
        (
            Policy(rules=(rule(when=Condition(semantic="x")),)),
            "error",
            "$.rules[0].when.semantic",
            "no class is named x",
        ),
        (
            Policy(rules=(rule(when=Condition(not_=ALWAYS)),)),
            "error",
            "$.rules[0].when.not",
            "can never hold",
        ),
        (
            cascaded(Cascade(up_to=Tier.SMALL, checks=SOUND)),
            "error",
            "$.rules[0].cascade.up_to",
            "small is below the rule's tier, lightweight",
        ),
        (
            cascaded(Cascade()),
            "warning",
            "$.rules[0].cascade.checks",
            "without checks no answer is ever rejected",
        ),
        (
            cascaded(Cascade(checks=(Check(),))),
            "error",
            "$.rules[0].cascade.checks[0]",
            "gives no check",
        ),
        (
            cascaded(Cascade(checks=(Check(not_refusal=True, json_valid=True),))),
            "error",
            "$.rules[0].cascade.checks[0]",
            "gives several checks: not_refusal + json_valid",
        ),
        (
            cascaded(Cascade(checks=(Check(regex="("),))),
            "error",
            "$.rules[0].cascade.checks[0].regex",
            "not a usable pattern: bad",
        ),
        (
            cascaded(Cascade(checks=(Check(agreement=Agreement(model="no/such")),))),
            "error",
            "$.rules[0].cascade.checks[0].agreement.with",
            "unknown model no/such",
        ),
        (
            Policy(
                rules=(
                    rule(
                        tier=None,
                        model="alpha/mid",
                        cascade=Cascade(checks=(Check(agreement=Agreement(model="alpha/mid")),)),
                    ),
                )
            ),
            "error",
            "$.rules[0].cascade.checks[0].agreement.with",
            "alpha/mid would be asked whether it agrees with itself",
        ),
        (
            Policy(
                whitelist=("alpha/*",),
                rules=(
                    rule(
                        tier=Tier.LIGHTWEIGHT,
                        cascade=Cascade(checks=(Check(agreement=Agreement(model="alpha/mini")),)),
                    ),
                ),
            ),
            "error",
            "$.rules[0].cascade.checks[0].agreement.with",
            "alpha/mini would be asked whether it agrees with itself",
        ),
        (
            Policy(
                whitelist=("alpha/*",),
                rules=(
                    rule(
                        tier=Tier.LIGHTWEIGHT,
                        cascade=Cascade(checks=(Check(judge=Judge(model="beta/mini")),)),
                    ),
                ),
            ),
            "error",
            "$.rules[0].cascade.checks[0].judge.model",
            "beta/mini is not on the router's whitelist",
        ),
        (
            Policy(rules=(rule(tier=None, model="alpha/mid", cascade=Cascade(checks=SOUND)),)),
            "warning",
            "$.rules[0].cascade.up_to",
            "a pinned model does not climb: an answer that does not pass is sent all the same",
        ),
        (
            cascaded(Cascade(checks=(Check(webhook=Webhook(url="http://x.test/", send=("answer",))),))),
            "error",
            "$.rules[0].cascade.checks[0].webhook.url",
            "is not https",
        ),
        (
            cascaded(Cascade(checks=(Check(webhook=Webhook(url="https://a@x.test/", send=("answer",))),))),
            "error",
            "$.rules[0].cascade.checks[0].webhook.url",
            "may not be called: no user name or password in a URL",
        ),
        (
            cascaded(Cascade(checks=(Check(webhook=Webhook(url="https://x.test/")),))),
            "error",
            "$.rules[0].cascade.checks[0].webhook.send",
            "the validator would be shown nothing",
        ),
        (
            cascaded(
                Cascade(
                    checks=(Check(webhook=Webhook(url="https://x.test/", send=("answer",), timeout_ms=0)),)
                )
            ),
            "error",
            "$.rules[0].cascade.checks[0].webhook.timeout_ms",
            "0 is not between 1 and 30,000",
        ),
        (
            cascaded(Cascade(checks=(Check(self_agreement=SelfAgreement(samples=1)),))),
            "error",
            "$.rules[0].cascade.checks[0].self_agreement.samples",
            "1 is not between 2 and 8",
        ),
        (
            cascaded(Cascade(checks=(Check(self_agreement=SelfAgreement(at_least=60)),))),
            "error",
            "$.rules[0].cascade.checks[0].self_agreement.at_least",
            "60 is not between 0 and 1",
        ),
        (
            cascaded(Cascade(checks=(Check(length=Range(at_least=2, at_most=1)),))),
            "error",
            "$.rules[0].cascade.checks[0].length",
            "can never hold: the bounds exclude each other",
        ),
        (
            cascaded(Cascade(checks=SOUND, max_cost_usd=-1)),
            "error",
            "$.rules[0].cascade.max_cost_usd",
            "-1 is no amount in USD",
        ),
        (
            cascaded(Cascade(checks=SOUND, max_cost_usd=1e-12)),
            "error",
            "$.rules[0].cascade.max_cost_usd",
            "1e-12 is no amount in USD",
        ),
        (cascaded(Cascade(checks=SOUND, hold=-1)), "error", "$.rules[0].cascade.hold", "is below zero"),
        (
            Policy(timeouts=Timeouts(idle_ms=0)),
            "error",
            "$.timeouts.idle_ms",
            "0 is not between 1 and 600,000",
        ),
        (Policy(retries=Retries(times=9)), "error", "$.retries.times", "9 is not between 0 and 2"),
        (Policy(retries=Retries(share=20)), "error", "$.retries.share", "20 is not between 0 and 1"),
        (Policy(hedge=Hedge(after_ms=0)), "error", "$.hedge.after_ms", "0 is not between 1 and 600,000"),
        (
            cascaded(Cascade(checks=(Check(judge=Judge(model="no/such")),))),
            "error",
            "$.rules[0].cascade.checks[0].judge.model",
            "unknown model no/such",
        ),
        (
            Policy(whitelist=("gamma/small",), floors=(Floor(name="f", tier=Tier.PREMIUM),)),
            "warning",
            "$.floors[0].tier",
            "no model of tier premium or above is within reach",
        ),
        (
            Policy(rules=(rule("wide", ADS), rule("narrow", Condition(all_=(ADS, SHORT)), Tier.LIGHTWEIGHT))),
            "warning",
            "$.rules[1]",
            "never reached: rule wide holds first",
        ),
        (
            Policy(rules=(rule(when=Condition(tag={"team": "shop"}, all_=(ADS,))),)),
            "error",
            "$.rules[0].when",
            "can never hold: its parts exclude each other",
        ),
        (
            Policy(
                floors=(Floor(name="f", tier=Tier.MID, when=Condition(tag={"team": "shop"}, all_=(ADS,))),)
            ),
            "error",
            "$.floors[0].when",
            "can never hold: its parts exclude each other",
        ),
        (
            Policy(rules=(rule(when=Condition(key="serach")),)),
            "warning",
            "$.rules[0].when.key",
            "no gateway key is named serach",
        ),
        (
            Policy(
                rules=(rule(when=Condition(all_=(ADS, SHORT)), tier=Tier.LIGHTWEIGHT),),
                floors=(Floor(name="f", tier=Tier.PREMIUM, when=ADS),),
            ),
            "warning",
            "$.rules[0].tier",
            "floor f holds for all of its requests: premium answers instead",
        ),
        (
            Policy(
                rules=(rule(tier=None, model="alpha/mid", when=ADS),),
                floors=(Floor(name="f", tier=Tier.PREMIUM),),
            ),
            "warning",
            "$.rules[0].model",
            "floor f holds for all of its requests: alpha/mid never answers",
        ),
        (
            Policy(whitelist=("alpha/mini", "alpha/big"), floors=(Floor(name="f", tier=Tier.PREMIUM),)),
            "warning",
            "$.whitelist[0]",
            "alpha/mini never answers: it is below floor f, which holds for every request",
        ),
        (
            cascaded(Cascade(checks=SOUND, max_cost_usd=0)),
            "warning",
            "$.rules[0].cascade.max_cost_usd",
            "nothing is left to climb with: every further call costs more than nothing",
        ),
        (
            cascaded(Cascade(checks=(Check(self_agreement=SelfAgreement(samples=3, at_least=0.3)),))),
            "warning",
            "$.rules[0].cascade.checks[0].self_agreement.at_least",
            "passes whatever comes: the first answer alone is so many",
        ),
        (
            Policy(max_output_tokens=0),
            "error",
            "$.max_output_tokens",
            "0 is not between 1 and 10,000,000",
        ),
        (
            Policy(otherwise=Otherwise()),
            "error",
            "$.otherwise",
            "names neither a tier nor a model nor a quality",
        ),
        (
            Policy(unsure=Unsure(tier=Tier.MID, confidence_below=50)),
            "error",
            "$.unsure.confidence_below",
            "50 is not between 0 and 1",
        ),
    ],
)
def test_each_mistake_is_found_at_its_place(policy: Policy, level: str, place: str, message: str) -> None:
    found = [(f.level, f.place, f.message) for f in findings(policy)]
    assert (level, place, message) in found
    assert all(f.remedy for f in findings(policy))


def test_a_floor_of_the_tenant_that_nothing_reaches_is_said() -> None:
    floor = Floor(name="regulated", tier=Tier.PREMIUM, when=ADS)
    found = findings(Policy(whitelist=("alpha/mid",)), floors=(floor,))
    assert [(each.level, each.place, each.message) for each in found] == [
        ("warning", "$.whitelist", "nothing on it reaches the tenant's floor regulated, premium")
    ]


def test_a_sound_policy_has_no_findings() -> None:
    policy = Policy(
        baseline="alpha/big",
        rules=(rule("a", Condition(tag={"team": "x"}), Tier.LIGHTWEIGHT, cascade=Cascade(checks=SOUND)),),
        unsure=Unsure(tier=Tier.MID),
        floors=(Floor(name="f", tier=Tier.PREMIUM, when=Condition(tag={"data": "regulated"})),),
    )
    assert findings(policy) == ()


@given(policies())
def test_errors_come_first_and_linting_never_fails(policy: Policy) -> None:
    levels = [finding.level for finding in findings(policy)]
    assert levels == sorted(levels)


def outcome(test: PolicyTest) -> str:
    policy = Policy(
        rules=(rule("routine", Condition(request_class=RequestClass.CLASSIFICATION), Tier.LIGHTWEIGHT),),
        floors=(Floor(name="f", tier=Tier.PREMIUM, when=Condition(tag={"data": "regulated"})),),
        tests=(test,),
    )
    (result,) = run_tests(router(policy), at=NOON)
    return result.failure


SENTIMENT = "Classify the sentiment of this review as positive or negative: great phone"


@pytest.mark.parametrize(
    ("sample", "expected", "failure"),
    [
        (Sample(text=SENTIMENT), Expectation(tier=Tier.LIGHTWEIGHT, rule="routine"), ""),
        (Sample(text=SENTIMENT, tags={"data": "regulated"}), Expectation(tier=Tier.PREMIUM), ""),
        (Sample(text=SENTIMENT), Expectation(tier=Tier.MID), "tier is lightweight, not mid"),
        (Sample(text=SENTIMENT), Expectation(model="beta/mini"), "model is alpha/mini, not beta/mini"),
        (
            Sample(text=SENTIMENT),
            Expectation(request_class=RequestClass.CODING),
            "class is classification, not coding",
        ),
        (Sample(text=SENTIMENT), Expectation(not_model="beta/*"), "beta/mini can be reached"),
        (
            Sample(text=SENTIMENT, input_tokens=900_000),
            Expectation(tier=Tier.MID),
            "no model is left (context_length_exceeded)",
        ),
    ],
)
def test_a_policys_own_tests(sample: Sample, expected: Expectation, failure: str) -> None:
    assert outcome(PolicyTest(name="t", request=sample, expect=expected)) == failure
