from hypothesis import given
from hypothesis import strategies as st

from gateway.core.quality.choose import Choice, Option, choose
from gateway.core.quality.estimate import Estimate

estimates = st.tuples(st.floats(0, 1), st.floats(0, 1)).map(lambda pair: Estimate(max(pair), min(pair)))
costs = st.none() | st.integers(0, 10**9)
options = st.lists(st.tuples(costs, estimates), min_size=1, max_size=6).map(
    lambda rows: [Option(f"m{place}", cost, quality) for place, (cost, quality) in enumerate(rows)]
)
shares = st.floats(0, 1)


def option(model: str, cost: int | None, mean: float, lower: float) -> Option:
    return Option(model, cost, Estimate(mean, lower))


@given(options, shares)
def test_what_is_chosen_holds_or_is_the_baseline(found: list[Option], share: float) -> None:
    choice = choose(found, share=share, baseline="m0")
    assert choice is not None
    assert choice.model == "m0" or choice.quality.lower >= share * found[0].quality.mean


@given(options, shares)
def test_nothing_that_holds_is_cheaper(found: list[Option], share: float) -> None:
    choice = choose(found, share=share, baseline="m0")
    assert choice is not None
    taken = next(each for each in found if each.model == choice.model)
    for each in found:
        if each.cost is not None and (each.model == "m0" or each.quality.lower >= choice.asked):
            assert taken.cost is not None
            assert taken.cost <= each.cost


@given(options, shares, shares)
def test_asking_for_more_never_costs_less(found: list[Option], one: float, other: float) -> None:
    relaxed, strict = (choose(found, share=share, baseline="m0") for share in sorted((one, other)))
    assert relaxed is not None
    assert strict is not None
    assert price(found, relaxed) <= price(found, strict)


@given(options, shares)
def test_the_order_of_options_does_not_matter(found: list[Option], share: float) -> None:
    one, other = choose(found, share=share, baseline="m0"), choose(found[::-1], share=share, baseline="m0")
    assert one is not None
    assert other is not None
    assert one.model == other.model


@given(options, shares)
def test_every_option_not_taken_says_why(found: list[Option], share: float) -> None:
    choice = choose(found, share=share, baseline="m0")
    assert choice is not None
    assert {model for model, _ in choice.against} == {each.model for each in found} - {choice.model}


def test_without_a_baseline_nothing_is_promised() -> None:
    assert choose([option("a", 1, 1.0, 1.0)], share=0.5, baseline="b") is None


def test_the_reasons() -> None:
    found = [
        option("dear", 100, 0.9, 0.8),
        option("fair", 10, 0.9, 0.88),
        option("fine", 20, 0.9, 0.89),
        option("poor", 1, 0.9, 0.5),
        option("free", None, 0.95, 0.95),
    ]
    choice = choose(found, share=0.95, baseline="dear")
    assert choice is not None
    assert choice.model == "fair"
    assert choice.against == (
        ("dear", "holds, but is no cheaper than fair"),
        ("fine", "holds, but is no cheaper than fair"),
        ("poor", "may fall to quality 0.50, below the 0.85 asked for"),
        ("free", "has no price"),
    )


def price(found: list[Option], choice: Choice) -> tuple[bool, int]:
    cost = next(each.cost for each in found if each.model == choice.model)
    return cost is None, cost or 0
