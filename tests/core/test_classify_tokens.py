"""Tokens are estimated near enough to route and to reserve by."""

from __future__ import annotations

import pytest
import quicktok
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.output import _ASKED_FOR
from gateway.core.signals.subjects import SUBJECTS, Subject
from gateway.core.tokens import count_tokens, count_words
from tests.core.classify_cases import FILLER, cases

COUNTER = quicktok.get_encoding("o200k_base")

ENGLISH = [
    FILLER * 5,
    (
        "Photosynthesis is the process by which green plants use sunlight to make food from carbon dioxide and water. "
        "It mostly takes place in the leaves, where chlorophyll absorbs light, and it gives off oxygen that animals need."
    ),
    (
        "We can offer you a refund of $49.00, or a replacement that ships on 12 May. Please tell us which you prefer; "
        "if we hear nothing within seven days, we will send the replacement to the address on your account."
    ),
    (
        "The court held that the clause was unenforceable because it was not reasonably limited in time or in place, and "
        "that the employer had shown no legitimate interest which a narrower restriction would have failed to protect."
    ),
]


@pytest.mark.parametrize("text", ENGLISH, ids=lambda text: text[:20])
def test_english_is_counted_within_a_tenth(text: str) -> None:
    assert count_tokens(text) == pytest.approx(COUNTER.count(text), rel=0.1)


def test_all_prompts_together_are_counted_within_a_twentieth() -> None:
    texts = [turn.text for name in ("dev", "heldout") for case in cases(name) for turn in case.prompt.turns]
    assert sum(map(count_tokens, texts)) == pytest.approx(sum(map(COUNTER.count, texts)), rel=0.05)


def test_code_and_other_scripts_are_counted_within_a_third() -> None:
    code = (
        "def mean(values: list[float]) -> float:\n    return sum(values) / len(values) if values else 0.0\n"
    )
    chinese = "昨天,市政府宣布将在三年内把所有公交车换成电动车,预计费用为二十亿元。"
    german = "Der Stadtrat hat beschlossen, das alte Schwimmbad zu sanieren; die Arbeiten beginnen im Herbst."
    for text in (code, chinese, german):
        assert count_tokens(text) == pytest.approx(COUNTER.count(text), rel=0.33)


@given(st.text(" \t\nab.é", max_size=60))
def test_words_are_counted_as_split_would(text: str) -> None:
    assert count_words(text.encode()) == len(text.encode().split())


def test_every_word_that_names_a_length_is_noticed() -> None:
    assert set(SUBJECTS[Subject.LENGTH].split()) == set(_ASKED_FOR)
