"""What is known, as bytes: a worker writes it, a snapshot carries it, the gateway reads it once.

Words that nobody used are left out, and numbers are kept to half precision: about 10 bytes a word seen with two models.
"""

from __future__ import annotations

import msgspec
import numpy as np
from msgspec import Struct

from gateway.core.quality.familiar import Familiar
from gateway.core.quality.known import Known
from gateway.core.quality.sketch import SHAPE, SLOTS, Floats, Sketch

FORMAT = 2
ROWS = ("level", "slope", "unseen", "spread")  # a number a model


class Kept(Struct, frozen=True, kw_only=True):
    format: int
    models: tuple[str, ...]
    keys: dict[str, int]
    rows: dict[str, list[float]]
    dense: bytes
    seen: bytes
    slots: bytes  # the words seen
    words: bytes  # their weights, a column a model
    support: bytes
    familiar: tuple[float, float]
    usual: tuple[float, float]
    center: bytes
    round: bytes
    guessed: float


class Unreadable(ValueError):
    """The bytes are of another format, or not whole."""


def pack(known: Known) -> bytes:
    slots = np.flatnonzero(known.familiar.support)
    return msgspec.msgpack.encode(
        Kept(
            format=FORMAT,
            models=known.models,
            keys=dict(known.keys),
            rows={name: getattr(known, name).tolist() for name in ROWS},
            dense=known.dense.tobytes(),
            seen=known.seen.tobytes(),
            slots=slots.astype(np.uint16).tobytes(),
            words=known.words[slots].astype(np.float16).tobytes(),
            support=known.familiar.support[slots].astype(np.float16).tobytes(),
            familiar=known.familiar.words,
            usual=known.familiar.shape,
            center=known.familiar.center.tobytes(),
            round=known.familiar.round.tobytes(),
            guessed=known.guessed,
        )
    )


def unpack(raw: bytes) -> Known:
    """Raises `Unreadable`."""
    try:
        kept = msgspec.msgpack.decode(raw, type=Kept)
        if kept.format != FORMAT:
            raise Unreadable(
                f"what is known of quality has format {kept.format}; this version reads {FORMAT}"
            )
        return whole(kept)
    except (msgspec.DecodeError, ValueError, IndexError, KeyError) as error:
        raise Unreadable(f"what is known of quality is not readable: {error}") from None


def whole(kept: Kept) -> Known:
    models, slots = len(kept.models), np.frombuffer(kept.slots, np.uint16)
    return Known(
        models=kept.models,
        keys=kept.keys,
        level=_row(kept, "level"),
        slope=_row(kept, "slope"),
        unseen=_row(kept, "unseen"),
        spread=_row(kept, "spread"),
        dense=np.frombuffer(kept.dense, np.float32).reshape(-1, models),
        seen=np.frombuffer(kept.seen, np.float32).reshape(-1, models),
        words=_spread(slots, _floats(kept.words).reshape(-1, models)),
        familiar=Familiar(
            support=_spread(slots, _floats(kept.support)),
            words=kept.familiar,
            shape=kept.usual,
            center=np.frombuffer(kept.center, np.float32).reshape(len(SHAPE)),
            round=np.frombuffer(kept.round, np.float32).reshape(len(SHAPE), len(SHAPE)),
        ),
        guessed=kept.guessed,
    )


class SketchBytes(Struct, frozen=True, array_like=True):
    slots: bytes
    counts: bytes
    shape: bytes


def pack_sketch(sketch: Sketch) -> bytes:
    """About 3 bytes a word."""
    return msgspec.msgpack.encode(
        SketchBytes(*(part.tobytes() for part in (sketch.slots, sketch.counts, sketch.shape)))
    )


def unpack_sketch(raw: bytes) -> Sketch:
    """Raises `Unreadable`."""
    try:
        kept = msgspec.msgpack.decode(raw, type=SketchBytes)
        return Sketch(
            np.frombuffer(kept.slots, np.uint16),
            np.frombuffer(kept.counts, np.uint8),
            np.frombuffer(kept.shape, np.float32),
        )
    except (msgspec.DecodeError, ValueError) as error:
        raise Unreadable(f"a sketch is not readable: {error}") from None


def _row(kept: Kept, name: str) -> Floats:
    row = np.array(kept.rows[name], np.float32)
    if len(row) != len(kept.models):
        raise ValueError(f"{name} is not of {len(kept.models)} models")
    return row


def _floats(raw: bytes) -> Floats:
    return np.frombuffer(raw, np.float16).astype(np.float32)


def _spread(slots: np.ndarray[tuple[int], np.dtype[np.uint16]], values: Floats) -> Floats:
    whole = np.zeros((SLOTS, *values.shape[1:]), np.float32)
    whole[slots] = values
    return whole
