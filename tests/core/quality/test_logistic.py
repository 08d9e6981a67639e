import numpy as np
import pytest

from gateway.core.quality.known import FIRST_KEY, dense_row
from gateway.core.quality.logistic import SUREST, fit, logits, squash
from gateway.core.quality.ridge import Rows
from tests.core.quality.world import text

TEXTS = [
    text(words) for words in ("red fish", "blue fish", "a red bird sings", "", "blue bird", "red red red")
]
DENSE = np.stack([dense_row(each, [], FIRST_KEY) for each in TEXTS])
SCORES = np.array([1, 0, 1, 0.5, 0, 1], np.float32)
SHRINK = 2.0


def test_it_ends_where_no_weight_would_gain_by_moving() -> None:
    rows, expected = Rows(TEXTS, DENSE), np.full(6, 0.4, np.float32)
    found = fit(rows, SCORES, expected, SHRINK)
    left = rows.turned_times(SCORES - squash(expected + rows.times(found)))
    assert left.words - SHRINK * found.words == pytest.approx(0, abs=2e-3)
    assert left.dense - found.dense == pytest.approx(0, abs=2e-3)


def test_what_was_expected_and_came_teaches_nothing() -> None:
    found = fit(Rows(TEXTS, DENSE), np.full(6, 0.7, np.float32), logits(np.full(6, 0.7, np.float32)), SHRINK)
    assert np.abs(found.words).max() < 1e-5
    assert np.abs(found.dense).max() < 1e-5


def test_no_share_is_certain() -> None:
    shares = np.array([0.0, 0.3, 1.0], np.float32)
    assert squash(logits(shares)) == pytest.approx([1 - SUREST, 0.3, SUREST])
    assert np.isfinite(squash(np.array([-1e9, 1e9], np.float32))).all()
