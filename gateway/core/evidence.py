"""Why a classification came out as it did."""

from __future__ import annotations

from msgspec import Struct


class Evidence(Struct, frozen=True, gc=False):
    """Names signals, counts and our own words, never the prompt's: it is stored and shown."""

    signal: str
    found: str
    weight: float
    toward: str  # a class, a tenant's own, or "difficulty"
