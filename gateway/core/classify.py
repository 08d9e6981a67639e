"""How hard is this, really? From a prompt to its class, difficulty and confidence, with the evidence.

Signals add up per class, less for each further one. Confidence is the winner's share of a softmax in which
"unknown" always stands, so little evidence or a near second means doubt, and the policy sends doubt up.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from math import exp
from operator import attrgetter, mul

from msgspec import Struct

from gateway.core.difficulty import difficulty_of, thousandths
from gateway.core.evidence import Evidence
from gateway.core.facts import RequestClass
from gateway.core.output import expect
from gateway.core.prompt import Prompt, Turn
from gateway.core.semantic import Prototypes, nearest
from gateway.core.signals.gather import gather
from gateway.core.signals.parting import excerpt
from gateway.core.signals.reading import read
from gateway.core.signals.shape import shape_of
from gateway.core.signals.situation import situation_of
from gateway.core.tokens import count_tokens

__all__ = ["Classification", "Evidence", "Prompt", "Turn", "classify"]

C = RequestClass

_CLASSES: Mapping[str, RequestClass] = {each.value: each for each in C}
_UNKNOWN = 1.0  # the score that evidence must beat
_TEMPERATURE = 0.8
_WORTH = tuple([0.5**rank for rank in range(64)])  # of each further piece of evidence for a class
_DOUBT = 0.45  # the most confidence "unknown" can have
_weight = attrgetter("weight")
_PER_TURN = 4  # tokens that wrap a message


class Classification(Struct, frozen=True, kw_only=True, gc=False):
    request_class: RequestClass
    difficulty: float  # 0 to 1
    confidence: float  # 0 to 1
    input_tokens: int
    output_tokens: int  # expected
    evidence: tuple[Evidence, ...]
    semantic: str | None = None  # the tenant's own class, if one is near enough


def classify(prompt: Prompt, own: Prototypes | None = None) -> Classification:
    """`own` are the classes that a tenant shows by examples, beside the built-in ones."""
    reading = read(prompt)
    shape = shape_of(prompt, reading, input_tokens=count_input(prompt))
    situation = situation_of(reading, shape)
    evidence = gather(situation)
    shares = weigh(evidence)
    winner = _CLASSES[max(shares, key=shares.__getitem__)]
    difficulty, reasons = difficulty_of(shares, situation)
    match = nearest(own, prompt) if own is not None else None
    if match is not None:
        reasons += (Evidence("own class", f"{match.likeness:.2f} alike", match.likeness, match.name),)
    return Classification(
        request_class=winner,
        difficulty=difficulty,
        confidence=min(shares[winner], _DOUBT) if winner is C.UNKNOWN else thousandths(shares[winner]),
        input_tokens=shape.input_tokens,
        output_tokens=expect(winner, prompt, reading),
        evidence=(*sorted(evidence, key=_weight, reverse=True), *reasons),
        semantic=match.name if match is not None else None,
    )


def unclassified(input_tokens: int) -> Classification:
    """Of what is no work for a model that writes."""
    return Classification(
        request_class=C.UNKNOWN,
        difficulty=0.0,
        confidence=0.0,
        input_tokens=input_tokens,
        output_tokens=0,
        evidence=(),
    )


def count_input(prompt: Prompt) -> int:
    """Counted on what is read, and stretched to what there is."""
    turns = prompt.turns
    read = [excerpt(turn.text) for turn in turns[-12:]]
    read_characters, tokens = sum(map(len, read)), sum(map(count_tokens, read))
    characters = max(prompt.characters, sum([len(turn.text) for turn in turns]))
    stretched = tokens * characters / read_characters if read_characters else characters / 4
    return round(stretched) + _PER_TURN * len(turns)


def weigh(evidence: Sequence[Evidence]) -> dict[str, float]:
    """Each class's share of the belief; they sum to one."""
    weights: defaultdict[str, list[float]] = defaultdict(list, {C.UNKNOWN: [_UNKNOWN]})
    for each in evidence:
        weights[each.toward].append(each.weight)
    powers = {name: exp(add_up(found) / _TEMPERATURE) for name, found in weights.items()}
    total = sum(powers.values())
    return {name: power / total for name, power in powers.items()}


def add_up(weights: list[float]) -> float:
    if len(weights) == 1:
        return weights[0]
    weights.sort(reverse=True)
    total: float = sum(map(mul, weights, _WORTH))
    return total
