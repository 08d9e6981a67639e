"""What people fill in: a rule, the otherwise, a floor, a test, and what holds for the whole router."""

from __future__ import annotations

from typing import Any, Self

from django import forms
from django.http import QueryDict
from msgspec.structs import replace

from console.catalogue.condition_editor import ConditionEditor, reshape
from console.catalogue.fields import TIERS, Percent, Shaped, Words
from console.catalogue.specs import MAX_NAME
from console.routers import baselines
from console.routers.checks_form import ChecksEditor, add_check
from console.routers.failover_form import FailoverFields, failover_of
from console.routers.models import NOTE_LENGTH
from console.routers.starters import STARTERS
from console.routers.strategy_form import EFFORTS, WAYS, StrategyFields, strategy_of
from gateway.core.baseline import WORDS
from gateway.core.conditions import Condition
from gateway.core.demand import OF_BASELINE, Quality
from gateway.core.facts import Tier
from gateway.core.policy import Cascade, Otherwise, Policy, Rule, Unsure

KNOWN_MODELS = forms.TextInput(attrs={"list": "known-models"})


class NameForm(Shaped):
    name = forms.CharField(max_length=MAX_NAME, help_text="Shown on pages and in the answer's headers.")


class OutcomeForm(StrategyFields, Shaped):
    """Where a request goes, and whether its answer is checked."""

    to = forms.ChoiceField(
        label="Goes to",
        choices=(
            ("tier", "An able model of a tier"),
            ("model", "One model"),
            ("quality", "The cheapest model that answers well enough"),
        ),
        widget=forms.RadioSelect,
        initial="tier",
    )
    tier = forms.ChoiceField(choices=TIERS, required=False, widget=forms.RadioSelect, initial=Tier.MID.value)
    model = forms.CharField(required=False, max_length=200, widget=KNOWN_MODELS)
    at_least = forms.CharField(
        label="Quality at least",
        required=False,
        max_length=40,
        help_text="0.95 of baseline, or a share of right answers, as 0.9.",
    )
    strategy = forms.ChoiceField(
        label="Of its models first", required=False, choices=(("", "As the router says"), *WAYS)
    )
    effort = forms.ChoiceField(
        label="A model that can think does so",
        required=False,
        choices=EFFORTS,
        help_text="It is part of what an answer is expected to cost.",
    )
    checked = forms.BooleanField(label="Check the answer, and climb when it does not pass", required=False)
    up_to = forms.ChoiceField(
        label="Climb at most to", choices=TIERS, required=False, initial=Tier.PREMIUM.value
    )
    hold = forms.IntegerField(
        label="Hold back of a stream, bytes",
        required=False,
        min_value=0,
        max_value=100_000_000,
        help_text="Empty: 262144. A longer answer is sent unchecked from there on, unless a check has failed already.",
    )
    stream_unchecked = forms.BooleanField(label="Stream the first rung at once, unchecked", required=False)
    max_cost_usd = forms.FloatField(
        label="All calls of a request together, USD at most",
        required=False,
        min_value=0,
        help_text="Checks that take a call, and rungs above, are left out where they could cost more. Empty: no limit.",
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("to") == "model" and not cleaned.get("model"):
            self.add_error("model", "Name the model, as the models page lists it.")
        if cleaned.get("to") == "tier" and not cleaned.get("tier"):
            self.add_error("tier", "Choose a tier.")
        if cleaned.get("to") == "quality":
            try:
                cleaned["quality"] = quality_in(cleaned.get("at_least", ""))
            except ValueError as error:
                self.add_error("at_least", f"{error}.".capitalize())
        return cleaned


def quality_in(written: str) -> Quality:
    """Raises `ValueError`, which says how a quality is written."""
    try:
        return Quality(at_least=float(written))
    except ValueError:
        return Quality(at_least=written)


class OutcomeEditor:
    """A tier or a model, and the cascade."""

    def __init__(self, form: OutcomeForm, checks: ChecksEditor):
        self.form = form
        self.checks = checks

    @classmethod
    def of(cls, outcome: Rule | Otherwise) -> Self:
        cascade = outcome.cascade
        form = OutcomeForm(
            initial={
                "to": _way_of(outcome),
                "at_least": str(outcome.quality.at_least) if outcome.quality else f"0.95{OF_BASELINE}",
                "tier": outcome.tier.value if outcome.tier else None,
                "model": outcome.model,
                **strategy_of(outcome.strategy),
                "effort": outcome.effort or "",
                "checked": cascade is not None,
                "up_to": (cascade.up_to if cascade else Tier.PREMIUM).value,
                "hold": cascade.hold if cascade else None,
                "stream_unchecked": cascade.stream_unchecked if cascade else False,
                "max_cost_usd": cascade.max_cost_usd if cascade else None,
            }
        )
        return cls(form, ChecksEditor.of(cascade.checks if cascade else ()))

    @classmethod
    def read(cls, data: QueryDict, *, judged: bool = True) -> Self:
        return cls(OutcomeForm.read(data, judged=judged), ChecksEditor.read(data, judged=judged))

    def is_valid(self) -> bool:
        return all([self.form.is_valid(), self.checks.is_valid()])

    def put[T: Rule | Otherwise](self, outcome: T) -> T:
        """The outcome of the form in place of the one there was. Only after `is_valid`."""
        cleaned = self.form.cleaned_data
        to = cleaned["to"]
        return replace(
            outcome,
            tier=Tier(cleaned["tier"]) if to == "tier" else None,
            model=cleaned["model"] if to == "model" else None,
            quality=cleaned["quality"] if to == "quality" else None,
            strategy=self.form.chosen_strategy if to == "tier" else None,
            effort=cleaned["effort"] or None,
            cascade=self._cascade(cleaned) if cleaned["checked"] else None,
        )

    def _cascade(self, cleaned: dict[str, Any]) -> Cascade:
        return Cascade(
            up_to=Tier(cleaned["up_to"] or Tier.PREMIUM),
            checks=self.checks.checks,
            hold=cleaned["hold"],
            stream_unchecked=cleaned["stream_unchecked"],
            max_cost_usd=cleaned["max_cost_usd"],
        )


def _way_of(outcome: Rule | Otherwise) -> str:
    if outcome.quality is not None:
        return "quality"
    return "model" if outcome.model is not None else "tier"


class RuleEditor:
    """A name, a condition and an outcome."""

    def __init__(self, name: NameForm, when: ConditionEditor, outcome: OutcomeEditor):
        self.name = name
        self.when = when
        self.outcome = outcome

    @classmethod
    def of(cls, rule: Rule) -> Self:
        return cls(
            NameForm(initial={"name": rule.name}), ConditionEditor.of(rule.when), OutcomeEditor.of(rule)
        )

    @classmethod
    def read(cls, data: QueryDict, *, judged: bool = True) -> Self:
        return cls(
            NameForm.read(data, judged=judged),
            ConditionEditor.read(data, judged=judged),
            OutcomeEditor.read(data, judged=judged),
        )

    def is_valid(self) -> bool:
        return all([self.name.is_valid(), self.when.is_valid(), self.outcome.is_valid()])

    @property
    def rule(self) -> Rule:
        return self.outcome.put(Rule(name=self.name.cleaned_data["name"], when=self.when.condition))


class BasicsForm(StrategyFields, FailoverFields):
    """What holds for every request of the router."""

    baseline_kind = forms.ChoiceField(
        label="Baseline",
        choices=baselines.CHOICES,
        widget=forms.RadioSelect,
        help_text="Savings are measured against what this would have cost, with the tokens of the answer that was sent.",
    )
    baseline = forms.CharField(label="Baseline model", required=False, max_length=200, widget=KNOWN_MODELS)
    doubtful = forms.BooleanField(label="Send requests up whose class is in doubt", required=False)
    confidence_below = Percent(label="Confidence below, %")
    unsure_tier = forms.ChoiceField(label="At least to", choices=TIERS, required=False)
    narrowed = forms.BooleanField(label="Allow fewer models here than the tenant allows", required=False)
    whitelist = Words(label="Whitelist", known="known-models", help_text="* stands for any characters.")

    @classmethod
    def of(cls, policy: Policy) -> Self:
        baseline, unsure, whitelist = policy.baseline, policy.unsure, policy.whitelist
        pinned = baseline not in WORDS
        return cls(
            initial={
                "baseline_kind": baselines.MODEL if pinned else baseline,
                "baseline": baseline if pinned else "",
                "doubtful": unsure is not None,
                "confidence_below": unsure.confidence_below if unsure else 0.5,
                "unsure_tier": (unsure.tier if unsure else Tier.MID).value,
                "narrowed": whitelist is not None,
                "whitelist": whitelist or (),
                **strategy_of(policy.strategy),
                **failover_of(policy),
            }
        )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("baseline_kind") == baselines.MODEL and not cleaned.get("baseline"):
            self.add_error("baseline", "Name the model, as the models page lists it.")
        if cleaned.get("doubtful") and cleaned.get("confidence_below") is None:
            self.add_error("confidence_below", "Give a share: 50 is usual.")
        return cleaned

    @property
    def chosen_baseline(self) -> str:
        kind: str = self.cleaned_data["baseline_kind"]
        return self.cleaned_data["baseline"] if kind == baselines.MODEL else kind

    @property
    def chosen_unsure(self) -> Unsure | None:
        if not self.cleaned_data["doubtful"]:
            return None
        tier = Tier(self.cleaned_data["unsure_tier"] or Tier.MID)
        return Unsure(tier=tier, confidence_below=self.cleaned_data["confidence_below"])

    @property
    def chosen_whitelist(self) -> tuple[str, ...] | None:
        return self.cleaned_data["whitelist"] if self.cleaned_data["narrowed"] else None


class NewRouterForm(forms.Form):
    id = forms.CharField(
        label="Id",
        max_length=64,
        help_text="Part of the base URL, /router/id/. Small letters, digits, - and _. It cannot be changed later.",
    )
    starter = forms.ChoiceField(
        label="Begin with",
        widget=forms.RadioSelect,
        choices=[(starter.id, starter.name) for starter in STARTERS],
        initial=STARTERS[0].id,
    )


class PublishForm(forms.Form):
    note = forms.CharField(required=False, max_length=NOTE_LENGTH)
    version = forms.IntegerField(min_value=1)


def reshaped(data: QueryDict) -> QueryDict:
    """The form after a button that only changes its shape."""
    order = data.get("op", "")
    if order.startswith("check "):
        return add_check(data, order.removeprefix("check "))
    return reshape(data, order)


BLANK = Rule(name="", tier=Tier.LIGHTWEIGHT, when=Condition())
