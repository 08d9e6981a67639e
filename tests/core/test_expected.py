"""What a request is expected to cost where something of it is cached, and whom that keeps it at."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from gateway.core.decide import Route, decide
from gateway.core.demand import Quality
from gateway.core.expected import cache_worth, expected_cost, expected_usage
from gateway.core.explain import explain
from gateway.core.facts import RequestClass, RequestFacts, Tier
from gateway.core.lengths import Length, lengthened
from gateway.core.money import nano
from gateway.core.policy import Otherwise, Policy
from gateway.core.price import Usage
from gateway.core.quality.estimate import Estimate
from gateway.core.router import Router, compile_router
from tests.core.build import JAN, NOON, facts, model, price, tenant
from tests.core.strategies import policies, requests

DAY = NOON.date()
# Cheaper by a third when nothing is cached; ten times dearer than a read of the other's cache.
CHEAP = model("alpha/one", Tier.MID, None, prices=(price(2, 8, cache_read=nano(0.2)),))
DEARER = model("beta/two", Tier.MID, None, prices=(price(3, 12, cache_read=nano(0.3)),))
WRITES = model(
    "beta/writes", Tier.MID, None, prices=(price(3, 12, cache_read=nano(0.3), cache_write=nano(3.75)),)
)
ABOVE = model("alpha/big", Tier.PREMIUM, None, prices=(price(4, 16, cache_read=nano(0.01)),))
POLICY = Policy(otherwise=Otherwise(tier=Tier.MID))


def compiled(*models: object, policy: Policy = POLICY) -> Router:
    around = tenant(policy, models=models)
    return compile_router(around.routers[0], around)


def chosen(request: RequestFacts, *models: object) -> str:
    decision = decide(request, compiled(*models or (CHEAP, DEARER, ABOVE)))
    assert isinstance(decision, Route)
    return decision.model


def talk(**cached: int) -> RequestFacts:
    """20,000 tokens of prompt, of which so many are cached at alpha or beta."""
    names = {"alpha": "alpha/one", "beta": "beta/two", "above": "alpha/big"}
    return facts(
        input_tokens=20_000, output_tokens=500, cached={names[who]: count for who, count in cached.items()}
    )


def test_a_read_of_a_cache_is_cheaper_than_the_tokens_anew() -> None:
    request = talk(beta=19_000)
    # 1,000 fresh at 3 $, 19,000 read at 0.30 $, 500 written at 12 $ a million.
    assert expected_cost(DEARER, request, DAY) == nano("0.003") + nano("0.0057") + nano("0.006")
    assert expected_cost(DEARER, talk(), DAY) == nano("0.066")
    assert cache_worth(DEARER, request, DAY) == nano("0.066") - nano("0.0147")
    assert cache_worth(CHEAP, request, DAY) == 0


def test_more_than_the_prompt_is_never_cached() -> None:
    assert expected_usage(DEARER, talk(beta=90_000), DEARER.prices[0]) == Usage(cache_read=20_000, output=500)


def test_what_a_caller_marks_is_written_where_it_is_not_yet() -> None:
    marked = replace(talk(), marks_cache=True)
    assert expected_usage(WRITES, marked, WRITES.prices[0]) == Usage(cache_write=20_000, output=500)
    assert expected_usage(CHEAP, marked, CHEAP.prices[0]) == Usage(input=20_000, output=500)
    assert expected_cost(WRITES, marked, DAY) == nano("0.075") + nano("0.006")
    known = replace(marked, cached={"beta/writes": 15_000})
    assert cache_worth(WRITES, known, DAY) == nano("0.05625") - nano("0.0045")


def test_a_conversation_stays_while_its_cache_is_worth_more_than_moving_gains() -> None:
    assert chosen(talk()) == "alpha/one"
    assert chosen(talk(beta=19_000)) == "beta/two"
    assert chosen(talk(beta=2_000)) == "alpha/one"  # too little to stay for
    assert chosen(talk(alpha=19_000, beta=19_000)) == "alpha/one"


def test_a_cache_above_does_not_lift_a_rules_tier_and_one_below_does_not_lower_it() -> None:
    assert chosen(talk(above=20_000)) == "alpha/one"
    low = model("alpha/low", Tier.LOCAL, None, prices=(price(1, 1, cache_read=0),))
    assert chosen(facts(input_tokens=20_000, cached={"alpha/low": 20_000}), low, CHEAP) == "alpha/one"


def test_the_explanation_says_what_keeps_it() -> None:
    told = {each.model: each for each in explain(talk(beta=19_000), compiled(CHEAP, DEARER)).candidates}
    assert told["beta/two"].because == "kept: the conversation's cache there is worth $0.0513"
    assert (told["beta/two"].cached_tokens, told["beta/two"].cache_worth) == (19_000, nano("0.0513"))
    assert told["alpha/one"].because == "dearer than beta/two; next if that fails"
    cheap = explain(talk(alpha=19_000), compiled(CHEAP, DEARER)).candidates[0]
    assert cheap.because == "cheapest in mid; the conversation's cache there is worth $0.0342"


def test_longer_answers_cost_more_whatever_a_token_costs() -> None:
    wordy = facts(input_tokens=1_000, output_tokens=500, outputs={"alpha/one": 2_000})
    assert chosen(wordy) == "beta/two"
    assert expected_cost(CHEAP, wordy, DAY) == nano("0.002") + nano("0.016")


def test_what_was_foreseen_is_stretched_by_what_came() -> None:
    length = Length(request_class=RequestClass.CODING, share=1.5, models={"alpha/one": 3.0})
    known = {RequestClass.CODING: length}
    asked = facts(request_class=RequestClass.CODING, output_tokens=400, max_output_tokens=1_000)
    seen = lengthened(asked, known)
    assert (seen.output_tokens, seen.foreseen_tokens, seen.outputs) == (600, 400, {"alpha/one": 1_000})
    other = facts(request_class=RequestClass.EXTRACTION)
    assert lengthened(other, known) is other


@pytest.mark.parametrize(("cache_read", "several"), [(None, True), (nano(2), True), (nano(0.2), False)])
def test_a_router_without_a_choice_of_caches_does_not_look_for_any(
    cache_read: int | None, *, several: bool
) -> None:
    own = model("alpha/one", Tier.MID, None, prices=(price(2, 8, since=JAN, cache_read=cache_read),))
    models = (own, model("beta/plain", Tier.MID, (1, 1))) if several else (own,)
    assert not compiled(*models).has_caches
    assert compiled(CHEAP, DEARER).has_caches


@settings(max_examples=40)
@given(policies(), requests(), st.integers(1, 150_000))
def test_a_cache_never_makes_its_model_come_later(policy: Policy, request: RequestFacts, more: int) -> None:
    """No harm: to know of a cache changes who of a rung comes first, never who may, and never to one that costs more."""
    policy = replace(policy, strategy=None, rules=(), otherwise=Otherwise(tier=Tier.LIGHTWEIGHT))
    around = tenant(policy, models=(CHEAP, DEARER, WRITES, ABOVE))
    router = compile_router(around.routers[0], around)
    without = replace(request, cached={}, expected={})
    known = replace(without, cached={"beta/two": min(more, request.input_tokens)})
    before, after = decide(without, router), decide(known, router)
    assert type(before) is type(after)
    if isinstance(before, Route) and isinstance(after, Route):
        assert [(r.tier, sorted(r.models)) for r in before.ladder] == [
            (r.tier, sorted(r.models)) for r in after.ladder
        ]
        place = [model.id for model in before.kept], [model.id for model in after.kept]
        if "beta/two" in place[0]:
            assert place[1].index("beta/two") <= place[0].index("beta/two")
        first = router.models[after.model], router.models[before.model]
        paid, would = (expected_cost(each, known, DAY) for each in first)
        assert paid is not None
        assert would is not None
        assert paid <= would


def test_thinking_is_part_of_what_a_model_is_expected_to_cost() -> None:
    plain = model("alpha/plain", Tier.MID, (3, 12), can=frozenset())
    thinks = model("beta/thinks", Tier.MID, (2, 8))
    hard = Policy(otherwise=Otherwise(tier=Tier.MID, effort="high"))
    asked = facts(input_tokens=1_000, output_tokens=500)

    def first(policy: Policy, request: RequestFacts) -> tuple[str, int | None, str | None]:
        told = explain(request, compiled(plain, thinks, policy=policy))
        return told.candidates[0].model, told.candidates[0].expected_cost, told.effort

    assert first(POLICY, asked) == ("beta/thinks", nano("0.006"), None)
    assert first(hard, asked) == ("alpha/plain", nano("0.009"), "high")
    few = replace(asked, max_output_tokens=600)
    assert first(hard, few) == ("beta/thinks", nano("0.0068"), "high")
    known = replace(asked, outputs={"beta/thinks": 700})
    assert first(hard, known) == ("beta/thinks", nano("0.0076"), "high")
    assert first(POLICY, replace(asked, effort="high"))[0] == "beta/thinks"  # of facts that are replayed


def test_of_models_that_hold_a_quality_the_one_with_the_cache_answers() -> None:
    """In any tier: what is promised there is the quality, not the tier."""
    policy = Policy(otherwise=Otherwise(quality=Quality(at_least=0.8)))
    sure = {each.id: Estimate(0.95, 0.9) for each in (CHEAP, DEARER, ABOVE)}

    def told(request: RequestFacts) -> tuple[str, str]:
        first = explain(
            replace(request, expected=sure), compiled(CHEAP, DEARER, ABOVE, policy=policy)
        ).candidates[0]
        return first.model, first.because

    assert told(talk()) == ("alpha/one", "cheapest that holds the quality of 0.80 asked for")
    assert told(talk(above=19_900)) == (
        "alpha/big",
        "cheapest that holds the quality of 0.80 asked for, the conversation's cache there is worth $0.079401",
    )
