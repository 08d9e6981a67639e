"""What people type about keys. The secret fields are never filled in again, not even after an error."""

from __future__ import annotations

from typing import Any

from django import forms

from console.catalogue import builtin
from console.keys import once
from console.keys.actions.gateway_keys import Terms
from console.keys.models import GatewayKey
from console.tenancy import Role
from console.tenants.forms import roles_up_to
from console.tenants.models import Tenant
from gateway.core.catalogue import SPOKEN
from gateway.core.snapshot import Limits

NAME_HELP = "Seen in lists, in the request log and in the audit trail."


class SentOnce(forms.Form):
    """Carries the word by which a second sending of the same form is known (`once`)."""

    once = forms.CharField(max_length=64, widget=forms.HiddenInput, initial=once.word)


class SecretInput(forms.PasswordInput):
    def use_required_attribute(self, initial: object) -> bool:
        return False


REGION_HELP = (
    "Where prices differ by region: as the provider writes it. Empty: as the address or the key says."
)


class SecretField(forms.CharField):
    """The action says whether it is needed and right, so that REST and files are told the same."""

    def __init__(self, **kwargs: Any) -> None:
        attrs = {"autocomplete": "off", "spellcheck": "false", "data-1p-ignore": True}
        super().__init__(strip=False, widget=SecretInput(attrs=attrs), label="Key", **kwargs)

    def validate(self, value: object) -> None:
        return None


class ProviderKeyForm(SentOnce):
    name = forms.CharField(max_length=64, help_text=NAME_HELP)
    provider = forms.ChoiceField(choices=[])
    secret = SecretField(
        help_text=(
            "Sealed as it arrives; nobody can read it here again. Self-hosted models may need none. "
            "A key pair of AWS is entered as region/access key id:secret access key, with :session token after it "
            "if there is one."
        )
    )
    base_url = forms.CharField(
        label="Base URL",
        required=False,
        max_length=500,
        help_text=(
            "Empty for the provider's own. Self-hosted models always need one, and so do clouds whose address "
            "has your region or resource in it."
        ),
    )

    region = forms.CharField(required=False, max_length=40, help_text=REGION_HELP)

    field_order = ("provider", "name", "secret", "base_url", "region")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["provider"] = forms.ChoiceField(choices=providers())
        self.order_fields(self.field_order)


class ReplacementForm(forms.Form):
    secret = SecretField(help_text="The key that is in use now stops being used within two seconds.")
    base_url = forms.CharField(label="Base URL", required=False, max_length=500)
    region = forms.CharField(required=False, max_length=40, help_text=REGION_HELP)


class TermsForm(forms.Form):
    """What a gateway key is good for: its routers, its tags (a field each), its limits, its end."""

    routers = forms.MultipleChoiceField(
        required=False,
        choices=[],
        widget=forms.CheckboxSelectMultiple,
        help_text="None ticked: all of them, and those made later.",
    )
    requests_per_minute = forms.IntegerField(required=False, min_value=1, max_value=10**12)
    tokens_per_minute = forms.IntegerField(required=False, min_value=1, max_value=10**12)
    expires_at = forms.DateTimeField(
        label="Expires",
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        help_text="In UTC. Empty: never.",
    )

    def __init__(self, *args: Any, tenant: Tenant, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kept = [name.removeprefix("tag_") for name in self.initial if name.startswith("tag_")]
        self.tags = tuple(dict.fromkeys([*tenant.tags, *kept]))  # also those no longer declared
        slugs = tenant.routers.order_by("slug").values_list("slug", flat=True)
        shown = sorted({*slugs, *self.initial.get("routers", ())})
        if shown:
            self.fields["routers"].choices = [(slug, slug) for slug in shown]  # type: ignore[attr-defined]
        else:
            del self.fields["routers"]
        for tag in self.tags:
            self.fields[f"tag_{tag}"] = forms.CharField(label=tag, required=False, max_length=200)

    @property
    def tag_fields(self) -> list[forms.BoundField]:
        return [self[f"tag_{tag}"] for tag in self.tags]

    @property
    def terms(self) -> Terms:
        cleaned = self.cleaned_data
        tags = {tag: value for tag in self.tags if (value := cleaned[f"tag_{tag}"])}
        limits = Limits(
            requests_per_minute=cleaned["requests_per_minute"], tokens_per_minute=cleaned["tokens_per_minute"]
        )
        routers = tuple(cleaned.get("routers") or ()) or None
        return Terms(routers=routers, tags=tags, limits=limits, expires_at=cleaned["expires_at"])


class GatewayKeyForm(TermsForm, SentOnce):
    name = forms.CharField(max_length=64, help_text=NAME_HELP)

    field_order = ("name",)


class EditForm(TermsForm):
    def __init__(self, *args: Any, key: GatewayKey, **kwargs: Any) -> None:
        super().__init__(*args, tenant=key.tenant, initial=initial(key), **kwargs)


class AdminTokenForm(SentOnce):
    name = forms.CharField(max_length=64, help_text="Of the program that will use it.")
    role = forms.ChoiceField(choices=[])

    field_order = ("name", "role")

    def __init__(self, *args: Any, highest: Role, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["role"] = forms.ChoiceField(choices=roles_up_to(highest), initial=Role.EDITOR)
        self.order_fields(self.field_order)


def providers() -> list[tuple[str, list[tuple[str, str]]]]:
    """Those that requests can be routed to now, then those whose keys can only be kept."""
    vendors = builtin.vendors().values()
    spoken = [(vendor.id, vendor.name) for vendor in vendors if vendor.dialect in SPOKEN]
    kept = [(vendor.id, vendor.name) for vendor in vendors if vendor.dialect not in SPOKEN]
    return [("Routed to", spoken), ("Kept for later: their protocol is not spoken yet", kept)]


def initial(key: GatewayKey) -> dict[str, object]:
    return {
        "routers": key.routers or [],
        "requests_per_minute": key.requests_per_minute,
        "tokens_per_minute": key.tokens_per_minute,
        "expires_at": key.expires_at,
        **{f"tag_{tag}": value for tag, value in key.tags.items()},
    }
