"""The parts of one condition as form fields, and back.

What the form cannot show (a group inside a group, an unusual bound) travels along unseen in `was` and comes
out as it went in. Saving a form that nobody touched gives the very same condition.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from django import forms
from django.core.exceptions import ValidationError
from msgspec.structs import replace

from console.catalogue.fields import Percent, Shaped, Share, Words, choices
from gateway.core.conditions import Condition, Range, listed
from gateway.core.facts import Need, RequestClass, Surface


class ConditionForm(Shaped):
    was = forms.CharField(required=False, widget=forms.HiddenInput, max_length=100_000)
    classes = forms.MultipleChoiceField(
        label="Class",
        required=False,
        choices=choices(RequestClass),
        widget=forms.CheckboxSelectMultiple,
    )
    difficulty_at_least = Share(label="Difficulty from")
    difficulty_below = Share(label="Difficulty below")
    tokens_at_least = forms.IntegerField(label="Prompt tokens from", required=False, min_value=0)
    tokens_at_most = forms.IntegerField(label="Prompt tokens up to", required=False, min_value=0)
    confidence_at_least = Share(label="Confidence from")
    confidence_below = Share(label="Confidence below")
    has = forms.MultipleChoiceField(
        label="The request has", required=False, choices=choices(Need), widget=forms.CheckboxSelectMultiple
    )
    surface = forms.MultipleChoiceField(
        label="It came as", required=False, choices=choices(Surface), widget=forms.CheckboxSelectMultiple
    )
    requested_model = Words(
        label="Model asked for", known="known-models", help_text="Any of these; * stands for any characters."
    )
    key = Words(label="Gateway key", known="known-keys", help_text="Any of these names.")
    semantic = Words(label="Looks like", known="known-classes", help_text="Any of your own classes.")
    share = Percent(label="Share of requests, %", help_text="A stable part of all, for careful roll-outs.")
    budget_left_below = Percent(label="Budget left below, %")

    def clean_was(self) -> Condition:
        try:
            return msgspec.json.decode(self.cleaned_data["was"] or "{}", type=Condition)
        except (msgspec.DecodeError, RecursionError):
            raise ValidationError("Load the page again.") from None


def kept[T: str](old: T | tuple[T, ...] | None, new: Sequence[T]) -> T | tuple[T, ...] | None:
    """The new values, in the old form where they are the same: a list of one stays a list of one."""
    if old is not None and set(split(", ".join(listed(old)))) == set(new):
        return old
    return None if not new else new[0] if len(new) == 1 else tuple(new)


def initial_of(condition: Condition) -> dict[str, Any]:
    difficulty, tokens = condition.difficulty or Range(), condition.input_tokens or Range()
    confidence, budget = condition.confidence or Range(), condition.budget_left or Range()
    return {
        "was": msgspec.json.encode(condition).decode(),
        "classes": [each.value for each in _several(condition.request_class)],
        "difficulty_at_least": difficulty.at_least,
        "difficulty_below": difficulty.below,
        "tokens_at_least": tokens.at_least,
        "tokens_at_most": tokens.at_most,
        "confidence_at_least": confidence.at_least,
        "confidence_below": confidence.below,
        "has": [each.value for each in _several(condition.has)],
        "surface": [each.value for each in _several(condition.surface)],
        "requested_model": _several(condition.requested_model),
        "key": _several(condition.key),
        "semantic": _several(condition.semantic),
        "share": condition.share,
        "budget_left_below": budget.below,
    }


def written(
    was: Condition, cleaned: Mapping[str, Any], tag: Mapping[str, str | tuple[str, ...]] | None
) -> Condition:
    return replace(
        was,
        request_class=kept(was.request_class, [RequestClass(each) for each in cleaned["classes"]]),
        difficulty=_range(
            was.difficulty, at_least=cleaned["difficulty_at_least"], below=cleaned["difficulty_below"]
        ),
        input_tokens=_range(
            was.input_tokens, at_least=cleaned["tokens_at_least"], at_most=cleaned["tokens_at_most"]
        ),
        confidence=_range(
            was.confidence, at_least=cleaned["confidence_at_least"], below=cleaned["confidence_below"]
        ),
        has=kept(was.has, [Need(each) for each in cleaned["has"]]),
        surface=kept(was.surface, [Surface(each) for each in cleaned["surface"]]),
        requested_model=kept(was.requested_model, cleaned["requested_model"]),
        key=kept(was.key, cleaned["key"]),
        semantic=kept(was.semantic, cleaned["semantic"]),
        share=cleaned["share"] if cleaned["share"] != was.share else was.share,
        budget_left=_range(was.budget_left, below=cleaned["budget_left_below"]),
        tag=tag,
    )


def _range(was: Range | None, **bounds: float | None) -> Range | None:
    """The bounds that the form shows are replaced, the others stay."""
    now = replace(was or Range(), **bounds)
    if now == (was or Range()):
        return was
    return None if now == Range() else now


def _several[T: str](values: T | tuple[T, ...] | None) -> tuple[T, ...]:
    return () if values is None else listed(values)


def split(values: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(value.strip() for value in values.split(",") if value.strip()))


def if_empty[T](values: T | None) -> T | None:
    """An empty list that was written stays: it holds never, while none at all holds always."""
    return values if values is not None and not values else None
