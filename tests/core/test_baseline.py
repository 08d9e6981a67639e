"""Baselines: what would have been paid, by each of the declarations, and always by a second one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from gateway.core.baseline import WORDS, Declared, Question, Reckoned, beside, in_force, reckon
from gateway.core.catalogue import Model
from gateway.core.facts import Tier
from gateway.core.ladder import Attempt, AttemptOutcome
from gateway.core.price import Price, Usage, UsageSource, cost
from gateway.core.settle import settle

DAY = date(2026, 3, 10)


def model(name: str, tier: Tier, into: int | None, out: int = 0) -> Model:
    prices = () if into is None else (Price(since=date(2020, 1, 1), input=into, output=out),)
    return Model(id=name, provider="a", tier=tier, prices=prices)


SMALL = model("a/small", Tier.SMALL, 50_000_000, 400_000_000)
MID = model("a/mid", Tier.MID, 250_000_000, 2_000_000_000)
TOP = model("a/top", Tier.PREMIUM, 1_250_000_000, 10_000_000_000)
TOP_CHEAPER = model("a/top-2", Tier.PREMIUM, 1_000_000_000, 5_000_000_000)
MYSTERY = model("a/mystery", Tier.PREMIUM, None)
MODELS = {each.id: each for each in (SMALL, MID, TOP, TOP_CHEAPER, MYSTERY)}
USED = Usage(input=1000, output=200)

usages = st.builds(
    Usage, input=st.integers(0, 10**6), output=st.integers(0, 10**5), cache_read=st.integers(0, 10**5)
)
pools = st.lists(st.sampled_from(list(MODELS.values())), unique_by=lambda each: each.id)
declarations = st.builds(
    Declared,
    since=st.just(DAY),
    basis=st.sampled_from((*WORDS, *MODELS, "a/unheard-of")),
    mix=st.lists(st.tuples(st.sampled_from(list(MODELS)), st.integers(1, 99)), max_size=4).map(tuple),
)


def asked(could: Sequence[Model] = (), usage: Usage = USED, requested: str = "a/mid") -> Question:
    return Question(models=MODELS, requested=requested, usage=usage, day=DAY, could=lambda: could)


def nano(of: Model, usage: Usage = USED) -> int:
    return cost(of.prices[0], usage)


@pytest.mark.parametrize(
    ("basis", "expected"),
    [
        ("requested", Reckoned("a/mid", nano(MID))),
        ("a/top", Reckoned("a/top", nano(TOP))),
        ("a/mystery", Reckoned("a/mystery", None)),
        ("a/unheard-of", Reckoned("a/unheard-of", None)),
        ("cheapest", Reckoned("a/mid", nano(MID))),
        ("frontier", Reckoned("a/top", nano(TOP))),
    ],
)
def test_each_declaration_is_reckoned(basis: str, expected: Reckoned) -> None:
    could = (MYSTERY, TOP_CHEAPER, MID, TOP)
    assert reckon(Declared(since=DAY, basis=basis), asked(could)) == expected


def test_a_measured_mix_is_the_mean_of_its_requests() -> None:
    mix = (("a/top", 1), ("a/small", 3))
    found = reckon(Declared(since=DAY, basis="measured", mix=mix), asked())
    assert found == Reckoned("measured", round(Fraction(nano(TOP) + 3 * nano(SMALL), 4)))


@pytest.mark.parametrize("mix", [(), (("a/top", 1), ("a/mystery", 1)), (("a/gone", 1),)])
def test_a_mix_with_a_part_that_is_unknown_is_unknown(mix: tuple[tuple[str, int], ...]) -> None:
    assert reckon(Declared(since=DAY, basis="measured", mix=mix), asked()).nano is None


def test_nothing_to_choose_from_is_unknown_and_not_nothing() -> None:
    for basis in ("cheapest", "frontier"):
        assert reckon(Declared(since=DAY, basis=basis), asked((MYSTERY,))) == Reckoned(basis, None)


@given(declarations, pools, usages)
def test_it_is_never_below_the_cheapest_nor_above_the_dearest_of_a_tier(
    declared: Declared, could: list[Model], usage: Usage
) -> None:
    """And what it names costs what it says."""
    found = reckon(declared, asked(could, usage))
    priced = [each for each in could if each.prices]
    if found.nano is not None and found.model in MODELS:
        assert found.nano == nano(MODELS[found.model], usage)
    if declared.basis == "cheapest" and priced:
        assert found.nano == min(nano(each, usage) for each in priced)
    if declared.basis == "frontier" and priced:
        top = max(each.tier.rank for each in priced)
        assert found.nano == max(nano(each, usage) for each in priced if each.tier.rank == top)


@given(declarations, pools, usages)
def test_every_settlement_has_a_second_one_that_is_another(
    declared: Declared, could: list[Model], usage: Usage
) -> None:
    answer = Attempt(
        id="1",
        model="a/small",
        outcome=AttemptOutcome.ANSWERED,
        usage=usage,
        usage_source=UsageSource.PROVIDER_FINAL,
    )
    money = settle(
        [answer], models=MODELS, baseline="requested", requested="a/mid", day=DAY, delivered=answer,
        declared=(declared,), could=lambda: could,
    )  # fmt: skip
    other = reckon(Declared(since=DAY, basis=beside(declared.basis)), asked(could, usage))
    assert (money.second_model, money.second) == (other.model, other.nano)
    assert (money.baseline_model, money.baseline) == tuple(
        getattr(reckon(declared, asked(could, usage)), name) for name in ("model", "nano")
    )
    assert beside(declared.basis) != declared.basis
    if money.saving is not None:
        assert money.saving == (money.baseline or 0) - nano(SMALL, usage)


def test_a_service_tier_counts_at_its_own_provider_and_nowhere_else() -> None:
    """A baseline of the provider that answered in flex is flex, too; unknown where that has no price."""
    flex = Price(since=DAY, input=25_000_000, output=200_000_000, service_tier="flex")
    tiered = replace(SMALL, prices=(replace(SMALL.prices[0], others=(flex,)),))
    elsewhere = replace(TOP, id="b/top", provider="b")
    models = {each.id: each for each in (tiered, TOP, elsewhere)}
    used = replace(USED, service_tier="flex")
    question = Question(
        models=models, requested="", usage=used, day=DAY, could=lambda: [tiered, TOP], provider="a"
    )
    reckoned = {
        basis: reckon(Declared(since=DAY, basis=basis), question).nano for basis in (*models, "cheapest")
    }
    assert reckoned == {
        "a/small": cost(flex, used),
        "a/top": None,
        "b/top": nano(TOP),
        "cheapest": cost(flex, used),
    }


def test_a_request_without_an_answer_has_no_baseline_of_either_kind() -> None:
    money = settle([], models=MODELS, baseline="cheapest", requested="auto", day=DAY, delivered=None)
    assert (money.baseline_model, money.baseline) == ("cheapest", 0)
    assert (money.second_model, money.second) == ("frontier", 0)


@given(st.lists(st.integers(-40, 40)), st.integers(-45, 45))
def test_the_last_that_has_begun_is_in_force(begins: list[int], at: int) -> None:
    declared = [
        Declared(since=DAY + timedelta(days=days), basis=f"m/{n}") for n, days in enumerate(sorted(begins))
    ]
    day = DAY + timedelta(days=at)
    begun = [each for each in declared if each.since <= day]
    assert in_force(declared, "requested", day).basis == (begun[-1].basis if begun else "requested")
