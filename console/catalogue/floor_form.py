"""A floor as a form: its name, its tier, and which requests it is for."""

from __future__ import annotations

from typing import Self

from django import forms
from django.http import QueryDict

from console.catalogue.condition_editor import ConditionEditor
from console.catalogue.fields import TIERS, Shaped
from console.catalogue.specs import MAX_NAME
from gateway.core.facts import Tier
from gateway.core.policy import Floor


class FloorForm(Shaped):
    name = forms.CharField(max_length=MAX_NAME, help_text="Named in every decision that it lifts.")
    tier = forms.ChoiceField(label="Never below", choices=TIERS, widget=forms.RadioSelect)


class FloorEditor:
    def __init__(self, form: FloorForm, when: ConditionEditor):
        self.form = form
        self.when = when

    @classmethod
    def of(cls, floor: Floor) -> Self:
        form = FloorForm(initial={"name": floor.name, "tier": floor.tier.value})
        return cls(form, ConditionEditor.of(floor.when))

    @classmethod
    def read(cls, data: QueryDict, *, judged: bool = True) -> Self:
        return cls(FloorForm.read(data, judged=judged), ConditionEditor.read(data, judged=judged))

    def is_valid(self) -> bool:
        return all([self.form.is_valid(), self.when.is_valid()])

    @property
    def floor(self) -> Floor:
        """Only after `is_valid`."""
        cleaned = self.form.cleaned_data
        return Floor(name=cleaned["name"], tier=Tier(cleaned["tier"]), when=self.when.condition)
