"""A request to try on a router."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms

from console.catalogue.fields import Words, choices
from console.routers.sample_form import pairs
from gateway.core.classify import Turn
from gateway.core.facts import Need, Surface
from gateway.core.samples import Asked

MAX_TEXT = 200_000
DRAFT, SERVED = "draft", "served"
EARLIER = "An exchange before the prompt: a bare “yes” means what was asked for."


class QuestionForm(forms.Form):
    router = forms.ChoiceField()
    policy = forms.ChoiceField(
        choices=((DRAFT, "The draft"), (SERVED, "What is served")),
        widget=forms.RadioSelect,
        initial=DRAFT,
        required=False,
    )
    text = forms.CharField(
        label="Prompt",
        required=False,
        max_length=MAX_TEXT,
        widget=forms.Textarea(attrs={"rows": 6, "placeholder": "What an application would ask"}),
    )
    system = forms.CharField(
        label="System prompt", required=False, max_length=MAX_TEXT, widget=forms.Textarea(attrs={"rows": 3})
    )
    earlier_user = forms.CharField(
        label="Earlier prompt",
        required=False,
        max_length=MAX_TEXT,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=EARLIER,
    )
    earlier_answer = forms.CharField(
        label="Its answer", required=False, max_length=MAX_TEXT, widget=forms.Textarea(attrs={"rows": 2})
    )
    tags = Words(label="Tags", help_text="Each as name=value.")
    model = forms.CharField(
        label="Model asked for",
        required=False,
        max_length=200,
        initial="auto",
        widget=forms.TextInput(attrs={"list": "known-models"}),
    )
    has = forms.MultipleChoiceField(
        label="The request has", required=False, choices=choices(Need), widget=forms.CheckboxSelectMultiple
    )
    key = forms.CharField(
        label="Gateway key",
        required=False,
        max_length=100,
        widget=forms.TextInput(attrs={"list": "known-keys"}),
    )
    surface = forms.ChoiceField(required=False, choices=choices(Surface))
    input_tokens = forms.IntegerField(
        label="Prompt tokens",
        required=False,
        min_value=0,
        max_value=10**8,
        help_text="Counted where left out.",
    )

    def __init__(self, *args: Any, routers: Iterable[str], **rest: Any) -> None:
        super().__init__(*args, **rest)
        self.fields["router"].choices = [(slug, slug) for slug in routers]  # type: ignore[attr-defined]

    def clean_tags(self) -> dict[str, str]:
        return pairs(self.cleaned_data["tags"])

    @property
    def says_something(self) -> bool:
        cleaned = self.cleaned_data
        return bool(cleaned["text"] or cleaned["system"] or cleaned["input_tokens"] is not None)

    @property
    def wants_draft(self) -> bool:
        return str(self.cleaned_data["policy"]) != SERVED

    @property
    def asked(self) -> Asked:
        cleaned = self.cleaned_data
        turns = (
            ("system", cleaned["system"]),
            ("user", cleaned["earlier_user"]),
            ("assistant", cleaned["earlier_answer"]),
            ("user", cleaned["text"]),
        )
        return Asked(
            turns=tuple(Turn(role, text) for role, text in turns if text),
            tags=cleaned["tags"],
            model=cleaned["model"] or "auto",
            has=frozenset(Need(need) for need in cleaned["has"]),
            key=cleaned["key"],
            surface=Surface(cleaned["surface"] or Surface.OPENAI_CHAT),
            input_tokens=cleaned["input_tokens"],
        )
