"""What is known before a tenant has shown anything: how rare words are, what shape is hard, what a tier can do.

The book is data, made from open data by `python -m tests.bench.routing.write FOLDER` and read once at the start.
It is small on purpose. What a model learns of words on one kind of traffic does not hold on another (measured:
below chance), so the book has no opinion on words, only on shape, with signs that hold on every kind.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import sqrt

import msgspec
import numpy as np
from msgspec import Struct

from gateway.core.facts import Tier
from gateway.core.quality.sketch import FORMULAS, SHAPE, SLOTS, Floats, Sketch

FORMAT = 1
IDF_STEP = 1 / 20  # a byte of `rarity` is so much of the logarithm


class Source(Struct, frozen=True):
    name: str
    sha256: str  # of the file as it was read
    licence: str
    prompts: int


class Standing(Struct, frozen=True):
    """What a model of a tier is expected to do before it is known."""

    level: float  # the share of answers that are right
    slope: float  # what a standard deviation of hardness adds to that


class Book(Struct, frozen=True, kw_only=True):
    """`rarity`: a byte a slot, in IDF_STEP. `mean`, `deviation` and `hard` are in the order of SHAPE."""

    format: int
    version: str
    sources: tuple[Source, ...]
    rarity: bytes
    mean: tuple[float, ...]
    deviation: tuple[float, ...]
    hard: tuple[float, ...]  # what a standard deviation of each adds to hardness, whose own is about 1
    standings: Mapping[Tier, Standing]


class Unreadable(ValueError):
    """The book is of another format, or not whole."""


class Text(Struct, frozen=True, gc=False, eq=False):
    """A sketch as the book sees it: words weighed by rarity to length 1, shape in standard deviations."""

    slots: np.ndarray[tuple[int], np.dtype[np.intp]]
    weights: Floats
    shape: Floats
    hardness: float


class Reader:
    """A book ready to read with."""

    def __init__(self, book: Book) -> None:
        self.book = book
        self._rarity = np.frombuffer(book.rarity, np.uint8).astype(np.float32) * np.float32(IDF_STEP)
        self._mean = np.array(book.mean, np.float32)
        self._scale = np.float32(1) / np.array(book.deviation, np.float32)
        self._hard = np.array(book.hard, np.float32)

    def read(self, sketch: Sketch) -> Text:
        weights = self._rarity[sketch.slots] * _REPEATED[sketch.counts]
        weights *= 1 / sqrt(float(weights @ weights) or 1.0)
        shape: Floats = (sketch.shape - self._mean) * self._scale
        np.minimum(np.maximum(shape, _LOWEST, out=shape), _HIGHEST, out=shape)
        # Where formulas stand, length says nothing of how hard they are.
        hardness = 0.0 if sketch.shape[FORMULAS] else float(shape @ self._hard)
        return Text(sketch.slots.astype(np.intp), weights, shape, hardness)


def parse(raw: bytes) -> Book:
    """Raises `Unreadable`."""
    try:
        book = msgspec.msgpack.decode(raw, type=Book)
    except msgspec.DecodeError as error:
        raise Unreadable(f"the book of quality is not readable: {error}") from None
    if book.format != FORMAT:
        raise Unreadable(f"the book of quality has format {book.format}; this version reads {FORMAT}")
    shapes = {len(book.mean), len(book.deviation), len(book.hard)}
    if shapes != {len(SHAPE)} or len(book.rarity) != SLOTS or min(book.deviation) <= 0:
        raise Unreadable("the book of quality is not whole; make it again")
    return book


_REPEATED = (1 + np.log(np.maximum(np.arange(256), 1))).astype(np.float32)
_LOWEST, _HIGHEST = np.float32(-3), np.float32(3)
