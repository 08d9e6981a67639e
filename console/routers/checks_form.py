"""The checks of a cascade as rows of a form, in their order."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
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
from gateway.core.lint import MAX_SAMPLES, MAX_WEBHOOK_MS
from gateway.core.policy import Agreement, Check, Judge, SelfAgreement, Webhook

LIST = "checks"

KINDS: Mapping[str, tuple[str, Check]] = {
    "not_refusal": ("Is not a refusal", Check(not_refusal=True)),
    "not_hedging": ("Does not hedge", Check(not_hedging=True)),
    "json_valid": ("Is valid JSON", Check(json_valid=True)),
    "schema_valid": ("Follows the request's schema", Check(schema_valid=True)),
    "tool_arguments_valid": ("Calls tools as declared", Check(tool_arguments_valid=True)),
    "regex": ("Matches a pattern", Check(regex="")),
    "length": ("Has a length", Check(length=Range(at_least=1))),
    "mean_logprob": ("The model was sure of it", Check(mean_logprob=Range(at_least=-0.5))),
    "margin": ("Nothing else was as likely", Check(margin=Range(at_least=1.0))),
    "agreement": ("Another model agrees", Check(agreement=Agreement(model=""))),
    "self_agreement": ("The model agrees with itself", Check(self_agreement=SelfAgreement())),
    "judge": ("A judge scores it", Check(judge=Judge(model=""))),
    "webhook": ("Your validator lets it pass", Check(webhook=Webhook(url="", send=("answer",)))),
}
KNOWN_MODELS = {"list": "known-models"}


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
    length_at_least = forms.IntegerField(label="Characters from", required=False, min_value=0)
    length_at_most = forms.IntegerField(label="Characters up to", required=False, min_value=0)
    margin_at_least = forms.FloatField(
        label="Mean margin from",
        required=False,
        help_text="Of logarithms: 0.7 is twice as likely as the next word. Unknown where a provider gives none.",
    )
    other = forms.CharField(
        label="Other model",
        required=False,
        widget=forms.TextInput(attrs=KNOWN_MODELS),
        max_length=200,
        help_text="Asked the same. Two cheap models that agree are right more often than either is sure.",
    )
    samples = forms.IntegerField(label="Answers in all", required=False, min_value=2, max_value=MAX_SAMPLES)
    agreeing = Percent(label="That agree, %")
    url = forms.CharField(label="Address", required=False, max_length=2048, help_text="https only.")
    send = forms.MultipleChoiceField(
        label="It is shown",
        required=False,
        choices=(("answer", "The answer"), ("prompt", "The prompt")),
        widget=forms.CheckboxSelectMultiple,
    )
    webhook_score = Percent(label="Score from, %")
    timeout_ms = forms.IntegerField(
        label="Waits at most, ms", required=False, min_value=1, max_value=MAX_WEBHOOK_MS
    )
    model = forms.CharField(
        label="Judge", required=False, widget=forms.TextInput(attrs=KNOWN_MODELS), max_length=200
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
        read = _READ.get(was.kind)
        return replace(was, **{was.kind: read(getattr(was, was.kind), self.cleaned_data)}) if read else was


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
            data.setlist(f"{LIST}-{number}-{name}", value if isinstance(value, list) else [value])
    return data


def _initial(check: Check) -> dict[str, Any]:
    judge, again, webhook = check.judge, check.self_agreement, check.webhook
    return {
        "was": msgspec.json.encode(check).decode(),
        "pattern": check.regex or "",
        "length_at_least": check.length.at_least if check.length else None,
        "length_at_most": check.length.at_most if check.length else None,
        "mean_at_least": check.mean_logprob.at_least if check.mean_logprob else None,
        "margin_at_least": check.margin.at_least if check.margin else None,
        "other": check.agreement.model if check.agreement else "",
        "samples": again.samples if again else None,
        "agreeing": again.at_least if again else None,
        "url": webhook.url if webhook else "",
        "send": list(webhook.send) if webhook else [],
        "webhook_score": webhook.at_least if webhook else None,
        "timeout_ms": webhook.timeout_ms if webhook else None,
        "model": judge.model if judge else "",
        "score_at_least": judge.at_least if judge else None,
        "rubric": judge.rubric if judge else "",
    }


type _Cleaned = Mapping[str, Any]


def _or[T](given: T | None, was: T) -> T:
    """What was not given, or only written otherwise, stays as it was."""
    return was if given is None or given == was else given


def _sized(was: Range, cleaned: _Cleaned) -> Range:
    return replace(was, at_least=cleaned["length_at_least"], at_most=cleaned["length_at_most"])


def _bounded(field: str) -> Callable[[Range, _Cleaned], Range]:
    def read(was: Range, cleaned: _Cleaned) -> Range:
        given = cleaned[field]
        return was if was.at_least == given else replace(was, at_least=given)

    return read


def _sampled(was: SelfAgreement, cleaned: _Cleaned) -> SelfAgreement:
    return replace(
        was, samples=_or(cleaned["samples"], was.samples), at_least=_or(cleaned["agreeing"], was.at_least)
    )


def _called(was: Webhook, cleaned: _Cleaned) -> Webhook:
    return replace(
        was,
        url=cleaned["url"],
        send=tuple(cleaned["send"]),
        at_least=_or(cleaned["webhook_score"], was.at_least),
        timeout_ms=_or(cleaned["timeout_ms"], was.timeout_ms),
    )


def _judged(was: Judge, cleaned: _Cleaned) -> Judge:
    return replace(
        was,
        model=cleaned["model"],
        at_least=_or(cleaned["score_at_least"], was.at_least),
        rubric=cleaned["rubric"],
    )


_READ: Mapping[str, Callable[[Any, _Cleaned], Any]] = {
    "regex": lambda was, cleaned: cleaned["pattern"],
    "length": _sized,
    "mean_logprob": _bounded("mean_at_least"),
    "margin": _bounded("margin_at_least"),
    "agreement": lambda was, cleaned: replace(was, model=cleaned["other"]),
    "self_agreement": _sampled,
    "judge": _judged,
    "webhook": _called,
}


def _decoded(text: str) -> Check:
    try:
        return msgspec.json.decode(text or "{}", type=Check)
    except msgspec.DecodeError:
        raise ValidationError("Load the page again.") from None
