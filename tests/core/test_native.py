"""A request that only a provider of the caller's own protocol can be told, and who is one."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from gateway.core.catalogue import protocol_for
from gateway.core.decide import Refusal, Route, decide
from gateway.core.explain import explain
from gateway.core.facts import Surface, Tier
from gateway.core.policy import Otherwise, Policy
from tests.core.build import MODELS, PROVIDERS, facts, router

POLICY = Policy(otherwise=Otherwise(tier=Tier.LIGHTWEIGHT))
ALSO = tuple(
    replace(each, also=frozenset({"openai_responses"})) if each.id == "alpha" else each for each in PROVIDERS
)
NATIVE = facts(surface=Surface.OPENAI_RESPONSES, native="tools[0].type")


def test_only_who_speaks_the_callers_protocol_is_asked() -> None:
    decision = decide(NATIVE, router(POLICY, providers=ALSO))
    assert isinstance(decision, Route)
    assert {model.id for model in decision.kept} == {"alpha/mini", "alpha/mid", "alpha/big"}
    reasons = {model.id: because for model, because in decision.out}
    assert reasons["beta/mini"] == reasons["beta/big"] == "its provider cannot be told 'tools[0].type'"


def test_a_request_that_everyone_can_be_told_goes_to_everyone() -> None:
    plain = replace(NATIVE, native="")
    one, other = decide(plain, router(POLICY, providers=ALSO)), decide(plain, router(POLICY))
    assert isinstance(one, Route)
    assert isinstance(other, Route)
    assert one.kept == other.kept


def test_where_nobody_speaks_it_there_is_no_one() -> None:
    decision = decide(NATIVE, router(POLICY))
    assert isinstance(decision, Refusal)
    assert decision.code == "no_eligible_model"
    because = {c.model: c.because for c in explain(NATIVE, router(POLICY)).candidates}
    assert because["alpha/mini"] == "its provider cannot be told 'tools[0].type'"


@pytest.mark.parametrize(
    ("surface", "own", "protocol"),
    [
        ("openai_responses", "", "openai_responses"),
        ("openai_chat", "", "openai_chat"),
        ("anthropic", "", "openai_chat"),
        ("openai_responses", "anthropic", "anthropic"),
    ],
)
def test_a_model_is_asked_in_the_callers_protocol_where_that_is_spoken(
    surface: str, own: str, protocol: str
) -> None:
    assert protocol_for(replace(MODELS[0], dialect=own), ALSO[0], surface) == protocol
