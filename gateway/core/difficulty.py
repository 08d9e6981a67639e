"""How hard a request is: what its class usually takes, moved by what this one demands."""

from __future__ import annotations

from collections.abc import Mapping
from math import log2

from msgspec import Struct

from gateway.core.evidence import Evidence
from gateway.core.facts import RequestClass
from gateway.core.signals.reading import Reading
from gateway.core.signals.shape import Shape
from gateway.core.signals.subjects import FIELDS, Subject

C = RequestClass

TOWARD = "difficulty"

_USUAL: Mapping[str, float] = {
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


class Demand(Struct, frozen=True, gc=False):
    """So much for each, up to so much in all. `of_any`: also where nothing is to be worked out."""

    each: float
    most: float
    of_any: bool = False


_MEANINGS: Mapping[str, float] = {"prove": 0.16, "step by step": 0.08, "compare": 0.06, "plan": 0.06}
_HARD_CODE = Demand(0.05, 0.25)
_CONSTRAINT = Demand(0.015, 0.09, of_any=True)
_SEQUENCE = Demand(0.015, 0.06, of_any=True)
_EXCEPTION = Demand(0.02, 0.06)
_TERMS = Demand(0.02, 0.15)
_FORMULAS = Demand(0.02, 0.06)
_NUMBERS = Demand(0.012, 0.1)
_PROBLEM = Demand(0.03, 0.18)  # a doubling of the length of what is to be worked out
_MATERIAL = Demand(0.02, 0.1, of_any=True)  # a doubling of the length of anything
_PROBLEM_FROM, _MATERIAL_FROM = log2(60), log2(500)  # tokens
_IMAGES = 0.05
_EASE = -0.05


def difficulty_of(
    shares: Mapping[str, float], reading: Reading, shape: Shape
) -> tuple[float, list[Evidence]]:
    """Doubt between two classes lands between their difficulties."""
    usual = sum([share * _USUAL[name] for name, share in shares.items()])
    # What is demanding for a reasoner is mere material for a labeller.
    open_ended = min(1.0, max(0.0, (usual - 0.12) / 0.4))
    reasons = demands(reading, shape, open_ended)
    total = usual + sum([each.weight for each in reasons])
    return round(min(max(total, 0.0), 1.0), 3), reasons


def demands(reading: Reading, shape: Shape, open_ended: float) -> list[Evidence]:
    found: list[Evidence] = []
    for meaning, most in _MEANINGS.items():
        if meaning in reading.found and (weight := round(most * open_ended, 3)):
            found.append(Evidence(meaning, "asked for", weight, TOWARD))
    for signal, amount, demand in amounts(reading.subjects, shape):
        scale = 0.3 + 0.7 * open_ended if demand.of_any else open_ended
        if amount > 0 and scale and (weight := round(min(amount * demand.each, demand.most) * scale, 3)):
            found.append(Evidence(signal, f"{round(amount)}", weight, TOWARD))
    if shape.images:
        found.append(Evidence("images", f"{shape.images}", _IMAGES, TOWARD))
    if Subject.EASE in reading.ordered:
        found.append(Evidence("meant to be simple", "said", _EASE, TOWARD))
    return found


def amounts(subjects: str, shape: Shape) -> tuple[tuple[str, float, Demand], ...]:
    length = log2(max(shape.input_tokens, 1))
    terms = max([subjects.count(field) for field in FIELDS.values()])
    return (
        ("hard code", subjects.count(Subject.HARD_CODE), _HARD_CODE),
        ("constraint", subjects.count(Subject.CONSTRAINT), _CONSTRAINT),
        ("sequence", subjects.count(Subject.SEQUENCE), _SEQUENCE),
        ("exception", subjects.count(Subject.EXCEPTION), _EXCEPTION),
        ("specialist terms", terms - 1, _TERMS),
        ("formulas", shape.formulas, _FORMULAS),
        ("numbers", shape.numbers - 1, _NUMBERS),
        ("doublings of length", length - _PROBLEM_FROM, _PROBLEM),
        ("doublings of material", length - _MATERIAL_FROM, _MATERIAL),
    )
