"""Who of a tier comes first: part of the form of a rule, and of that of what holds for every request."""

from __future__ import annotations

from typing import Any

from django import forms

from gateway.core.lint import MAX_WEIGHT
from gateway.core.strategy import COST, LATENCY, Strategy, Weights

BY_WEIGHT = "weights"
WAYS = (
    (COST, "The cheapest"),
    (LATENCY, "The fastest, as measured lately"),
    (BY_WEIGHT, "One drawn by weights"),
)


class WeightsField(forms.CharField):
    """`provider/model = 3, provider/other = 1`."""

    def __init__(self, **rest: Any) -> None:
        super().__init__(required=False, max_length=4_000, **rest)

    def prepare_value(self, value: Any) -> Any:
        return value if value is None or isinstance(value, str) else written(value)

    def clean(self, value: Any) -> Weights | None:
        parts = [part for part in (super().clean(value) or "").split(",") if part.strip()]
        return Weights(weights=dict(map(_weight, parts))) if parts else None


EFFORTS = (
    ("", "As the caller says"),
    ("none", "As little as it can"),
    ("low", "A little"),
    ("medium", "Some"),
    ("high", "Much"),
)


class StrategyFields(forms.Form):
    strategy = forms.ChoiceField(label="Of its models first", required=False, choices=WAYS)
    weights = WeightsField(
        label="Weights",
        help_text="Models with their weights: provider/model = 3, provider/other = 1",
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if (
            cleaned.get("strategy") == BY_WEIGHT
            and not cleaned.get("weights")
            and "weights" not in self.errors
        ):
            self.add_error("weights", "Name at least one model with its weight.")
        return cleaned

    @property
    def chosen_strategy(self) -> Strategy | None:
        weights: Weights | None = self.cleaned_data["weights"]
        ways: dict[str, Strategy | None] = {COST: COST, LATENCY: LATENCY, BY_WEIGHT: weights}
        return ways.get(self.cleaned_data["strategy"])


def strategy_of(strategy: Strategy | None) -> dict[str, Any]:
    """What the form shows at first."""
    if isinstance(strategy, Weights):
        return {"strategy": BY_WEIGHT, "weights": strategy}
    return {"strategy": strategy or "", "weights": None}


def written(weights: Weights) -> str:
    return ", ".join(f"{model} = {weight}" for model, weight in weights.weights.items())


def _weight(part: str) -> tuple[str, int]:
    model, _, weight = (each.strip() for each in part.rpartition("="))
    if not model or not weight.isdecimal() or int(weight) > MAX_WEIGHT:
        raise forms.ValidationError(f"“{part.strip()}” is no model with its weight: provider/model = 3")
    return model, int(weight)
