"""What is expected of one model's answer to one request. Without numpy, for decisions and stored facts carry it."""

from __future__ import annotations

from msgspec import Struct


class Estimate(Struct, frozen=True, gc=False, array_like=True):
    """Expected quality, 0 to 1. `lower` is what it is not expected to fall below, in nine of ten cases."""

    mean: float
    lower: float
