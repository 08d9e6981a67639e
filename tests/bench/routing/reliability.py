"""Whether what is expected comes true: of answers expected to be right in seven of ten cases, how many are."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from msgspec import Struct

from tests.bench.routing.sets import Doubles

BINS = 10


class Bin(Struct, frozen=True):
    """Answers whose expected quality lies within a tenth: its mean, the mean of what came, and how many they are."""

    expected: float
    real: float
    count: int


def reliability(expected: Doubles, scores: Doubles) -> tuple[Bin, ...]:
    """Both prompts × models; every answer counts alike. Tenths that nothing was expected in are left out."""
    tenth = np.minimum((np.clip(expected, 0, 1) * BINS).astype(int), BINS - 1)
    return tuple(
        Bin(float(expected[there].mean()), float(scores[there].mean()), int(there.sum()))
        for number in range(BINS)
        if (there := tenth == number).any()
    )


def merged(found: Iterable[Sequence[Bin]]) -> tuple[Bin, ...]:
    """Of several draws, by tenths."""
    tenths: dict[int, list[Bin]] = {}
    for bins in found:
        for each in bins:
            tenths.setdefault(min(int(each.expected * BINS), BINS - 1), []).append(each)
    return tuple(_together(tenths[number]) for number in sorted(tenths))


def off_by(bins: Sequence[Bin]) -> float | None:
    """The mean distance of what came from what was expected (expected calibration error); None of nothing."""
    count = sum(each.count for each in bins)
    return sum(abs(each.real - each.expected) * each.count for each in bins) / count if count else None


def _together(bins: Sequence[Bin]) -> Bin:
    counts = [each.count for each in bins]
    return Bin(
        round(float(np.average([each.expected for each in bins], weights=counts)), 4),
        round(float(np.average([each.real for each in bins], weights=counts)), 4),
        sum(counts),
    )
