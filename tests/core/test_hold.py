"""A rule that asks for quality: what answers, what stands in, where nothing can be promised, and what people are told."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.baseline import Declared
from gateway.core.decide import Refusal, Route, decide
from gateway.core.demand import Quality
from gateway.core.explain import explain
from gateway.core.facts import RequestFacts, Tier
from gateway.core.policy import MEASURED, Floor, Otherwise, Policy, Rule, Unsure
from gateway.core.quality.estimate import Estimate
from gateway.core.report import candidate_of
from gateway.core.router import compile_router
from gateway.core.snapshot import RouterSnapshot
from tests.core.build import JAN, MODELS, facts, router, tenant
from tests.core.strategies import estimates, policies, requests
from tests.core.test_lint import findings

MOST = Quality(at_least="0.95 of baseline")
POLICY = Policy(baseline="alpha/big", otherwise=Otherwise(quality=MOST), unsure=Unsure(tier=Tier.MID))
UNPROVEN = {model.id: Estimate(0.7, 0.3) for model in MODELS}
PROVEN = UNPROVEN | {"alpha/mini": Estimate(0.69, 0.67), "beta/mini": Estimate(0.7, 0.68)}


def decided(policy: Policy = POLICY, **given: object) -> Route:
    decision = decide(facts(**{"expected": PROVEN, **given}), router(policy))
    assert isinstance(decision, Route)
    return decision


def rungs(route: Route) -> list[tuple[str, ...]]:
    return [rung.models for rung in route.ladder]


def test_the_cheapest_that_holds_answers_and_those_of_the_baselines_tier_stand_in() -> None:
    assert rungs(decided()) == [("alpha/mini", "beta/mini"), ("alpha/big", "beta/big")]


def test_without_evidence_the_baseline_answers_itself() -> None:
    assert rungs(decided(expected=UNPROVEN)) == [("alpha/big", "beta/big")]


def test_what_holds_is_found_in_any_tier() -> None:
    expected = PROVEN | {"local/llama": Estimate(0.9, 0.8)}
    assert decided(expected=expected).model == "local/llama"


def test_a_quality_as_such_needs_no_baseline() -> None:
    policy = msgspec.structs.replace(POLICY, otherwise=Otherwise(quality=Quality(at_least=0.68)))
    assert rungs(decided(policy)) == [("beta/mini",), ("alpha/mid",), ("alpha/big", "beta/big")]


@pytest.mark.parametrize(
    ("unsure", "tier", "by"), [(Unsure(tier=Tier.MID), Tier.MID, "unsure"), (None, Tier.PREMIUM, "unsure")]
)
def test_where_no_bound_holds_the_request_goes_where_the_unsure_go(
    unsure: Unsure | None, tier: Tier, by: str
) -> None:
    policy = Policy(otherwise=Otherwise(quality=Quality(at_least=0.99)), unsure=unsure)
    route = decided(policy)
    assert (route.tier, route.target.lifted_by, route.choice) == (tier, by, None)


@pytest.mark.parametrize("expected", [{}, {"alpha/mini": Estimate(1.0, 1.0)}])
def test_without_a_standard_nothing_is_promised(expected: dict[str, Estimate]) -> None:
    assert decided(expected=expected).tier is Tier.MID


def test_a_floor_still_raises() -> None:
    policy = msgspec.structs.replace(POLICY, floors=(Floor(name="high", tier=Tier.MID),))
    expected = PROVEN | {"alpha/mid": Estimate(0.9, 0.8)}
    assert rungs(decided(policy, expected=expected)) == [("alpha/mid",), ("alpha/big", "beta/big")]


def test_a_failing_model_is_passed_over_and_said_to_fail() -> None:
    route = decided(unavailable=frozenset({"alpha/mini"}))
    assert route.model == "beta/mini"
    assert {model.id: why for model, why in route.out}["alpha/mini"] == "its provider is failing just now"


def test_a_baseline_that_fails_still_sets_the_standard() -> None:
    route = decided(unavailable=frozenset({"alpha/big"}))
    assert rungs(route) == [("alpha/mini", "beta/mini"), ("beta/big",)]


def test_the_model_that_was_asked_for_is_the_standard_of_a_requested_baseline() -> None:
    policy = msgspec.structs.replace(POLICY, baseline="requested")
    expected = PROVEN | {"alpha/mid": Estimate(0.9, 0.5)}
    assert decided(policy, requested_model="alpha/mid", expected=expected).model == "alpha/mid"
    assert decided(policy, requested_model="alpha/big").model == "alpha/mini"
    assert decided(policy, requested_model="auto").choice is None


@pytest.mark.parametrize(
    ("baseline", "model"),
    [("cheapest", "local/llama"), ("frontier", "alpha/mini"), ("measured", "alpha/mini")],
)
def test_every_kind_of_baseline_is_a_standard(baseline: str, model: str) -> None:
    snapshot = tenant(msgspec.structs.replace(POLICY, baseline=baseline))
    mix = (("alpha/big", 3), ("alpha/mid", 1)) if baseline == MEASURED else ()
    served = RouterSnapshot(
        id="support",
        policy=snapshot.routers[0].policy,
        policy_version=1,
        baselines=(Declared(since=JAN, basis=baseline, mix=mix),),
    )
    decision = decide(facts(expected=PROVEN), compile_router(served, snapshot))
    assert isinstance(decision, Route)
    assert decision.model == model


def test_people_are_told_quality_bound_and_reason_of_every_candidate() -> None:
    told = explain(facts(expected=PROVEN), router(POLICY))
    assert told.quality == pytest.approx(0.665)
    rows = {row["model"]: row for row in map(candidate_of, told.candidates)}
    assert {model: (row["expected_quality"], row["quality_at_least"]) for model, row in rows.items()} == {
        model: (each.mean, each.lower) for model, each in PROVEN.items()
    }
    assert {model: row["because"] for model, row in rows.items()} == {
        "alpha/mini": "cheapest that holds the quality of 0.66 asked for",
        "beta/mini": "holds, but is no cheaper than alpha/mini; stands in if those before it fail",
        "alpha/big": "holds, but is no cheaper than alpha/mini; stands in if those before it fail",
        "beta/big": "may fall to quality 0.30, below the 0.66 asked for; stands in if those before it fail",
        "alpha/mid": "may fall to quality 0.30, below the 0.66 asked for",
        "gamma/small": "may fall to quality 0.30, below the 0.66 asked for",
        "gamma/odd": "may fall to quality 0.30, below the 0.66 asked for",
        "local/llama": "may fall to quality 0.30, below the 0.66 asked for",
    }


@given(requests(), st.dictionaries(st.sampled_from([m.id for m in MODELS]), estimates), st.floats(0.5, 1))
def test_what_answers_holds_or_is_the_baseline_or_is_of_the_tier_for_the_unsure(
    request: RequestFacts, expected: dict[str, Estimate], share: float
) -> None:
    asked = msgspec.structs.replace(request, expected=expected, confidence=1.0)
    quality = Quality(at_least=f"{share} of baseline")
    decision = decide(asked, router(msgspec.structs.replace(POLICY, otherwise=Otherwise(quality=quality))))
    if isinstance(decision, Refusal):
        return
    if decision.choice is None:
        assert decision.tier >= Tier.MID
    elif decision.model != "alpha/big":
        assert expected[decision.model].lower >= share * expected["alpha/big"].mean


@given(policies(), requests())
def test_facts_as_they_are_stored_decide_the_same(policy: Policy, request: RequestFacts) -> None:
    compiled = router(policy)
    stored = msgspec.json.decode(msgspec.json.encode(request), type=RequestFacts)
    one, other = decide(request, compiled), decide(stored, compiled)
    assert (one.target, getattr(one, "ladder", ())) == (other.target, getattr(other, "ladder", ()))


@pytest.mark.parametrize(
    "written", ["0.95", "of baseline", "0.95 of it", "1.5 of baseline", "0 of baseline", "nan of baseline"]
)
def test_what_is_no_quality_is_an_error_with_its_place(written: str) -> None:
    raw = msgspec.json.encode({"name": "x", "quality": {"at_least": written}})
    with pytest.raises(msgspec.ValidationError, match=r"above 0 and at most 1 - at `\$\.quality`"):
        msgspec.json.decode(raw, type=Rule)


@pytest.mark.parametrize("at_least", [0.9, 1.0, "0.95 of baseline"])
def test_a_quality_is_written_as_it_was_read(at_least: float | str) -> None:
    raw = msgspec.json.encode({"at_least": at_least})
    assert msgspec.json.encode(msgspec.json.decode(raw, type=Quality)) == raw


@pytest.mark.parametrize(
    ("given", "level", "place", "message"),
    [
        (
            {"whitelist": ("beta/*",)},
            "error",
            "$.otherwise.quality.at_least",
            "the baseline, alpha/big, is not within reach: nothing can be held against it",
        ),
        (
            {"unsure": None},
            "warning",
            "$.otherwise.quality",
            "says nothing of requests for which no quality can be promised: the highest tier answers",
        ),
        (
            {"otherwise": Otherwise(quality=MOST, tier=Tier.MID)},
            "error",
            "$.otherwise",
            "names both a tier and a quality",
        ),
        (
            {"rules": (Rule(name="x", quality=MOST, model="alpha/mid"),)},
            "error",
            "$.rules[0]",
            "names both a model and a quality",
        ),
    ],
)
def test_what_contradicts_a_quality_is_said(
    given: dict[str, object], level: str, place: str, message: str
) -> None:
    found = findings(msgspec.structs.replace(POLICY, **given))
    assert (level, place, message) in [(each.level, each.place, each.message) for each in found]
    assert not findings(POLICY)
