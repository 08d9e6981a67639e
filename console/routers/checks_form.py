"""The checks of a cascade as rows of a form, in their order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Self

import msgspec
from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from msgspec.structs import replace

from console.catalogue import phrases
from console.catalogue.condition_editor import numbers
from console.catalogue.fields import Percent, Shaped
from gateway.core.conditions import Range
from gateway.core.policy import Check, Judge

LIST = "checks"

KINDS: Mapping[str, tuple[str, Check]] = {
    "not_refusal": ("Is not a refusal", Check(not_refusal=True)),
    "json_valid": ("Is valid JSON", Check(json_valid=True)),
    "regex": ("Matches a pattern", Check(regex="")),
    "mean_logprob": ("The model was sure of it", Check(mean_logprob=Range(at_least=-0.5))),
    "judge": ("A judge scores it", Check(judge=Judge(model=""))),
}


class CheckForm(Shaped):
    """The fields of every kind; the page shows those of its own."""

    was = forms.CharField(required=False, widget=forms.HiddenInput, max_length=20_000)
    pattern = forms.CharField(
        label="Pattern",
        required=False,
        strip=False,
        help_text="RE2 syntax. Found anywhere unless anchored by ^ and $.",
    )
    mean_at_least = forms.FloatField(
        label="Mean log-probability from",
        required=False,
        max_value=0,
        help_text="0 is certain; −0.5 is a mean of 60 % a token. Unknown where a provider gives none.",
    )
    model = forms.CharField(
        label="Judge", required=False, widget=forms.TextInput(attrs={"list": "known-models"}), max_length=200
    )
    score_at_least = Percent(label="Score from, %")
    rubric = forms.CharField(
        label="Rubric",
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        max_length=4000,
        help_text="What a good answer is, in a sentence or two.",
    )

    def clean_was(self) -> Check:
        return _decoded(self.cleaned_data["was"])

    @property
    def kind(self) -> str:
        return _decoded(str(self["was"].value() or "")).kind

    @property
    def title(self) -> str:
        return (
            KINDS[self.kind][0] if self.kind in KINDS else phrases.check(_decoded(str(self["was"].value())))
        )

    @property
    def check(self) -> Check:
        """Only after `is_valid`."""
        was: Check = self.cleaned_data["was"]
        if was.regex is not None and was.kind == "regex":
            return replace(was, regex=self.cleaned_data["pattern"])
        if was.mean_logprob is not None and was.kind == "mean_logprob":
            return replace(was, mean_logprob=_bounded(was.mean_logprob, self.cleaned_data["mean_at_least"]))
        if was.judge is not None and was.kind == "judge":
            return replace(was, judge=_judged(was.judge, self.cleaned_data))
        return was


class Row(NamedTuple):
    number: str
    form: CheckForm


class ChecksEditor:
    """All checks of one outcome."""

    def __init__(self, rows: Sequence[Row]):
        self.rows = tuple(rows)

    @classmethod
    def of(cls, checks: Sequence[Check]) -> Self:
        return cls(
            [
                Row(str(number), CheckForm(prefix=f"{LIST}-{number}", initial=_initial(check)))
                for number, check in enumerate(checks)
            ]
        )

    @classmethod
    def read(cls, data: QueryDict, *, judged: bool = True) -> Self:
        return cls(
            [
                Row(number, CheckForm.read(data, prefix=f"{LIST}-{number}", judged=judged))
                for number in numbers(data, LIST)
            ]
        )

    @property
    def ids(self) -> str:
        return ",".join(row.number for row in self.rows)

    @property
    def kinds(self) -> list[tuple[str, str]]:
        return [(kind, title) for kind, (title, _) in KINDS.items()]

    def is_valid(self) -> bool:
        return not [row for row in self.rows if not row.form.is_valid()]

    @property
    def checks(self) -> tuple[Check, ...]:
        return tuple(row.form.check for row in self.rows)


def add_check(data: QueryDict, kind: str) -> QueryDict:
    """The data of a form with one more check of a kind, as a button asks for it."""
    data = data.copy()
    if kind in KINDS:
        have = numbers(data, LIST)
        number = str(1 + max(map(int, have), default=-1))
        data[LIST] = ",".join((*have, number))
        for name, value in _initial(KINDS[kind][1]).items():
            data[f"{LIST}-{number}-{name}"] = value
    return data


def _initial(check: Check) -> dict[str, Any]:
    judge = check.judge
    return {
        "was": msgspec.json.encode(check).decode(),
        "pattern": check.regex or "",
        "mean_at_least": check.mean_logprob.at_least if check.mean_logprob else None,
        "model": judge.model if judge else "",
        "score_at_least": judge.at_least if judge else None,
        "rubric": judge.rubric if judge else "",
    }


def _bounded(was: Range, at_least: float | None) -> Range:
    return was if was.at_least == at_least else replace(was, at_least=at_least)


def _judged(was: Judge, cleaned: Mapping[str, Any]) -> Judge:
    score = cleaned["score_at_least"]
    return replace(
        was,
        model=cleaned["model"],
        at_least=was.at_least if score is None or score == was.at_least else score,
        rubric=cleaned["rubric"],
    )


def _decoded(text: str) -> Check:
    try:
        return msgspec.json.decode(text or "{}", type=Check)
    except msgspec.DecodeError:
        raise ValidationError("Load the page again.") from None
