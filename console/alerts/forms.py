from __future__ import annotations

from typing import Self

from django import forms

from console.alerts.models import Kind, Watch
from gateway.core.money import NANO, nano


class ChannelForm(forms.Form):
    kind = forms.ChoiceField(label="By", choices=[(Kind.EMAIL, "E-mail"), (Kind.WEBHOOK, "Signed webhook")])
    target = forms.CharField(label="To", max_length=500, help_text="An address of mail, or an https:// URL.")


class WatchForm(forms.Form):
    unpriced = forms.BooleanField(label="Models without a known price", required=False)
    unusual_score = forms.FloatField(
        label="Hours that cost more than usual, from this many deviations",
        required=False,
        min_value=2,
        max_value=1000,
        help_text="Above the median of that hour of the day in the last 28 days. Empty: not watched for.",
    )
    overkill = forms.DecimalField(
        label="Overkill above, USD in 30 days",
        required=False,
        min_value=0,
        max_value=1_000_000_000,
        decimal_places=2,
        help_text="What cheaper models would have saved. Empty: not watched for.",
    )

    @classmethod
    def of(cls, watch: Watch) -> Self:
        above = watch.overkill_nano
        return cls(
            initial={
                "unpriced": watch.unpriced,
                "unusual_score": watch.unusual_score,
                "overkill": None if above is None else f"{above / NANO:.2f}",
            }
        )

    @property
    def overkill_nano(self) -> int | None:
        above = self.cleaned_data["overkill"]
        return None if above is None else nano(str(above))
