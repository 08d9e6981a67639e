"""A tenant's own classes: near enough to one, clearly nearer than to another, or none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.classify import classify
from gateway.core.policy import SemanticClass
from gateway.core.prompt import Prompt, Turn
from gateway.core.semantic import AHEAD, NEAR, compile_classes, nearest, stem

CLASSES = (
    SemanticClass(
        name="refund",
        examples=(
            "I want my money back",
            "please refund order 123",
            "How do I return these shoes for a refund?",
            "you charged me twice, reimburse me",
        ),
    ),
    SemanticClass(
        name="shipping", examples=("where is my package", "my order has not arrived yet", "track my delivery")
    ),
    SemanticClass(name="kündigung", examples=("ich möchte mein Abo kündigen", "Kündigung meines Vertrags")),
)
OWN = compile_classes(CLASSES)


def asked(text: str) -> Prompt:
    return Prompt(turns=(Turn("system", "You help customers of a shop."), Turn("user", text)))


def found(text: str) -> str | None:
    match = nearest(OWN, asked(text))
    return match.name if match else None


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("I'd like a refund for my order", "refund"),
        ("give me my money back please", "refund"),
        ("Hello, I ordered shoes three weeks ago and they don't fit. I want my money back.", "refund"),
        ("Is my order refunded?", "refund"),
        ("where's my package?", "shipping"),
        ("WHERE IS MY PACKAGE", "shipping"),
        ("Bitte das Abo kündigen!", "kündigung"),
        ("A long letter about gardens. " * 200 + "I want my money back.", "refund"),
    ],
)
def test_near_enough(text: str, name: str) -> None:
    assert found(text) == name


@pytest.mark.parametrize(
    "text",
    [
        "What's the weather in Paris?",
        "Write a poem about money",
        "cancel my order",
        "order",
        "Prove there are infinitely many primes",
        "I want to",
        "please",
        "",
        "123 123",
    ],
)
def test_not_near_to_any(text: str) -> None:
    assert found(text) is None


def test_between_two_there_is_none() -> None:
    both = compile_classes(
        [SemanticClass(name=name, examples=("reset my password",)) for name in ("login", "security")]
    )
    assert nearest(both, asked("reset my password")) is None


def test_without_a_word_there_is_nothing_to_compare_with() -> None:
    assert compile_classes(()) is None
    assert compile_classes([SemanticClass(name="empty", examples=("", "!?", "12"))]) is None


def test_only_the_users_last_words_count() -> None:
    turns = (
        Turn("system", "I want my money back"),
        Turn("user", "I want my money back"),
        Turn("user", "Tell me a joke"),
    )
    assert nearest(OWN, Prompt(turns=turns)) is None


@pytest.mark.parametrize("example", [text for own in CLASSES for text in own.examples])
def test_an_example_is_of_its_own_class(example: str) -> None:
    (name,) = (own.name for own in CLASSES if example in own.examples)
    match = nearest(OWN, asked(example))
    assert match is not None
    assert (match.name, match.likeness) == (name, 1.0)


@given(st.text())
def test_a_likeness_is_a_share(text: str) -> None:
    match = nearest(OWN, asked(text))
    assert match is None or NEAR <= match.likeness <= 1.0
    assert AHEAD > 0


def test_it_is_a_fact_with_its_evidence_beside_the_built_in_class() -> None:
    seen = classify(asked("give me my money back please"), OWN)
    assert seen.semantic == "refund"
    (evidence,) = (each for each in seen.evidence if each.signal == "own class")
    assert (evidence.found, evidence.toward) == ("0.88 alike", "refund")
    assert classify(asked("give me my money back please")).semantic is None


@pytest.mark.parametrize(
    ("word", "left"), [("refunds", "refund"), ("refunding", "refund"), ("is", "is"), ("used", "used")]
)
def test_endings(word: str, left: str) -> None:
    assert stem(word) == left
