from __future__ import annotations

from collections.abc import Iterable, Mapping

from django import forms

PARTS = {"day": "Day", "amount": "Amount", "model": "Model", "key": "API key"}


class InvoiceForm(forms.Form):
    """The columns need naming only where they are called otherwise than providers call them."""

    provider_key = forms.ChoiceField(label="Provider key", choices=[])
    file = forms.FileField(label="Cost export", help_text="CSV, as the provider's console gives it; USD.")

    def __init__(self, keys: Iterable[str], *given: object) -> None:
        super().__init__(*given)  # type: ignore[arg-type]
        self.fields["provider_key"] = forms.ChoiceField(
            label="Provider key", choices=[(key, key) for key in keys]
        )
        for part, label in PARTS.items():
            self.fields[f"column_{part}"] = forms.CharField(
                label=f"Column of the {label}", required=False, max_length=100
            )
        self.order_fields(["provider_key", "file"])

    @property
    def columns(self) -> Mapping[str, str]:
        return {part: self.cleaned_data[f"column_{part}"] for part in PARTS}
