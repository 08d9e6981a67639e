"""How hard is this, really? From a prompt to its class, difficulty and confidence, with the evidence.

Signals add up per class, less for each further one. Confidence is the winner's share of a softmax in which
"unknown" always stands, so little evidence or a near second means doubt, and the policy sends doubt up.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import exp

from msgspec import Struct

from gateway.core.difficulty import difficulty_of
from gateway.core.evidence import Evidence
from gateway.core.facts import RequestClass
from gateway.core.prompt import Prompt, Turn
from gateway.core.signals.gather import gather
from gateway.core.signals.parting import excerpt
from gateway.core.signals.reading import read
from gateway.core.signals.shape import Shape, shape_of
from gateway.core.signals.situation import situation_of
from gateway.core.tokens import count_tokens

__all__ = ["Classification", "Evidence", "Prompt", "Turn", "classify"]

C = RequestClass

_UNKNOWN = 1.0  # the score that evidence must beat
_TEMPERATURE = 0.8
_FURTHER = 0.5  # what each further piece of evidence for a class is worth
_DOUBT = 0.45  # the most confidence "unknown" can have
_PER_TURN = 4  # tokens that wrap a message


class Classification(Struct, frozen=True, kw_only=True):
    request_class: RequestClass
    difficulty: float  # 0 to 1
    confidence: float  # 0 to 1
    input_tokens: int
    output_tokens: int  # expected
    evidence: tuple[Evidence, ...]


def classify(prompt: Prompt) -> Classification:
    reading = read(prompt)
    shape = shape_of(prompt, reading, input_tokens=count_input(prompt))
    evidence = tuple(gather(situation_of(reading, shape)))
    shares = weigh(evidence)
    winner = max(shares, key=lambda name: shares[name])
    difficulty, reasons = difficulty_of(shares, reading, shape)
    return Classification(
        request_class=winner,
        difficulty=difficulty,
        confidence=min(shares[winner], _DOUBT) if winner is C.UNKNOWN else round(shares[winner], 3),
        input_tokens=shape.input_tokens,
        output_tokens=expect(winner, prompt, shape),
        evidence=(*sorted(evidence, key=lambda each: -each.weight), *reasons),
    )


def count_input(prompt: Prompt) -> int:
    """Counted on what is read, and stretched to what there is."""
    read_characters, tokens = 0, 0
    for turn in prompt.turns[-12:]:
        text = excerpt(turn.text)
        read_characters += len(text)
        tokens += count_tokens(text)
    characters = max(prompt.characters, sum(len(turn.text) for turn in prompt.turns))
    stretched = tokens * characters / read_characters if read_characters else characters / 4
    return round(stretched) + _PER_TURN * len(prompt.turns)


def weigh(evidence: Sequence[Evidence]) -> dict[RequestClass, float]:
    """Each class's share of the belief; they sum to one."""
    scores = add_up(evidence)
    scores[C.UNKNOWN] = _UNKNOWN
    powers = {name: exp(score / _TEMPERATURE) for name, score in scores.items()}
    total = sum(powers.values())
    return {name: power / total for name, power in powers.items()}


def add_up(evidence: Sequence[Evidence]) -> dict[RequestClass, float]:
    weights: dict[RequestClass, list[float]] = {}
    for each in evidence:
        weights.setdefault(RequestClass(each.toward), []).append(each.weight)
    return {
        name: sum(weight * _FURTHER**rank for rank, weight in enumerate(sorted(found, reverse=True)))
        for name, found in weights.items()
    }


# Output expected in tokens: a base, and a share of the input.
_EXPECTED: Mapping[RequestClass, tuple[int, float]] = {
    C.CLASSIFICATION: (6, 0),
    C.EXTRACTION: (40, 0.1),
    C.REWRITING: (20, 0.9),
    C.SUMMARIZATION: (80, 0.1),
    C.SIMPLE_QA: (80, 0),
    C.BOILERPLATE: (160, 0.1),
    C.GENERATION: (500, 0),
    C.CODING: (450, 0.2),
    C.REASONING: (600, 0),
    C.LONG_CONTEXT: (600, 0),
    C.AGENTIC: (300, 0),
    C.UNKNOWN: (250, 0),
}


def expect(request_class: RequestClass, prompt: Prompt, shape: Shape) -> int:
    base, share = _EXPECTED[request_class]
    expected = round(base + share * min(shape.input_tokens, 4_000))
    return expected if prompt.max_output_tokens is None else max(0, min(expected, prompt.max_output_tokens))
