import numpy as np
import pytest

from tests.bench.routing.reliability import Bin, merged, off_by, reliability


def test_what_was_expected_is_held_against_what_came() -> None:
    expected = np.array([[0.72, 0.78], [0.15, 1.0]])
    found = reliability(expected, np.array([[1.0, 0.0], [0.0, 1.0]]))
    assert found == (Bin(0.15, 0.0, 1), Bin(0.75, 0.5, 2), Bin(1.0, 1.0, 1))
    assert off_by(found) == pytest.approx((0.15 + 2 * 0.25) / 4)
    assert off_by(()) is None


def test_draws_are_merged_by_tenths() -> None:
    one, other = (Bin(0.72, 1.0, 1), Bin(0.95, 0.9, 4)), (Bin(0.76, 0.0, 3),)
    assert merged([one, other]) == (Bin(0.75, 0.25, 4), Bin(0.95, 0.9, 4))
