"""How strong, quick and talkative a model is, told from its name alone: every name is served."""

from __future__ import annotations

import re

from msgspec import Struct


class Mind(Struct, frozen=True):
    strength: float  # a prompt harder than this is answered badly
    first_token: float  # seconds
    tokens_per_second: float
    sentences: int  # how long an open answer gets
    reasons: bool = False  # spends tokens nobody sees


# The first pattern found in the name wins, so the small ones come before the family they belong to.
MINDS: tuple[tuple[str, Mind], ...] = (
    (r"nano|flash-lite", Mind(0.40, 0.03, 600, 2, reasons=True)),
    (r"haiku|3\.5-turbo|flash", Mind(0.50, 0.03, 600, 2)),
    (r"\b[1-9]b\b|llama|mi[sx]tral|gemma|phi|qwen", Mind(0.35, 0.02, 800, 2)),
    (r"mini|sonnet|4o", Mind(0.72, 0.06, 400, 4, reasons=True)),
    (r"opus|gpt-5|pro\b|\bo[1-9]\b", Mind(0.95, 0.12, 300, 6, reasons=True)),
)
ORDINARY = Mind(0.60, 0.05, 500, 3)


def mind_of(model: str) -> Mind:
    return next((mind for pattern, mind in MINDS if re.search(pattern, model.lower())), ORDINARY)
