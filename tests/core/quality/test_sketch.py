import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.quality.keep import Unreadable, pack_sketch, unpack_sketch
from gateway.core.quality.sketch import SHAPE, excerpt, sketch


@given(st.text(max_size=300))
def test_any_text_has_a_sketch(text: str) -> None:
    found = sketch(text)
    assert len(found.slots) == len(found.counts)
    assert (np.diff(found.slots.astype(int)) > 0).all()
    assert len(found.shape) == len(SHAPE)
    assert np.isfinite(found.shape).all()


@given(st.text(max_size=300))
def test_a_sketch_survives_being_kept(text: str) -> None:
    found, back = sketch(text), unpack_sketch(pack_sketch(sketch(text)))
    for one, other in ((found.slots, back.slots), (found.counts, back.counts), (found.shape, back.shape)):
        assert (one == other).all()


def test_half_a_surrogate_is_a_text_too() -> None:
    assert len(sketch("a \ud800 b").slots) > 0


def test_words_and_pairs_are_counted() -> None:
    once, twice = sketch("red fish"), sketch("red fish red fish")
    assert once.counts.tolist() == [1, 1, 1]  # red, fish, red fish
    assert sorted(twice.counts.tolist()) == [1, 2, 2, 2]  # and fish red
    assert set(once.slots.tolist()) < set(twice.slots.tolist())


def test_case_does_not_count_and_order_does() -> None:
    assert sketch("Red Fish").slots.tolist() == sketch("red fish").slots.tolist()
    assert sketch("fish red").slots.tolist() != sketch("red fish").slots.tolist()


def test_signs_without_spaces_are_words_of_their_own() -> None:
    assert len(sketch("总结文章").slots) == 4 + 3


def test_a_long_text_is_read_at_both_ends() -> None:
    text = "a" * 5_000 + " at last"
    assert len(excerpt(text)) == 2_001
    assert excerpt(text).endswith(" at last")


def test_the_shape() -> None:
    shape = dict(zip(SHAPE, np.expm1(sketch("Add 12, 7.\nWhy?").shape).round().tolist(), strict=True))
    wanted = {"length": 15, "commas": 1, "sentences": 2, "numbers": 3, "lines": 1, "formulas": 0}
    assert {name: shape[name] for name in wanted} == wanted


def test_every_process_hashes_alike() -> None:
    script = "from gateway.core.quality.sketch import sketch; print(sketch('red fish').slots.tolist())"
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == str(sketch("red fish").slots.tolist())


@pytest.mark.parametrize(
    "raw", [b"", b"\xc1", pack_sketch(sketch("a"))[:-1], b"\x93\xc4\x01a\xc4\x00\xc4\x00"]
)
def test_a_broken_sketch_is_refused(raw: bytes) -> None:
    with pytest.raises(Unreadable, match="sketch is not readable"):
        unpack_sketch(raw)
