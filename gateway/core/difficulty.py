"""How hard a request is: what its class usually takes, moved by what this one demands."""

from __future__ import annotations

from collections.abc import Mapping
from math import log2

from msgspec import Struct

from gateway.core.evidence import Evidence
from gateway.core.facts import RequestClass
from gateway.core.signals.situation import Situation
from gateway.core.signals.subjects import Subject

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


def difficulty_of(shares: Mapping[str, float], situation: Situation) -> tuple[float, list[Evidence]]:
    """Doubt between two classes lands between their difficulties."""
    usual = sum([share * _USUAL[name] for name, share in shares.items()])
    # What is demanding for a reasoner is mere material for a labeller.
    open_ended = min(1.0, max(0.0, (usual - 0.12) / 0.4))
    reasons = demands(situation, open_ended)
    total = usual + sum([each.weight for each in reasons])
    return thousandths(min(max(total, 0.0), 1.0)), reasons


def thousandths(value: float) -> float:
    """`round(value, 3)` in half its time: only of what lies midway must the decimal digits decide."""
    scaled = value * 1_000
    nearest = round(scaled)
    return nearest / 1_000 if -0.499 < scaled - nearest < 0.499 else round(value, 3)


def demands(situation: Situation, open_ended: float) -> list[Evidence]:
    reading, images = situation.reading, situation.shape.images
    found: list[Evidence] = []
    for meaning, most in _MEANINGS.items():
        if meaning in reading.found and (weight := thousandths(most * open_ended)):
            found.append(Evidence(meaning, "asked for", weight, TOWARD))
    for signal, amount, demand in amounts(situation):
        if amount <= 0:
            continue
        scale = 0.3 + 0.7 * open_ended if demand.of_any else open_ended
        if scale and (weight := thousandths(min(amount * demand.each, demand.most) * scale)):
            found.append(Evidence(signal, f"{round(amount)}", weight, TOWARD))
    if images:
        found.append(Evidence("images", f"{images}", _IMAGES, TOWARD))
    if Subject.EASE in reading.ordered:
        found.append(Evidence("meant to be simple", "said", _EASE, TOWARD))
    return found


def amounts(situation: Situation) -> tuple[tuple[str, float, Demand], ...]:
    shape, subjects = situation.shape, situation.reading.subjects
    length = log2(max(shape.input_tokens, 1))
    return (
        ("hard code", subjects.count(Subject.HARD_CODE), _HARD_CODE),
        ("constraint", subjects.count(Subject.CONSTRAINT), _CONSTRAINT),
        ("sequence", subjects.count(Subject.SEQUENCE), _SEQUENCE),
        ("exception", subjects.count(Subject.EXCEPTION), _EXCEPTION),
        ("specialist terms", situation.field_terms - 1, _TERMS),
        ("formulas", shape.formulas, _FORMULAS),
        ("numbers", shape.numbers - 1, _NUMBERS),
        ("doublings of length", length - _PROBLEM_FROM, _PROBLEM),
        ("doublings of material", length - _MATERIAL_FROM, _MATERIAL),
    )
