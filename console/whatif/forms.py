"""What a person asks: over which time, and what besides the draft is tried out."""

from __future__ import annotations

from collections.abc import Mapping
from zoneinfo import ZoneInfo

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone

from billing.periods import preset
from console.catalogue.specs import PriceSpec, check_whitelist
from console.whatif.actions import Question

PERIODS = (
    ("7d", "Last 7 days"),
    ("30d", "Last 30 days"),
    ("90d", "Last 90 days"),
    ("last_month", "Last month"),
)
LONGEST = 20_000  # characters


class WhatIfForm(forms.Form):
    period = forms.ChoiceField(label="Requests of", choices=PERIODS, initial="30d")
    whitelist = forms.CharField(
        label="Another whitelist",
        required=False,
        max_length=LONGEST,
        widget=forms.Textarea(attrs={"rows": 3, "placeholder": "provider/*"}),
        help_text="In place of the tenant's: one model or pattern a line. Empty leaves it as it is.",
    )
    prices = forms.CharField(
        label="Other prices",
        required=False,
        max_length=LONGEST,
        widget=forms.Textarea(attrs={"rows": 3, "placeholder": "provider/model 0.25 2"}),
        help_text="One model a line, with USD per million tokens of input and output.",
    )

    def clean_whitelist(self) -> tuple[str, ...] | None:
        patterns = tuple(filter(None, map(str.strip, self.cleaned_data["whitelist"].splitlines()))) or None
        try:
            check_whitelist(patterns)
        except ValidationError as wrong:
            raise ValidationError(wrong.messages) from None
        return patterns

    def clean_prices(self) -> Mapping[str, PriceSpec]:
        lines = [line.split() for line in self.cleaned_data["prices"].splitlines() if line.strip()]
        for number, words in enumerate(lines, start=1):
            if len(words) != 3:
                raise ValidationError(f"Line {number} is not a model, a price of input and one of output.")
        return {name: PriceSpec(input=into, output=out) for name, into, out in lines}

    def question(self, zone: ZoneInfo) -> Question:
        given = self.cleaned_data
        period = preset(given["period"], zone=zone, now=timezone.now())
        return Question(period=period, whitelist=given["whitelist"], prices=given["prices"])
