"""How long an answer will be, in tokens: what its class usually takes, or what was asked for."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

from gateway.core.facts import RequestClass
from gateway.core.prompt import Prompt
from gateway.core.signals.reading import Reading
from gateway.core.signals.subjects import Subject

C = RequestClass

# A base, and so much for each token that the user gave.
_USUAL: Mapping[RequestClass, tuple[int, float]] = {
    C.CLASSIFICATION: (6, 0),
    C.EXTRACTION: (40, 0.15),
    C.REWRITING: (10, 1.05),
    C.SUMMARIZATION: (70, 0.1),
    C.SIMPLE_QA: (80, 0),
    C.BOILERPLATE: (150, 0.2),
    C.GENERATION: (450, 0.1),
    C.CODING: (400, 0.4),
    C.REASONING: (600, 0.2),
    C.LONG_CONTEXT: (600, 0),
    C.AGENTIC: (300, 0),
    C.UNKNOWN: (250, 0.1),
}
_GIVEN_MOST = 4_000  # tokens of the user's above which answers grow no longer
_ASKED_FOR: Mapping[str, float] = {  # tokens in one of them
    **dict.fromkeys(("word", "words", "wörter", "mots", "palabras", "palavras", "parole", "woorden"), 1.35),
    **dict.fromkeys(
        ("sentence", "sentences", "sätze", "phrases", "frases", "frasi", "zinnen", "lines"), 25.0
    ),
    **dict.fromkeys(("bullets", "bullet", "points", "items"), 20.0),
    **dict.fromkeys(("paragraph", "paragraphs"), 90.0),
}
_NUMBERS: Mapping[str, int] = {
    "a": 1,
    "one": 1,
    "two": 2,
    "three": 3,
    "four": 4,
    "five": 5,
    "six": 6,
    "seven": 7,
    "eight": 8,
    "ten": 10,
    "zwei": 2,
    "drei": 3,
    "fünf": 5,
    "deux": 2,
    "trois": 3,
    "cinq": 5,
    "dos": 2,
    "tres": 3,
    "cinco": 5,
}
_ASKED_MOST = 8_000


def expect(request_class: RequestClass, prompt: Prompt, reading: Reading) -> int:
    base, share = _USUAL[request_class]
    given = min(reading.characters // 4, _GIVEN_MOST)
    names_length = Subject.LENGTH in reading.ordered
    expected = (names_length and asked_for(reading.orders)) or round(base + share * given)
    return expected if prompt.max_output_tokens is None else max(0, min(expected, prompt.max_output_tokens))


def asked_for(orders: str) -> int:
    """ "In two sentences", "600 words": the first length named, or 0."""
    for number, unit in pairwise(orders.split()):
        if unit in _ASKED_FOR and (count := _NUMBERS.get(number) or _digits(number)):
            return min(round(count * _ASKED_FOR[unit]) + 5, _ASKED_MOST)
    return 0


def _digits(word: str) -> int:
    return int(word) if word.isascii() and word.isdigit() and len(word) < 5 else 0
