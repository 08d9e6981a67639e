"""What is remembered of a text: its words and pairs of words as hashed slots, and its shape. Never the text itself.

Made for the hot path: every step is one call into C for the whole text. Of a long text the head is read and the
tail, for a question stands before its material or after it.
"""

from __future__ import annotations

import re
from zlib import crc32

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

type Floats = NDArray[np.float32]
type Slots = NDArray[np.uint16]

SLOTS = 1 << 16
SHAPE = ("length", "commas", "sentences", "numbers", "lines", "repetition", "formulas", "word length")
FORMULAS = SHAPE.index("formulas")

_HEAD, _TAIL = 1_600, 400  # characters
# A word, a digit, a mark, or one character of a script that is written without spaces.
_TOKENS = re.compile(rb"[\xe3-\xed][\x80-\xbf]{2}|[a-z\x80-\xff]+|[0-9]|[^\w\s]").findall
_FIRST, _SECOND = np.uint32(0x9E3779B1), np.uint32(0x85EBCA6B)  # odd, so that multiplying loses nothing
_TO_SLOT = np.uint32(16)


class Sketch(Struct, frozen=True, gc=False, eq=False):
    """`slots` ascend, each once, with how often it came; `shape` is in the order of SHAPE, not yet standardised."""

    slots: Slots
    counts: NDArray[np.uint8]
    shape: Floats


def sketch(text: str) -> Sketch:
    raw = excerpt(text).lower().encode(errors="replace")
    tokens = _TOKENS(raw)
    slots, counts = count(hashed(tokens))
    return Sketch(slots, counts, shape_of(raw, len(text), len(tokens), len(slots)))


def excerpt(text: str) -> str:
    return text if len(text) <= _HEAD + _TAIL else f"{text[:_HEAD]}\n{text[-_TAIL:]}"


def hashed(tokens: list[bytes]) -> Slots:
    """A slot for every token, then one for every pair of neighbours. CRC-32 is the same in every process."""
    codes = np.fromiter(map(crc32, tokens), np.uint32, len(tokens)) * _SECOND
    pairs = (codes[:-1] * _FIRST + codes[1:]) * _SECOND
    return (np.concatenate((codes, pairs)) >> _TO_SLOT).astype(np.uint16)


def count(slots: Slots) -> tuple[Slots, NDArray[np.uint8]]:
    if not len(slots):
        return slots, np.zeros(0, np.uint8)
    slots.sort()
    starts = np.flatnonzero(np.concatenate((_TRUE, slots[1:] != slots[:-1])))
    counts = np.diff(starts, append=len(slots))
    return slots[starts], np.minimum(counts, 255).astype(np.uint8)


def shape_of(raw: bytes, characters: int, tokens: int, different: int) -> Floats:
    digits = len(raw) - len(raw.translate(None, b"0123456789"))
    grows = (
        characters,
        raw.count(b","),
        raw.count(b".") + raw.count(b"?"),
        digits,
        raw.count(b"\n"),
        raw.count(b"\\"),
    )
    length, commas, sentences, numbers, lines, formulas = np.log1p(grows)
    repetition = 1 - different / (2 * tokens) if tokens else 0.0
    return np.array(
        (length, commas, sentences, numbers, lines, repetition, formulas, len(raw) / (tokens + 1)),
        np.float32,
    )


_TRUE = np.ones(1, bool)
