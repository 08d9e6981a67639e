"""A policy's test as a form: a request, and what must come out."""

from __future__ import annotations

from typing import Any, Self

from django import forms

from console.catalogue.fields import TIERS, Words, choices
from console.catalogue.specs import MAX_NAME
from console.routers.forms import KNOWN_MODELS
from gateway.core.facts import Need, RequestClass, Tier
from gateway.core.policy import Expectation, PolicyTest, Sample


class TestForm(forms.Form):
    """A request, and what must come out."""

    name = forms.CharField(max_length=MAX_NAME)
    text = forms.CharField(
        label="Prompt", required=False, widget=forms.Textarea(attrs={"rows": 3}), max_length=20_000
    )
    system = forms.CharField(
        label="System prompt", required=False, widget=forms.Textarea(attrs={"rows": 2}), max_length=20_000
    )
    tags = Words(label="Tags", help_text="Each as name=value.")
    model = forms.CharField(label="Model asked for", max_length=200, initial="auto")
    has = forms.MultipleChoiceField(
        label="The request has", required=False, choices=choices(Need), widget=forms.CheckboxSelectMultiple
    )
    key = forms.CharField(label="Gateway key", required=False, max_length=100)
    input_tokens = forms.IntegerField(
        label="Prompt tokens", required=False, min_value=0, help_text="Counted from the text where left out."
    )
    expect_tier = forms.ChoiceField(label="Tier", required=False, choices=[("", "any"), *TIERS])
    expect_rule = forms.CharField(label="Rule", required=False, max_length=MAX_NAME)
    expect_class = forms.ChoiceField(
        label="Class", required=False, choices=[("", "any"), *choices(RequestClass)]
    )
    expect_model = forms.CharField(label="Model", required=False, max_length=200, widget=KNOWN_MODELS)
    expect_not_model = Words(label="Never these models", known="known-models")

    @classmethod
    def of(cls, test: PolicyTest) -> Self:
        request, expect = test.request, test.expect
        forbidden = expect.not_model
        return cls(
            initial={
                "name": test.name,
                "text": request.text,
                "system": request.system,
                "tags": [f"{name}={value}" for name, value in request.tags.items()],
                "model": request.model,
                "has": [need.value for need in request.has],
                "key": request.key,
                "input_tokens": request.input_tokens,
                "expect_tier": expect.tier.value if expect.tier else "",
                "expect_rule": expect.rule or "",
                "expect_class": expect.request_class.value if expect.request_class else "",
                "expect_model": expect.model or "",
                "expect_not_model": (forbidden,) if isinstance(forbidden, str) else forbidden or (),
            }
        )

    def clean_tags(self) -> dict[str, str]:
        return pairs(self.cleaned_data["tags"])

    @property
    def test(self) -> PolicyTest:
        cleaned = self.cleaned_data
        return PolicyTest(
            name=cleaned["name"],
            request=sample_of(cleaned),
            expect=Expectation(
                tier=Tier(cleaned["expect_tier"]) if cleaned["expect_tier"] else None,
                rule=cleaned["expect_rule"] or None,
                model=cleaned["expect_model"] or None,
                request_class=RequestClass(cleaned["expect_class"]) if cleaned["expect_class"] else None,
                not_model=cleaned["expect_not_model"] or None,
            ),
        )


def pairs(words: tuple[str, ...]) -> dict[str, str]:
    """`("team=search",)` → `{"team": "search"}`."""
    wrong = [word for word in words if "=" not in word or not word.partition("=")[0].strip()]
    if wrong:
        raise forms.ValidationError(f"Write {wrong[0][:40]} as name=value.")
    return {name.strip(): value.strip() for name, _, value in (word.partition("=") for word in words)}


def sample_of(cleaned: dict[str, Any]) -> Sample:
    return Sample(
        text=cleaned["text"],
        system=cleaned["system"],
        tags=cleaned["tags"],
        model=cleaned["model"] or "auto",
        has=tuple(Need(need) for need in cleaned["has"]),
        key=cleaned["key"],
        input_tokens=cleaned["input_tokens"],
    )
