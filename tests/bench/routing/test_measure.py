import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.quality.threshold import choose_by_value
from tests.bench.routing import measure
from tests.bench.routing.sets import Doubles

STRONG, CHEAP = np.array([1.0, 1, 1, 0]), np.array([0.0, 1, 0, 0])  # gains 1, 0, 1, 0
DEAR, LOW = np.array([10.0, 10, 10, 10]), np.array([1.0, 1, 1, 1])

scores = st.lists(
    st.tuples(st.sampled_from([0.0, 1.0]), st.sampled_from([0.0, 1.0]), st.floats(0, 1)),
    min_size=2,
    max_size=40,
)
points = st.lists(st.tuples(st.floats(0.01, 1), st.floats(0, 1)), min_size=1, max_size=8)


def sent(rank: list[float]) -> Doubles:
    return measure.order_of(np.array(rank, float)).chances()


def test_where_luck_alone_decides_it_is_the_mix() -> None:
    nobody_knows = measure.Order(np.full(4, 0.3), np.full(4, 0.1), np.ones(4)).chances()
    share = measure.recovered(nobody_knows, STRONG, CHEAP)
    assert share.accuracy == pytest.approx(share.cost)
    assert measure.below_mix(nobody_knows, STRONG, CHEAP) == pytest.approx(0)


def test_luck_is_reckoned_with() -> None:
    """Of two that gain alike, one of them by luck: at that gain it is sent half of the time, the other always."""
    chances = measure.Order(np.array([0.2, 0.2]), np.array([0.0, 0.1]), np.ones(2)).chances()
    assert [0, 1] not in chances.tolist()
    assert any(first == 1 and second == pytest.approx(0.5) for first, second in chances.tolist())


def test_the_gap_is_recovered_in_order() -> None:
    share = measure.recovered(sent([4, 3, 2, 1]), STRONG, CHEAP)
    assert np.unique(share.cost).tolist() == [0, 0.25, 0.5, 0.75, 1]
    assert np.interp([0, 0.25, 0.5, 0.75, 1], share.cost, share.accuracy).tolist() == [0, 0.5, 0.5, 1, 1]
    assert measure.area(share) == pytest.approx((0.25 + 0.5 + 0.75 + 1) / 4)
    assert measure.calls_for(share, 0.5) == 0.25
    assert measure.calls_for(share, 0.8) == pytest.approx(0.65)


def test_the_best_order_and_the_worst() -> None:
    best, worst = sent([2, 1, 2, 1]), sent([1, 2, 1, 2])
    assert measure.area(measure.recovered(best, STRONG, CHEAP)) == 0.75
    assert measure.area(measure.recovered(worst, STRONG, CHEAP)) == 0.25
    assert measure.below_mix(best, STRONG, CHEAP) == 0
    assert measure.below_mix(worst, STRONG, CHEAP) == 25.0  # half of the calls, nothing of 50 points


def test_accuracy_within_a_budget() -> None:
    curve = measure.climb(sent([4, 2, 3, 1]), STRONG, CHEAP, DEAR, LOW)
    assert curve.cost.tolist() == [1, 3.25, 5.5, 7.75, 10, 10]
    assert curve.accuracy.tolist() == [0.25, 0.5, 0.75, 0.75, 0.75, 0.75]
    assert measure.at_budgets(curve, 10) == {
        "-30": 0.75,
        "-50": pytest.approx(0.6944, abs=1e-4),
        "-70": pytest.approx(0.4722, abs=1e-4),
    }
    assert curve.at(0.5) is None


def test_the_mix_is_the_hull_of_single_models() -> None:
    curve = measure.mix([1, 2, 3, 5, 4], [0.2, 0.3, 0.6, 0.8, 0.5])
    assert curve.cost.tolist() == [1, 3, 5]
    assert curve.at(2) == pytest.approx(0.4)


@given(points)
def test_no_single_model_lies_above_the_mix(found: list[tuple[float, float]]) -> None:
    curve = measure.mix(*zip(*found, strict=True))
    assert all((curve.at(cost) or 0) >= accuracy - 1e-9 for cost, accuracy in found)


@given(scores)
def test_foresight_is_never_beaten(rows: list[tuple[float, float, float]]) -> None:
    strong, cheap, rank = (np.array(column) for column in zip(*rows, strict=True))
    dear, low = np.full(len(rows), 10.0), np.ones(len(rows))
    best, found = (
        measure.foresee(strong, cheap, dear, low),
        measure.climb(measure.order_of(rank).chances(), strong, cheap, dear, low),
    )
    for share in (0.1, 0.3, 0.5, 0.7, 1.0):
        assert (best.at(10 * share) or 0) >= (found.at(10 * share) or 0) - 1e-9


def test_a_pool_is_chosen_from_by_value_after_cost() -> None:
    value, cost = np.array([[0.9, 0.8], [0.9, 0.1]]), np.array([[1.0, 0.1], [1.0, 0.1]])
    assert choose_by_value(value, cost, 0.0).tolist() == [0, 0]
    assert choose_by_value(value, cost, 0.5).tolist() == [1, 0]
    assert choose_by_value(value, cost, 10.0).tolist() == [1, 1]
    curve = measure.frontier(value, cost, np.array([[1.0, 1], [1, 0]]), cost)
    assert curve.at(0.55) == 1.0
    assert curve.at(0.1) == 0.5
