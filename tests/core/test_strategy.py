"""Strategies order the models of a rung, and do no more than that."""

from __future__ import annotations

from collections import Counter

from hypothesis import given, settings
from msgspec.structs import replace

from gateway.core.decide import Route, decide
from gateway.core.explain import explain
from gateway.core.facts import RequestFacts, Tier
from gateway.core.lint import lint
from gateway.core.policy import Otherwise, Policy, Rule
from gateway.core.snapshot import RouterSnapshot
from gateway.core.strategy import LATENCY, Strategy, Weights, own_draw
from tests.core.build import facts, model, router, tenant
from tests.core.strategies import orders, policies, requests

MODELS = (
    model("alpha/one", Tier.MID, (1, 1)),
    model("beta/two", Tier.MID, (2, 2)),
    model("gamma/three", Tier.MID, (3, 3)),
    model("alpha/big", Tier.PREMIUM, (9, 9)),
)
LOTS = [n / 10_000 for n in range(10_000)]


def ladder(strategy: Strategy, request: RequestFacts) -> tuple[str, ...]:
    policy = Policy(otherwise=Otherwise(tier=Tier.MID, strategy=strategy))
    decision = decide(request, router(policy, models=MODELS))
    assert isinstance(decision, Route)
    return decision.ladder[0].models


def firsts(strategy: Strategy, request: RequestFacts) -> Counter[str]:
    return Counter(ladder(strategy, replace(request, lot=lot))[0] for lot in LOTS[::10])


@settings(max_examples=40)
@given(policies(), requests(), orders, orders)
def test_no_strategy_changes_who_may_answer(
    policy: Policy, request: RequestFacts, one: Strategy | None, other: Strategy | None
) -> None:
    rules = tuple(replace(rule, strategy=None) for rule in policy.rules)
    policy = replace(policy, rules=rules, otherwise=replace(policy.otherwise, strategy=None))
    decided = [decide(request, router(replace(policy, strategy=each))) for each in (one, other)]
    found = [
        [(rung.tier, sorted(rung.models)) for rung in each.ladder] if isinstance(each, Route) else each.out
        for each in decided
    ]
    assert found[0] == found[1]


def test_the_fastest_comes_first_and_who_is_not_measured_last() -> None:
    request = facts(latency={"alpha/one": 900, "beta/two": 200}, lot=0.9 / 4096)
    assert own_draw(request.lot) > 0.5
    assert ladder(LATENCY, request) == ("beta/two", "alpha/one", "gamma/three")
    assert ladder(LATENCY, facts()) == ("alpha/one", "beta/two", "gamma/three")


def test_no_more_than_a_twentieth_of_requests_learns_a_speed() -> None:
    known = facts(latency={"alpha/one": 900})
    counted = firsts(LATENCY, known)
    assert 0.03 < (counted["beta/two"] + counted["gamma/three"]) / 1_000 <= 0.07
    assert min(counted["beta/two"], counted["gamma/three"]) > 5
    everybody = facts(latency={"alpha/one": 900, "beta/two": 200, "gamma/three": 300})
    assert firsts(LATENCY, everybody) == {"beta/two": 1_000}


def test_weights_draw_as_often_as_they_say() -> None:
    counted = firsts(Weights(weights={"alpha/one": 1, "gamma/three": 3}), facts())
    assert abs(counted["gamma/three"] - 750) < 45
    assert counted.keys() == {"alpha/one", "gamma/three"}


def test_who_has_no_weight_only_stands_in() -> None:
    weights = Weights(weights={"gamma/three": 3, "beta/two": 0})
    assert ladder(weights, facts(lot=0.3)) == ("gamma/three", "alpha/one", "beta/two")
    assert ladder(Weights(weights={"alpha/big": 1}), facts()) == ("alpha/one", "beta/two", "gamma/three")


def test_a_session_is_drawn_once_and_a_cache_keeps_a_conversation() -> None:
    weights = Weights(weights={"alpha/one": 1, "gamma/three": 1})
    assert len(firsts(weights, facts(draw=0.7))) == 1
    assert firsts(weights, facts(cached={"alpha/one": 900})) == {"alpha/one": 1_000}


def test_shares_of_a_rule_and_draws_do_not_coincide() -> None:
    """Else a rule for a tenth of the requests would only ever explore, or only ever draw one of its models."""
    within = [own_draw(lot) for lot in LOTS if lot < 0.1]
    assert abs(sum(draw < 0.5 for draw in within) / len(within) - 0.5) < 0.05


def test_the_rule_outranks_the_policy() -> None:
    policy = Policy(
        strategy=LATENCY,
        rules=(Rule(name="r", tier=Tier.MID, strategy=Weights(weights={"gamma/three": 1})),),
    )
    decision = decide(facts(latency={"beta/two": 1}), router(policy, models=MODELS))
    assert isinstance(decision, Route)
    assert decision.model == "gamma/three"
    other = decide(
        facts(latency={"beta/two": 1}, lot=0.9 / 4096), router(replace(policy, rules=()), models=MODELS)
    )
    assert isinstance(other, Route)
    assert other.model == "beta/two"


def test_the_explanation_names_the_strategy() -> None:
    def told(strategy: Strategy, request: RequestFacts) -> dict[str, str]:
        policy = Policy(otherwise=Otherwise(tier=Tier.MID, strategy=strategy))
        explained = explain(request, router(policy, models=MODELS))
        return {each.model: each.because for each in explained.candidates}

    fast = told(LATENCY, facts(latency={"alpha/one": 900, "beta/two": 200}, lot=0.9 / 4096))
    assert fast == {
        "beta/two": "fastest in mid, 200 ms in the median",
        "alpha/one": "900 ms in the median, not 200 ms; next if beta/two fails",
        "gamma/three": "its speed is not known; next if those before it fail",
        "alpha/big": "a rung above mid; only if the rungs below fail or are rejected",
    }
    drawn = told(Weights(weights={"beta/two": 3, "alpha/one": 1}), facts(draw=0.9))
    assert drawn["beta/two"] == "drawn with a weight of 3 in 4"
    assert drawn["alpha/one"] == "has a weight of 1 in 4; next if beta/two fails"
    assert drawn["gamma/three"] == "has no weight; only stands in"
    unknown = told(LATENCY, facts())
    assert unknown["alpha/one"] == "cheapest in mid; nobody's speed in mid is known yet"


def test_what_cannot_work_is_found_when_it_is_saved() -> None:
    policy = Policy(
        whitelist=("alpha/*", "beta/*"),
        strategy=Weights(weights={"nobody/none": 1, "gamma/three": -1, "beta/two": 0}),
        rules=(Rule(name="pinned", model="alpha/one", strategy=LATENCY),),
        otherwise=Otherwise(tier=Tier.MID, strategy=Weights(weights={"alpha/one": 0})),
    )
    around = tenant(policy, models=MODELS, routers=(RouterSnapshot(id="r", policy=policy, policy_version=1),))
    found = lint(policy, router(policy, models=MODELS), around, check_regex=lambda _: "")
    assert {(each.level, each.place) for each in found} == {
        ("error", "$.strategy.weights.nobody/none"),
        ("error", "$.strategy.weights.gamma/three"),
        ("error", "$.otherwise.strategy.weights"),
        ("warning", "$.rules[0].strategy"),
    }
