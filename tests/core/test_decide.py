"""The laws of deciding, over any policy and any request, and the cases people ask about first."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.catalogue import Model
from gateway.core.conditions import Condition, holds
from gateway.core.decide import Refusal, Route, candidates, decide, object_to
from gateway.core.explain import explain
from gateway.core.facts import ModelKind, Need, RequestClass, RequestFacts, Tier
from gateway.core.policy import Cascade, Floor, Otherwise, Policy, Rule, Unsure
from gateway.core.price import Unpriced
from gateway.core.router import direct_router, on_whitelist
from gateway.core.strategy import COST
from tests.core.build import MODELS, facts, model, router, tenant
from tests.core.strategies import floors, policies, requests, whitelists

BY_ID = {model.id: model for model in MODELS}
REGULATED = Floor(name="regulated", tier=Tier.PREMIUM, when=Condition(tag={"data": "regulated"}))


def route(policy: Policy, request: RequestFacts, **rest: tuple[Floor, ...]) -> Route:
    decision = decide(request, router(policy, **rest))
    assert isinstance(decision, Route)
    return decision


def rungs(decided: Route) -> list[tuple[str, tuple[str, ...]]]:
    return [(rung.tier.value, rung.models) for rung in decided.ladder]


def test_models_without_a_price_do_not_answer_where_the_tenant_blocks_them() -> None:
    policy = Policy(otherwise=Otherwise(tier=Tier.MID))
    models = (model("alpha/free", Tier.MID, None), model("alpha/mid", Tier.MID, (2, 10)))

    def answering(word: Unpriced, *of: Model) -> Route | Refusal:
        return decide(facts(), router(policy, models=of or models, unpriced_models=word))

    for word in (Unpriced.UNKNOWN, Unpriced.ESTIMATE):
        decided = answering(word)
        assert isinstance(decided, Route)
        assert {model.id for model in decided.kept} == {"alpha/free", "alpha/mid"}
    blocked = answering(Unpriced.BLOCK)
    assert isinstance(blocked, Route)
    assert [model.id for model in blocked.kept] == ["alpha/mid"]
    explained = explain(facts(), router(policy, models=models, unpriced_models=Unpriced.BLOCK))
    (free,) = (each for each in explained.candidates if each.model == "alpha/free")
    assert free.because == "its price is unknown, and the tenant blocks such models"
    none = answering(Unpriced.BLOCK, models[0])
    assert isinstance(none, Refusal)
    assert none.code == "no_eligible_model"


@given(policies(), requests(), floors("tenant"), whitelists)
def test_no_rung_leaves_the_envelope(
    policy: Policy, request: RequestFacts, tenant_floors: tuple[Floor, ...], whitelist: tuple[str, ...] | None
) -> None:
    compiled = router(policy, floors=tenant_floors, whitelist=whitelist)
    decision = decide(request, compiled)
    held = [floor.tier for floor in (*tenant_floors, *policy.floors) if holds(floor.when, request)]
    if isinstance(decision, Route):
        for model in (BY_ID[name] for rung in decision.ladder for name in rung.models):
            assert on_whitelist(model.id, whitelist)
            assert on_whitelist(model.id, policy.whitelist)
            assert all(model.tier >= floor for floor in held)
            assert request.input_tokens + request.output_tokens <= model.context
            assert request.needs - model.can <= {Need.STREAMING, Need.REASONING}


@given(policies(), requests())
def test_every_model_is_accounted_for_once(policy: Policy, request: RequestFacts) -> None:
    explanation = explain(request, router(policy))
    assert sorted(candidate.model for candidate in explanation.candidates) == sorted(BY_ID)
    assert all(candidate.because for candidate in explanation.candidates)
    taken = [candidate.model for candidate in explanation.candidates if candidate.taken]
    assert taken == ([explanation.model] if explanation.model else [])


@given(policies(), requests())
def test_deciding_twice_decides_the_same(policy: Policy, request: RequestFacts) -> None:
    once, again = (decide(request, router(policy)) for _ in range(2))
    assert (once.target, once.out) == (again.target, again.out)
    if isinstance(once, Route):
        assert isinstance(again, Route)
        assert (once.ladder, once.kept) == (again.ladder, again.kept)


@given(policies(), requests())
def test_every_model_is_kept_or_objected_to(policy: Policy, request: RequestFacts) -> None:
    compiled = router(policy)
    decision = decide(request, compiled)
    kept = decision.kept if isinstance(decision, Route) else ()
    everyone = [model.id for model in compiled.open if model.kind is request.kind]
    assert sorted([*(model.id for model in kept), *(model.id for model, _ in decision.out)]) == sorted(
        everyone
    )
    assert all(reason for _, reason in decision.out)
    assert not any(object_to(model, decision.target, request, compiled) for model in kept)


@given(policies(), requests())
def test_rungs_rise_and_within_a_rung_prices_rise(policy: Policy, request: RequestFacts) -> None:
    decision = decide(request, router(policy))
    if isinstance(decision, Route) and decision.choice is None and decision.target.strategy in (None, COST):
        tiers = [rung.tier.rank for rung in decision.ladder]
        assert tiers == sorted(set(tiers))
        costs = {candidate.model: candidate.expected_cost for candidate in candidates(decision, request)}
        for rung in decision.ladder:
            priced = [costs[model] for model in rung.models]
            known = [price for price in priced if price is not None]
            assert known == sorted(known)
            assert priced == known + [None] * (len(priced) - len(known))


@given(policies(), requests(), st.floats(0, 1))
def test_less_confidence_never_lowers_the_tier(policy: Policy, request: RequestFacts, lower: float) -> None:
    """Of one rule: what is unsure goes up, never down."""
    import msgspec

    doubtful = msgspec.structs.replace(request, confidence=min(lower, request.confidence))
    sure, unsure = decide(request, router(policy)).target, decide(doubtful, router(policy)).target
    if sure.rule == unsure.rule and sure.floors == unsure.floors:
        assert unsure.tier >= sure.tier


def test_cheapest_of_the_tier_first_then_up() -> None:
    decided = route(Policy(otherwise=Otherwise(tier=Tier.LIGHTWEIGHT)), facts())
    assert rungs(decided) == [
        ("lightweight", ("alpha/mini", "beta/mini")),
        ("mid", ("alpha/mid",)),
        ("premium", ("alpha/big", "beta/big")),
    ]


def test_first_rule_that_holds_wins() -> None:
    policy = Policy(
        rules=(
            Rule(name="never", when=Condition(tag={"team": "x"}), tier=Tier.PREMIUM),
            Rule(name="first", tier=Tier.SMALL),
            Rule(name="second", tier=Tier.PREMIUM),
        )
    )
    assert route(policy, facts()).target.rule == "first"


def test_a_floor_lifts_whatever_the_rule_says() -> None:
    policy = Policy(rules=(Rule(name="cheap", tier=Tier.LOCAL),), floors=(REGULATED,))
    decided = route(policy, facts(tags={"data": "regulated"}))
    assert (decided.tier, decided.target.floors, decided.target.lifted_by) == (
        Tier.PREMIUM,
        ("regulated",),
        "floor regulated",
    )


def test_a_tenants_floor_lifts_a_pin() -> None:
    policy = Policy(rules=(Rule(name="pinned", model="local/llama"),))
    decided = route(policy, facts(tags={"data": "regulated"}), floors=(REGULATED,))
    assert decided.model == "alpha/big"


def test_a_pin_is_the_only_model() -> None:
    decided = route(Policy(rules=(Rule(name="pinned", model="beta/mini"),)), facts())
    assert rungs(decided) == [("lightweight", ("beta/mini",))]


def test_a_call_without_a_router_is_refused_below_a_floor() -> None:
    direct = direct_router(MODELS[-1], tenant(floors=(REGULATED,)))
    assert isinstance(decide(facts(), direct), Route)
    refused = decide(facts(tags={"data": "regulated"}), direct)
    assert isinstance(refused, Refusal)
    assert refused.code == "no_eligible_model"


@pytest.mark.parametrize(
    ("rule", "tier"),
    [
        (
            Rule(name="r", when=Condition(request_class=RequestClass.CLASSIFICATION), tier=Tier.SMALL),
            Tier.MID,
        ),
        (Rule(name="r", when=Condition(tag={"team": "search"}), tier=Tier.SMALL), Tier.SMALL),
        (
            Rule(name="r", when=Condition(request_class=RequestClass.CLASSIFICATION), tier=Tier.PREMIUM),
            Tier.PREMIUM,
        ),
    ],
    ids=["rests on the class", "the caller's tag outranks the text", "never down"],
)
def test_unsure_goes_up_where_the_rule_rests_on_the_class(rule: Rule, tier: Tier) -> None:
    policy = Policy(rules=(rule,), unsure=Unsure(tier=Tier.MID, confidence_below=0.5))
    assert route(policy, facts(confidence=0.3, tags={"team": "search"})).tier is tier


def test_an_unpriced_model_comes_last_in_its_rung_and_is_unknown() -> None:
    decided = route(Policy(otherwise=Otherwise(tier=Tier.SMALL)), facts())
    assert decided.ladder[0].models == ("gamma/small", "gamma/odd")
    assert [c.expected_cost for c in candidates(decided, facts())[:2]] == [140_000, None]


def test_a_prompt_too_long_for_every_model_says_so() -> None:
    refused = decide(facts(input_tokens=200_000), router(Policy()))
    assert isinstance(refused, Refusal)
    assert refused.code == "context_length_exceeded"


def test_failing_providers_are_passed_over_but_never_all() -> None:
    policy = Policy(otherwise=Otherwise(tier=Tier.PREMIUM))
    assert route(policy, facts(unavailable=frozenset({"alpha/big"}))).model == "beta/big"
    both = route(policy, facts(unavailable=frozenset({"alpha/big", "beta/big"})))
    assert both.ladder[0].models == ("alpha/big", "beta/big")


@pytest.mark.parametrize("kind", ModelKind)
def test_only_models_of_the_kind_asked_for_are_candidates(kind: ModelKind) -> None:
    embedder = model("alpha/embed", Tier.PREMIUM, (0.02, 0), kind=ModelKind.EMBEDDING)
    policy = Policy(otherwise=Otherwise(tier=Tier.LOCAL))
    seen = explain(
        facts(kind=kind, requested_model="alpha/embed"), router(policy, models=(*MODELS, embedder))
    )
    climbed = {each for rung in seen.ladder for each in rung.models}
    others = {c.model: c.because for c in seen.candidates if c.model not in climbed}
    if kind is ModelKind.EMBEDDING:
        assert climbed == {"alpha/embed"}
        assert others["alpha/mini"] == "is for chat"
    else:
        assert "alpha/embed" not in climbed
        assert others["alpha/embed"] == "is for embedding"


def test_explaining_names_the_rule_that_removed_each_model() -> None:
    policy = Policy(
        whitelist=("alpha/*", "gamma/small"),
        rules=(Rule(name="routine", tier=Tier.LIGHTWEIGHT, cascade=Cascade(up_to=Tier.MID)),),
    )
    explanation = explain(facts(requested_model="alpha/big"), router(policy))
    assert {c.model: c.because for c in explanation.candidates} == {
        "alpha/mini": "cheapest in lightweight",
        "alpha/mid": "a rung above lightweight; only if the rungs below fail or are rejected",
        "alpha/big": "a rung above lightweight; only if the rungs below fail or are rejected",
        "gamma/small": "below lightweight, which rule routine asks for",
        "beta/big": "not on the router's whitelist",
        "beta/mini": "not on the router's whitelist",
        "gamma/odd": "not on the router's whitelist",
        "local/llama": "not on the router's whitelist",
    }
    assert (explanation.baseline_model, explanation.baseline_cost) == ("alpha/big", 15_000_000)
    assert explanation.up_to is Tier.MID


def test_a_model_that_is_used_only_where_it_is_named_is_named_by_a_pin_or_a_whitelist() -> None:
    odd = model("alpha/odd", Tier.LOCAL, (0.001, 0.001), named_only="answers in speech")
    models = (*MODELS, odd)

    def first(policy: Policy) -> str:
        decision = decide(facts(), router(policy, models=models))
        assert isinstance(decision, Route)
        return decision.model

    anything = Policy(otherwise=Otherwise(tier=Tier.LOCAL))
    assert first(anything) != "alpha/odd"
    assert first(Policy(otherwise=Otherwise(model="alpha/odd"))) == "alpha/odd"
    assert (
        first(Policy(whitelist=("alpha/odd", "alpha/*"), otherwise=Otherwise(tier=Tier.LOCAL))) == "alpha/odd"
    )
    reasons = {c.model: c.because for c in explain(facts(), router(anything, models=models)).candidates}
    assert reasons["alpha/odd"] == "answers in speech: used only where it is named"
