"""What a rule can ask of a request.

A `Condition` is the mapping a tenant writes: each part given must hold. A new question is one field here
and one line in `_QUESTIONS`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from functools import partial
from typing import Any

from msgspec import Struct

from gateway.core.facts import Need, RequestClass, RequestFacts, Surface


class Range(
    Struct,
    frozen=True,
    forbid_unknown_fields=True,
    omit_defaults=True,
    repr_omit_defaults=True,
):
    """A span of numbers; a bound that is not given does not bind."""

    at_least: int | float | None = None
    at_most: int | float | None = None
    below: int | float | None = None

    def __contains__(self, value: float) -> bool:
        return (
            (self.at_least is None or value >= self.at_least)
            and (self.at_most is None or value <= self.at_most)
            and (self.below is None or value < self.below)
        )

    @property
    def can_hold(self) -> bool:
        """Whether any number at all lies in the span."""
        low = self.at_least
        return (
            low is None or ((self.at_most is None or low <= self.at_most) and (self.below is None or low < self.below))
        )  # fmt: skip


class Condition(
    Struct,
    frozen=True,
    forbid_unknown_fields=True,
    omit_defaults=True,
    repr_omit_defaults=True,
    kw_only=True,
    rename={"request_class": "class", "not_": "not", "any_": "any", "all_": "all"},
):
    """Which requests a rule or floor is for. Empty holds always."""

    request_class: RequestClass | tuple[RequestClass, ...] | None = None
    semantic: str | tuple[str, ...] | None = None
    difficulty: Range | None = None
    confidence: Range | None = None
    input_tokens: Range | None = None
    tag: Mapping[str, str | tuple[str, ...]] | None = None
    requested_model: str | tuple[str, ...] | None = None
    surface: Surface | tuple[Surface, ...] | None = None
    has: Need | tuple[Need, ...] | None = None
    key: str | tuple[str, ...] | None = None
    share: float | None = None
    budget_left: Range | None = None
    all_: tuple[Condition, ...] | None = None
    any_: tuple[Condition, ...] | None = None
    not_: Condition | None = None


ALWAYS = Condition()


Test = Callable[[RequestFacts], bool]


def holds(condition: Condition, facts: RequestFacts) -> bool:
    return compile_condition(condition)(facts)


def compile_condition(condition: Condition) -> Test:
    """The condition as a function, with only the questions it asks; what is decided often is compiled once."""
    asked: list[Test] = [
        partial(question, value)
        for name, question in _QUESTIONS.items()
        if (value := getattr(condition, name)) is not None
    ]
    asked += _compiled_parts(condition)
    return asked[0] if len(asked) == 1 else _every(asked)


def tag_asked(condition: Condition) -> tuple[str, frozenset[str]]:
    """A tag and its values without which the condition cannot hold; no name where it asks for none."""
    for part in (condition, *(condition.all_ or ())):
        for name, values in (part.tag or {}).items():
            return name, frozenset(listed(values))
    return "", frozenset()


def _compiled_parts(condition: Condition) -> Iterator[Test]:
    for name, values in (condition.tag or {}).items():
        yield _tag_is(name, frozenset(listed(values)))
    if condition.all_ is not None:
        yield _every(list(map(compile_condition, condition.all_)))
    if condition.any_ is not None:
        yield _some(list(map(compile_condition, condition.any_)))
    if condition.not_ is not None:
        yield _no(compile_condition(condition.not_))


def _every(tests: Sequence[Test]) -> Test:
    def holds(facts: RequestFacts) -> bool:
        for test in tests:  # noqa: SIM110 - a loop is three times as quick as all() here
            if not test(facts):
                return False
        return True

    return holds


def _some(tests: Sequence[Test]) -> Test:
    return lambda facts: any(test(facts) for test in tests)


def _no(test: Test) -> Test:
    return lambda facts: not test(facts)


def reads_classification(condition: Condition) -> bool:
    """Whether the answer rests on what the classifier thinks, anywhere in the condition."""
    if any(getattr(condition, name) is not None for name in _JUDGED):
        return True
    return any(map(reads_classification, parts_of(condition)))


def parts_of(condition: Condition) -> tuple[Condition, ...]:
    """The conditions directly inside this one."""
    inner = (condition.not_,) if condition.not_ is not None else ()
    return (*(condition.all_ or ()), *(condition.any_ or ()), *inner)


def listed[T: str](values: T | tuple[T, ...]) -> tuple[T, ...]:
    """One value or several, as several."""
    return values if isinstance(values, tuple) else (values,)


def matches(pattern: str, model: str) -> bool:
    """Whether a model id is meant by a pattern: `*` stands for any run of characters, nothing else is special."""
    return pattern == model or (
        "*" in pattern and fnmatchcase(model, pattern.replace("[", "[[]").replace("?", "[?]"))
    )


def _tag_is(name: str, values: frozenset[str]) -> Test:
    return lambda facts: facts.tags.get(name) in values


_JUDGED = ("request_class", "semantic", "difficulty", "confidence")

_QUESTIONS: Mapping[str, Callable[[Any, RequestFacts], bool]] = {
    "request_class": lambda asked, facts: facts.request_class in listed(asked),
    "input_tokens": lambda asked, facts: facts.input_tokens in asked,
    "difficulty": lambda asked, facts: facts.difficulty in asked,
    "confidence": lambda asked, facts: facts.confidence in asked,
    "semantic": lambda asked, facts: facts.semantic in listed(asked),
    "requested_model": lambda asked, facts: any(matches(p, facts.requested_model) for p in listed(asked)),
    "surface": lambda asked, facts: facts.surface in listed(asked),
    "has": lambda asked, facts: facts.needs.issuperset(listed(asked)),
    "key": lambda asked, facts: facts.key in listed(asked),
    "share": lambda asked, facts: facts.lot < asked,
    "budget_left": lambda asked, facts: facts.budget_left in asked,
}
