"""What people type about a budget."""

from __future__ import annotations

from typing import Any, Self

from django import forms

from billing.models import Budget
from console.configuration.document import BudgetEntry
from console.tenants.models import Tenant
from gateway.core.ladder import Purpose
from gateway.core.money import usd
from gateway.core.snapshot import BudgetScope

PERIODS = (("day", "Day"), ("week", "Week, from Monday"), ("month", "Month"))
AT_LIMIT = (
    ("block", "Block: further calls get 402 until the period ends"),
    ("downgrade", "Downgrade: the cheapest models that the floors allow"),
    ("skip", "Skip: answers go out without these checks, and say so; shadow calls are not made"),
    ("climb", "Climb: answers that cannot be checked are asked for a rung higher"),
    ("alert", "Alert only: calls go on as they are"),
)
PURPOSES = (
    ("", "All calls"),
    ("checks", "Checks alone: judges, second opinions, samples"),
    ("shadow", "Shadow calls alone"),
)


class BudgetForm(forms.Form):
    name = forms.CharField(max_length=64, help_text="Callers see it in the error when the budget is spent.")
    usd = forms.CharField(label="Amount in USD", max_length=30, help_text="0 blocks all calls in its scope.")
    per = forms.ChoiceField(label="Per", choices=PERIODS, initial="month")
    at_limit = forms.ChoiceField(
        label="When it is spent", choices=AT_LIMIT, initial="block", widget=forms.RadioSelect
    )
    alert_at = forms.CharField(
        label="Alert at, %",
        required=False,
        max_length=60,
        initial="50, 80, 100",
        help_text="Each is told once a period. Empty: none.",
    )
    router = forms.ChoiceField(required=False, help_text="Only calls through this router.")
    key = forms.ChoiceField(label="Gateway key", required=False, help_text="Only calls with this key.")
    tag = forms.ChoiceField(required=False, help_text="Only calls with this tag.")
    value = forms.CharField(
        label="Value of the tag",
        required=False,
        max_length=128,
        help_text="A star gives every value the amount for itself.",
    )

    purpose = forms.ChoiceField(
        label="Of which calls",
        choices=PURPOSES,
        required=False,
        help_text="Of checks it skips, climbs or alerts; of shadow calls it skips or alerts; of all calls it blocks, "
        "downgrades or alerts.",
    )

    def __init__(self, *args: Any, tenant: Tenant, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        routers = tenant.routers.order_by("slug").values_list("slug", flat=True)
        keys = tenant.gateway_keys.filter(revoked_at=None).order_by("name").values_list("name", flat=True)
        for field, names, every in (
            ("router", routers, "Every router"), ("key", keys, "Every key"), ("tag", tenant.tags, "With or without tags")
        ):  # fmt: skip
            kept = {*names, self.initial.get(field, "")} - {""}  # also what is gone since
            self.fields[field].choices = [("", every), *((name, name) for name in sorted(kept))]  # type: ignore[attr-defined]

    @classmethod
    def of(cls, row: Budget) -> Self:
        scope = row.scope
        tag, value = next(iter((scope.tag or {}).items()), ("", ""))
        initial = {
            "name": row.name, "usd": usd(row.nano), "per": row.per, "at_limit": row.at_limit,
            "router": scope.router or "", "key": scope.key or "", "tag": tag, "value": value,
            "alert_at": ", ".join(map(str, row.alert_at)), "purpose": scope.purpose.value if scope.purpose else "",
        }  # fmt: skip
        return cls(tenant=row.tenant, initial=initial)

    def clean_alert_at(self) -> tuple[int, ...]:
        given = [part.strip().removesuffix("%").strip() for part in self.cleaned_data["alert_at"].split(",")]
        try:
            return tuple(int(part) for part in given if part)
        except ValueError:
            raise forms.ValidationError("Whole percentages, with commas between them: 50, 80, 100.") from None

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if cleaned.get("tag") and not cleaned.get("value"):
            self.add_error("value", "Which value? A star means each of them for itself.")
        if cleaned.get("value") and not cleaned.get("tag"):
            self.add_error("tag", "Of which tag?")
        return cleaned

    @property
    def entry(self) -> BudgetEntry:
        given = self.cleaned_data
        scope = BudgetScope(
            router=given["router"] or None,
            key=given["key"] or None,
            tag={given["tag"]: given["value"]} if given["tag"] else None,
            purpose=Purpose(given["purpose"]) if given["purpose"] else None,
        )
        return BudgetEntry(
            name=given["name"],
            usd=given["usd"],
            per=given["per"],
            at_limit=given["at_limit"],
            scope=scope,
            alert_at=given["alert_at"],
        )

    def take(self, errors: dict[str, list[str]]) -> None:
        """What the action refused, at the field it is about."""
        for place, messages in errors.items():
            field = place.removeprefix("scope.")
            self.add_error(field if field in self.fields else None, messages)
