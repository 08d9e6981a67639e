import numpy as np
import pytest

from gateway.core.quality.known import dense_row
from gateway.core.quality.ridge import Rows, Weights, solve
from gateway.core.quality.sketch import SLOTS, Floats
from tests.core.quality.world import text

TEXTS = [
    text(words) for words in ("red fish", "blue fish", "a red bird sings", "", "blue bird", "red red red")
]
DENSE = np.stack([dense_row(each, [9 + 2 * (place % 2)], 13) for place, each in enumerate(TEXTS)])
WANTED = np.array([0.3, -0.2, 0.5, 0.1, -0.4, 0.2], np.float32)
SHRINK = 2.0


def whole() -> Floats:
    """The same matrix, written out."""
    words = np.zeros((len(TEXTS), SLOTS), np.float32)
    for row, each in enumerate(TEXTS):
        words[row, each.slots] = each.weights
    return np.hstack([words, DENSE])


def test_it_solves_what_it_says() -> None:
    found = solve(Rows(TEXTS, DENSE), WANTED, SHRINK)
    matrix = whole().astype(float)
    used = np.flatnonzero(matrix.any(axis=0))
    matrix = matrix[:, used]
    penalty = np.diag(np.where(used < SLOTS, SHRINK, 1.0))
    exact = np.linalg.solve(matrix.T @ matrix + penalty, matrix.T @ WANTED)
    assert np.concatenate((found.words, found.dense))[used] == pytest.approx(exact, abs=1e-3)


def test_an_earlier_solution_leads_to_the_same() -> None:
    rows = Rows(TEXTS, DENSE)
    start = Weights(np.full(SLOTS, 0.1, np.float32), np.full(13, -0.3, np.float32))
    one, other = solve(rows, WANTED, SHRINK), solve(rows, WANTED, SHRINK, start=start)
    assert rows.times(other) == pytest.approx(rows.times(one), abs=5e-3)


def test_nothing_wanted_is_nothing_learnt() -> None:
    found = solve(Rows(TEXTS, DENSE), np.zeros(6, np.float32), SHRINK)
    assert not found.words.any()
    assert not found.dense.any()
