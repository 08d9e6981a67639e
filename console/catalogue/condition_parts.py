"""What a condition can ask, as the rows of its form. Only rows that say something, or were asked for, are shown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from django import forms
from django.http import QueryDict

type Kind = Literal["chips", "span", "words", "percent", "tags"]


class Question(NamedTuple):
    label: str
    kind: Kind
    fields: tuple[str, ...]
    low: str = ""  # the words before the two ends of a span
    high: str = ""


QUESTIONS = {
    "class": Question("Class", "chips", ("classes",)),
    "tokens": Question("Prompt tokens", "span", ("tokens_at_least", "tokens_at_most"), "from", "up to"),
    "difficulty": Question(
        "Difficulty", "span", ("difficulty_at_least", "difficulty_below"), "from", "below"
    ),
    "tag": Question("Business tag", "tags", ()),
    "has": Question("The request has", "chips", ("has",)),
    "model": Question("Model asked for", "words", ("requested_model",)),
    "key": Question("Gateway key", "words", ("key",)),
    "surface": Question("It came as", "chips", ("surface",)),
    "share": Question("Share of requests", "percent", ("share",)),
    "confidence": Question(
        "Confidence", "span", ("confidence_at_least", "confidence_below"), "from", "below"
    ),
    "budget": Question("Budget left", "percent", ("budget_left_below",), "below"),
    "semantic": Question("Looks like", "words", ("semantic",)),
}
FIRST = ("class", "tokens", "tag")  # what a blank rule shows


class TagRow(NamedTuple):
    """A tag's name and its values, as typed."""

    name: str = ""
    values: str = ""


@dataclass(frozen=True)
class Part:
    """One row of the form."""

    name: str
    question: Question
    fields: tuple[forms.BoundField, ...]
    tags: tuple[TagRow, ...] = ()

    @property
    def has_errors(self) -> bool:
        return any(field.errors for field in self.fields)

    @property
    def says_something(self) -> bool:
        said = (field.value() for field in self.fields)
        return any(row.name or row.values for row in self.tags) or any(
            value not in (None, "", [], ()) for value in said
        )


def parts_of_form(form: forms.Form, tags: Sequence[TagRow]) -> Iterator[Part]:
    for name, question in QUESTIONS.items():
        fields = tuple(form[field] for field in question.fields)
        yield Part(name, question, fields, (tuple(tags) or (TagRow(),)) if question.kind == "tags" else ())


def asked_for(data: QueryDict, prefix: str) -> tuple[str, ...]:
    return tuple(name for name in data.get(f"{prefix}-parts", "").split(",") if name in QUESTIONS)


def show(data: QueryDict, prefix: str, name: str) -> None:
    data[f"{prefix}-parts"] = ",".join((*asked_for(data, prefix), name))


def hide(data: QueryDict, prefix: str, name: str) -> None:
    """Takes a row away with what it says."""
    if name not in QUESTIONS:
        return
    data[f"{prefix}-parts"] = ",".join(one for one in asked_for(data, prefix) if one != name)
    fields = QUESTIONS[name].fields or ("tag_name", "tag_values")
    for field in fields:
        data.setlist(f"{prefix}-{field}", [])
