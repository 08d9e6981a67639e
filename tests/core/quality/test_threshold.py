import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from gateway.core.quality.threshold import POINT, choose_by_value, dearest_price, least_gain

RANK = np.arange(1000, dtype=float)


def test_only_where_the_strong_model_gains_is_it_asked() -> None:
    assert least_gain(RANK, np.where(RANK >= 700, 1.0, 0.0)) == 700


def test_where_it_never_gains_it_is_never_asked() -> None:
    assert least_gain(RANK, np.zeros(1000)) == np.inf


def test_where_it_always_gains_it_is_always_asked() -> None:
    assert least_gain(RANK, np.ones(1000)) == -np.inf


def test_a_loss_here_may_pay_for_a_gain_there() -> None:
    gain = np.where(RANK >= 600, 1.0, np.where(RANK < 300, -0.5, 0.0))
    threshold = least_gain(RANK, gain)
    assert 600 < threshold < 800
    assert gain[threshold <= RANK].sum() >= gain.sum()


def test_few_requests_save_little() -> None:
    """A third fails on either model, by chance: with thirty requests that looks like a saving, and is none."""
    dice = np.random.default_rng(0)
    shares = []
    for count in (30, 3_000):
        rank = dice.random(count)
        gain = dice.choice([-1, 0, 1], count, p=[0.2, 0.58, 0.22]).astype(float)
        shares.append((rank < least_gain(rank, gain)).mean())
    assert shares[0] <= 0.1


@given(arrays(float, 40, elements=st.floats(-1, 1)), arrays(float, 40, elements=st.floats(-1, 1)))
def test_nothing_is_lost_on_the_judged(expected: np.ndarray, gain: np.ndarray) -> None:
    asked = expected >= least_gain(expected, gain)
    # Requests that rank alike go together, so that a threshold can only ask for more than was counted.
    if len(set(expected.tolist())) == len(expected):
        assert gain[asked].mean() * asked.mean() >= gain.mean() - 1e-6 if asked.any() else gain.mean() <= 1e-6


def test_the_dearest_price_keeps_the_best_models_accuracy() -> None:
    """The cheap model is right on the first half and known to be; a quarter of its cost is enough there."""
    half = np.arange(2000) < 1000
    value = np.column_stack((np.full(2000, 0.9), np.where(half, 0.9, 0.2)))
    cost = np.tile([1.0, 0.25], (2000, 1))
    scores = np.column_stack((np.ones(2000), half.astype(float)))
    price = dearest_price(value, cost, scores)
    assert price is not None
    assert price == pytest.approx(0.7 / 0.75, rel=0.1)
    assert (choose_by_value(value, cost, price) == np.where(half, 1, 0)).all()


def test_no_price_may_keep_it() -> None:
    value, scores = np.tile([0.1, 0.9], (50, 1)), np.tile([1.0, 0.0], (50, 1))
    assert dearest_price(value, np.tile([1.0, 0.1], (50, 1)), scores) is None


def test_a_point_is_a_point() -> None:
    assert POINT == 0.01
