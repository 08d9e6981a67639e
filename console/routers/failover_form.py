"""What is done when a provider is slow or fails: part of the form of what holds for every request."""

from __future__ import annotations

from typing import Any

from django import forms

from console.catalogue.fields import Percent
from gateway.core.ladder import MAX_ATTEMPTS
from gateway.core.lint import MAX_BACKOFF_MS, MAX_OUTPUT, MAX_TIMEOUT_MS
from gateway.core.policy import Hedge, Policy, Retries, Timeouts

USUAL_TIMEOUTS, USUAL_RETRIES = Timeouts(), Retries()
USUAL_HEDGE = Hedge(after_ms=2_000)


def milliseconds(label: str, most: int = MAX_TIMEOUT_MS, least: int = 1) -> forms.IntegerField:
    return forms.IntegerField(label=label, required=False, min_value=least, max_value=most)


class FailoverFields(forms.Form):
    max_output_tokens = forms.IntegerField(
        label="Tokens of an answer whose caller gives no limit",
        required=False,
        min_value=1,
        max_value=MAX_OUTPUT,
        help_text="Its provider is told, and the answer says so. Empty: as long as the model can.",
    )
    timed = forms.BooleanField(label="Wait otherwise than usual", required=False)
    connect_ms = milliseconds("For a connection, ms")
    first_byte_ms = milliseconds("For the first byte, ms")
    idle_ms = milliseconds("Within an answer, ms")
    total_ms = milliseconds("For the whole request, ms")
    retried = forms.BooleanField(label="Retry otherwise than once", required=False)
    times = forms.IntegerField(
        label="At most, times", required=False, min_value=0, max_value=MAX_ATTEMPTS - 1
    )
    backoff_ms = milliseconds("After a pause of, ms", MAX_BACKOFF_MS, 0)
    retry_share = Percent(label="Of a key's requests, %")
    before_up = forms.BooleanField(label="Before a dearer tier is asked", required=False)
    hedged = forms.BooleanField(label="Ask a second model when the first is slow", required=False)
    after_ms = milliseconds("After, ms")
    hedge_share = Percent(
        label="Of a key's requests at most, %", help_text="Both are paid for; the slower one is cancelled."
    )

    @property
    def chosen_timeouts(self) -> Timeouts | None:
        names = Timeouts.__struct_fields__
        return Timeouts(**self._given({name: name for name in names})) if self.cleaned_data["timed"] else None

    @property
    def chosen_retries(self) -> Retries | None:
        if not self.cleaned_data["retried"]:
            return None
        fields = {"times": "times", "backoff_ms": "backoff_ms", "retry_share": "share"}
        return Retries(**self._given(fields), before_up=self.cleaned_data["before_up"])

    @property
    def chosen_hedge(self) -> Hedge | None:
        if not self.cleaned_data["hedged"]:
            return None
        usual = {"after_ms": USUAL_HEDGE.after_ms}
        return Hedge(**(usual | self._given({"after_ms": "after_ms", "hedge_share": "share"})))

    def _given(self, names: dict[str, str]) -> dict[str, Any]:
        """What is left empty is as usual."""
        return {
            name: value for field, name in names.items() if (value := self.cleaned_data[field]) is not None
        }


def failover_of(policy: Policy) -> dict[str, Any]:
    """What the form shows at first."""
    timeouts, retries = policy.timeouts or USUAL_TIMEOUTS, policy.retries or USUAL_RETRIES
    hedge = policy.hedge or USUAL_HEDGE
    return {
        "max_output_tokens": policy.max_output_tokens,
        "timed": policy.timeouts is not None,
        **{name: getattr(timeouts, name) for name in Timeouts.__struct_fields__},
        "retried": policy.retries is not None,
        "times": retries.times,
        "backoff_ms": retries.backoff_ms,
        "retry_share": retries.share,
        "before_up": retries.before_up,
        "hedged": policy.hedge is not None,
        "after_ms": hedge.after_ms,
        "hedge_share": hedge.share,
    }
