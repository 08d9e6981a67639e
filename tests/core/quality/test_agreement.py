import pytest

from gateway.core.quality.agreement import agree, conclusion


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("18", "18.0"),
        ("$1,200", "1200"),
        ("She makes 9 * 2 = $18 every day. The answer is 18.", "So the answer: **18**"),
        ("First 3 eggs go, then 4 go, and what is left sells for 9 times 2, which is 18", "18"),
        ("…therefore \\boxed{\\frac{1}{2}}", "\\boxed{\\frac{1}{2}}"),
        ("We count.\n#### 72", "72"),
        ("(B)", "B. Paris"),
        ("Answer: C", "c"),
        ('{"a": 1, "b": [2]}', '{"b":[2],"a":1}'),
        ("Positive.", "positive"),
    ],
)
def test_the_same_in_other_words(one: str, other: str) -> None:
    assert agree(one, other)
    assert agree(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("18", "19"),
        ("B", "C"),
        ("\\boxed{1}", "\\boxed{-1}"),
        ('{"a": 1}', '{"a": 2}'),
        ("positive", "negative"),
        ("x + 1", "x - 1"),
        ("", ""),
        ("null", "null"),
    ],
)
def test_not_the_same(one: str, other: str) -> None:
    assert not agree(one, other)


def test_a_conclusion_has_one_spelling() -> None:
    assert conclusion("**The answer is 1,000.00**") == conclusion("1e3")
    assert conclusion("Infinity") == "infinity"
    assert conclusion("[" * 100_000) == conclusion("[" * 100_000)
