"""Form fields that several pages share."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any, Self

from django import forms
from django.utils.datastructures import MultiValueDict

from console.interface import formatting
from gateway.core.facts import Tier

TIERS = [(tier.value, formatting.words(tier.value)) for tier in reversed(Tier)]


class Words(forms.CharField):
    """Several words separated by commas; chips where there is JavaScript."""

    def __init__(self, *, known: str = "", **rest: Any) -> None:
        attrs = {"data-tags": True} | ({"list": known} if known else {})
        super().__init__(required=False, widget=forms.TextInput(attrs=attrs), max_length=4000, **rest)

    def to_python(self, value: Any) -> tuple[str, ...]:  # type: ignore[override]
        written = super().to_python(value) or ""
        return tuple(dict.fromkeys(word.strip() for word in written.split(",") if word.strip()))

    def prepare_value(self, value: Any) -> Any:
        return value if value is None or isinstance(value, str) else ", ".join(value)

    def validate(self, value: Any) -> None:
        """Any words will do; the reader of the form knows which."""

    def run_validators(self, value: Any) -> None:
        super().run_validators(", ".join(value))


class Percent(forms.DecimalField):
    """Shown as 10, kept as 0.1; reckoned in decimals, so that saving what was shown changes nothing."""

    def __init__(self, **rest: Any) -> None:
        super().__init__(required=False, min_value=0, max_value=100, **rest)
        self.widget.attrs["step"] = "any"

    def prepare_value(self, value: Any) -> Any:
        return f"{(Decimal(repr(value)) * 100).normalize():f}" if isinstance(value, float | int) else value

    def clean(self, value: Any) -> float | None:
        percent = super().clean(value)
        return None if percent is None else float(percent / 100)


class Share(forms.FloatField):
    """Between 0 and 1."""

    def __init__(self, **rest: Any) -> None:
        super().__init__(required=False, min_value=0, max_value=1, **rest)
        self.widget.attrs["step"] = "any"


class Shaped(forms.Form):
    """A form in which some buttons only change its shape: it then shows what was typed, unjudged."""

    @classmethod
    def read(
        cls, data: MultiValueDict[str, str], *, prefix: str | None = None, judged: bool = True, **rest: Any
    ) -> Self:
        if judged:
            return cls(data, prefix=prefix, **rest)
        blank = cls(prefix=prefix, **rest)
        typed = {
            name: field.widget.value_from_datadict(data, MultiValueDict(), blank.add_prefix(name))
            for name, field in blank.fields.items()
        }
        return cls(prefix=prefix, initial={**typed}, **rest)


def choices(names: Iterable[str]) -> list[tuple[str, str]]:
    return [(name, formatting.words(name)) for name in names]
