"""What people type about tenants and members."""

from __future__ import annotations

from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.contrib.auth import password_validation
from django.core.exceptions import ValidationError

from console.refusals import Refused
from console.tenancy import Role
from console.tenants import names
from console.tenants.models import Plan, Tenant
from gateway.core.price import Unpriced

ROLES = {
    Role.VIEWER: "Viewer: reads everything but amounts to export",
    Role.ANALYST: "Analyst: reads and exports, amounts too",
    Role.EDITOR: "Editor: edits and publishes routers",
    Role.ADMIN: "Admin: keys, whitelist, floors, members, settings",
    Role.OWNER: "Owner: all of it, and owners and the plan",
}


UNPRICED = {
    Unpriced.UNKNOWN: "They answer; what they cost is shown as unknown and stands apart from savings",
    Unpriced.ESTIMATE: "They answer, and count as the dearest model of their tier; such costs are never verified",
    Unpriced.BLOCK: "They do not answer",
}


class RefusalsOn:
    """`with RefusalsOn(form): action(…)` shows a refusal at the field at fault, or above the form."""

    def __init__(self, form: forms.Form) -> None:
        self.form = form

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> bool:
        if isinstance(error, ValidationError):
            told = error.error_dict if hasattr(error, "error_dict") else {None: error.error_list}
            for field, errors in told.items():
                self.form.add_error(field if field in self.form.fields else None, errors)
        elif isinstance(error, Refused):
            self.form.add_error(None, str(error))
        else:
            return False
        return True


def roles_up_to(highest: Role) -> list[tuple[str, str]]:
    return [(role.value, told) for role, told in ROLES.items() if role <= highest]


class InvitationForm(forms.Form):
    email = forms.EmailField(label="E-mail address", max_length=254)
    role = forms.ChoiceField(choices=[])

    def __init__(self, *args: Any, highest: Role, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["role"] = forms.ChoiceField(choices=roles_up_to(highest), initial=Role.EDITOR)


class RoleForm(forms.Form):
    role = forms.ChoiceField(choices=Role.choices)


class SettingsForm(forms.Form):
    name = forms.CharField(max_length=100)
    time_zone = forms.ChoiceField(
        choices=[],
        help_text="Days and months on every page, and the periods of budgets, begin and end by it.",
    )
    tags = forms.CharField(
        label="Attribution tags",
        required=False,
        max_length=4_000,
        widget=forms.TextInput(attrs={"data-tags": True}),
        help_text="What requests may carry in x-rungway-tag-… headers, and what spend can be told apart by.",
    )
    unpriced_models = forms.TypedChoiceField(
        label="Models without a known price",
        choices=[(each.value, told) for each, told in UNPRICED.items()],
        coerce=Unpriced,
        required=False,
        empty_value=None,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        zones = [(zone, zone.replace("_", " ")) for zone in sorted(available_timezones())]
        self.fields["time_zone"] = forms.ChoiceField(
            choices=zones, help_text=self.fields["time_zone"].help_text
        )

    @classmethod
    def of(cls, tenant: Tenant) -> SettingsForm:
        initial = {
            "name": tenant.name,
            "time_zone": tenant.time_zone,
            "tags": ", ".join(tenant.tags),
            "unpriced_models": tenant.unpriced_models,
        }
        return cls(initial=initial)

    def clean_name(self) -> str:
        return names.plain(self.cleaned_data["name"])

    def clean_tags(self) -> list[str]:
        return names.tag_names(self.cleaned_data["tags"].split(","))


class PlanForm(forms.Form):
    plan = forms.ChoiceField(choices=Plan.choices)


class NewPersonForm(forms.Form):
    """Of somebody who was invited and has no account yet."""

    name = forms.CharField(label="Your name", max_length=100, required=False)
    password = forms.CharField(
        max_length=1_000, widget=forms.PasswordInput(attrs={"autocomplete": "new-password"})
    )

    def clean_name(self) -> str:
        return names.plain(self.cleaned_data["name"]) if self.cleaned_data["name"].strip() else ""

    def clean_password(self) -> str:
        password: str = self.cleaned_data["password"]
        password_validation.validate_password(password)
        return password
