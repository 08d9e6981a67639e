"""How hard a request is: what its class usually takes, moved by what this one demands."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import log2

from gateway.core.facts import RequestClass
from gateway.core.prompt import Prompt
from gateway.core.reading import Reading
from gateway.core.shape import Shape
from gateway.core.signals import FIELDS, Evidence

C = RequestClass

TOWARD = "difficulty"

_USUAL: Mapping[RequestClass, float] = {
    C.CLASSIFICATION: 0.1,
    C.EXTRACTION: 0.14,
    C.REWRITING: 0.16,
    C.SIMPLE_QA: 0.16,
    C.BOILERPLATE: 0.18,
    C.SUMMARIZATION: 0.26,
    C.GENERATION: 0.36,
    C.CODING: 0.44,
    C.UNKNOWN: 0.45,
    C.AGENTIC: 0.56,
    C.REASONING: 0.58,
    C.LONG_CONTEXT: 0.6,
}


def difficulty_of(
    shares: Mapping[RequestClass, float], prompt: Prompt, reading: Reading, shape: Shape
) -> tuple[float, tuple[Evidence, ...]]:
    """Doubt between two classes lands between their difficulties."""
    usual = sum(share * _USUAL[name] for name, share in shares.items())
    # What is demanding for a reasoner is mere material for a labeller.
    open_ended = min(1.0, max(0.0, (usual - 0.12) / 0.4))
    reasons = tuple(each for each in demands(prompt, reading, shape, open_ended) if each.weight)
    total = usual + sum(each.weight for each in reasons)
    return round(min(max(total, 0.0), 1.0), 3), reasons


def demands(prompt: Prompt, reading: Reading, shape: Shape, open_ended: float) -> Iterator[Evidence]:
    """`open_ended` scales what only counts when there is something to work out."""
    slight = 0.3 + 0.7 * open_ended
    subjects = reading.subjects
    for meaning, weight in _MEANINGS.items():
        if meaning in reading.found:
            yield reason(meaning, "", weight * open_ended)
    terms = max(subjects.get(field, 0) for field in FIELDS)
    yield reason("specialist terms", f"{terms} terms", ramp(terms - 1, 0.025, 0.15) * open_ended)
    for subject, (weight, most, always) in _SUBJECTS.items():
        count = subjects.get(subject, 0)
        yield reason(
            subject, f"{count} terms", ramp(count, weight, most) * (slight if always else open_ended)
        )
    yield reason("formulas", f"{shape.formulas} marks", ramp(shape.formulas, 0.03, 0.09) * open_ended)
    doublings = log2(max(shape.input_tokens, _SHORT) / _SHORT)
    yield reason("length", f"{shape.input_tokens} tokens", ramp(doublings, 0.025, 0.15) * slight)
    yield reason("images", f"{prompt.images} images", 0.05 if prompt.images else 0)
    yield reason("meant to be simple", "", -0.05 if subjects.get("ease") else 0)


_MEANINGS = {"prove": 0.16, "step by step": 0.08, "compare": 0.06, "plan": 0.06}
_SUBJECTS = {
    "hard code": (0.05, 0.25, False),
    "constraint": (0.015, 0.09, True),
    "sequence": (0.015, 0.06, True),
}
_SHORT = 250  # tokens up to which length costs nothing


def ramp(amount: float, weight: float, most: float) -> float:
    return min(max(amount, 0) * weight, most)


def reason(signal: str, found: str, weight: float) -> Evidence:
    return Evidence(signal, found, round(weight, 3), TOWARD)
