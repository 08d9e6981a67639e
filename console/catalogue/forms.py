"""What people fill in about models: the whitelist, and a model of their own."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms

from console.catalogue import builtin, price_sheet
from console.catalogue.fields import TIERS, Words, choices
from console.catalogue.specs import AMOUNTS, MODEL_ID, ModelSpec, OtherPrice, PriceSpec
from gateway.core.catalogue import SPOKEN, Model
from gateway.core.facts import ModelKind, Need, Tier

ANY, LISTED = "any", "listed"
PRICES = AMOUNTS


class WhitelistForm(forms.Form):
    kind = forms.ChoiceField(
        label="Models that may answer",
        choices=((ANY, "Every model with a key"), (LISTED, "Only these")),
        widget=forms.RadioSelect,
    )
    patterns = Words(known="known-models", help_text="provider/model; * stands for any run of characters.")

    @classmethod
    def of(cls, whitelist: tuple[str, ...] | None) -> WhitelistForm:
        kind = ANY if whitelist is None else LISTED
        return cls(initial={"kind": kind, "patterns": whitelist or ()})

    @property
    def whitelist(self) -> tuple[str, ...] | None:
        """Only after `is_valid`."""
        return None if self.cleaned_data["kind"] == ANY else self.cleaned_data["patterns"]


class SheetForm(forms.Form):
    sheet = forms.FileField(
        label="Sheet of prices",
        help_text="CSV as it is downloaded here: a row a price, in USD per million tokens. Models that it does not name stay.",
    )


class ModelFilter(forms.Form):
    q = forms.CharField(label="Search", required=False, max_length=100)
    tier = forms.ChoiceField(required=False, choices=[("", "Any tier"), *TIERS])
    reach = forms.ChoiceField(
        label="Show",
        required=False,
        choices=(("", "Within reach"), ("own", "Your own"), ("all", "The whole catalogue")),
    )

    def select(self, models: Iterable[Model], *, reached: frozenset[str], own: frozenset[str]) -> list[Model]:
        """What cannot be read selects nothing away."""
        wanted = self.cleaned_data if self.is_valid() else {}
        q, tier, reach = (wanted.get(name, "") for name in ("q", "tier", "reach"))
        shown = {"": reached, "own": own}.get(reach)
        return [
            model
            for model in models
            if (shown is None or model.id in shown)
            and (not tier or model.tier == tier)
            and q.lower() in model.id.lower()
        ]


class ModelForm(forms.Form):
    """A custom model, or what is said differently of one in the catalogue: there, empty means "as it is"."""

    id = forms.CharField(max_length=200, help_text="provider/model, as rules and requests will name it.")
    provider_key = forms.ChoiceField(label="Provider key", required=False)
    upstream_model = forms.CharField(
        label="Name at the provider",
        required=False,
        max_length=200,
        help_text="Empty: what follows the slash.",
    )
    dialect = forms.ChoiceField(
        label="Protocol",
        required=False,
        help_text="Where one account serves models of several protocols.",
        choices=[("", "Its provider's"), *((name, name) for name in sorted(SPOKEN))],
    )
    tier = forms.ChoiceField(required=False)
    kind = forms.ChoiceField(label="It makes", required=False)
    context = forms.IntegerField(required=False, min_value=1, help_text="Tokens, prompt and answer together.")
    max_output = forms.IntegerField(label="Longest answer", required=False, min_value=1, help_text="Tokens.")
    says_can = forms.BooleanField(label="Say here what it can", required=False)
    can = forms.MultipleChoiceField(
        label="It can", required=False, choices=choices(Need), widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, *args: Any, keys: Iterable[str], known: Model | None = None, **rest: Any) -> None:
        super().__init__(*args, **rest)
        self.known = known  # the catalogue's
        first = "The keys of its provider, in turn"
        self.fields["provider_key"].choices = [("", first), *((key, key) for key in keys)]  # type: ignore[attr-defined]
        unsaid = [("", f"As the catalogue: {known.tier.value}")] if known else [("", "Choose a tier")]
        self.fields["tier"].choices = [*unsaid, *TIERS]  # type: ignore[attr-defined]
        unsaid = [("", f"As the catalogue: {_KINDS[known.kind]}")] if known else []
        self.fields["kind"].choices = [*unsaid, *_KINDS.items()]  # type: ignore[attr-defined]
        for name in PRICES:
            self.fields[f"price_{name}"] = forms.CharField(
                label=_PRICE_LABELS[name], required=False, max_length=30
            )
        self.fields["price_others"] = forms.CharField(
            label="Other service tiers, regions, long prompts",
            required=False,
            max_length=10_000,
            widget=forms.Textarea(attrs={"rows": 3, "class": "mono"}),
            help_text="One a line: service_tier=flex input=0.6 output=5, or above=200000 input=2.5 output=15. "
            "A service tier that is not listed has no known price.",
        )

    @classmethod
    def of(cls, spec: ModelSpec, *, keys: Iterable[str]) -> ModelForm:
        initial: dict[str, Any] = {
            "id": spec.id,
            "provider_key": spec.provider_key,
            "upstream_model": spec.upstream_model,
            "dialect": spec.dialect,
            "tier": spec.tier.value if spec.tier else "",
            "kind": spec.kind.value if spec.kind else "",
            "context": spec.context,
            "max_output": spec.max_output,
            "says_can": spec.can is not None,
            "can": [need.value for need in spec.can or ()],
        }
        if spec.price:
            initial |= {f"price_{name}": getattr(spec.price, name) for name in PRICES}
            initial["price_others"] = price_sheet.lines_of(spec.price.others)
            initial |= {
                f"price_{name}": getattr(spec.price, name) or None for name in ("per_request", "per_search")
            }
        return cls(initial=initial, keys=keys, known=builtin.models().get(spec.id))

    @property
    def prices(self) -> list[forms.BoundField]:
        return [self[f"price_{name}"] for name in PRICES]

    def clean_id(self) -> str:
        written: str = self.cleaned_data["id"]
        if not MODEL_ID.fullmatch(written):
            raise forms.ValidationError("Write it as provider/model, without spaces.")
        return written

    def clean_price_others(self) -> tuple[OtherPrice, ...]:
        return price_sheet.others_in(self.cleaned_data["price_others"])

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        for name in ("input", "output"):
            if any(cleaned.get(f"price_{each}") for each in (*PRICES, "others")) and not cleaned.get(
                f"price_{name}"
            ):
                self.add_error(f"price_{name}", "A price says both input and output.")
        return cleaned

    def refuse(self, refused: forms.ValidationError) -> None:
        """Shows what the action said against it, beside the field."""
        for field, errors in refused.message_dict.items():
            name = "price_others" if field.startswith("price.others") else field.replace(".", "_")
            self.add_error(name if name in self.fields else None, errors)

    @property
    def spec(self) -> ModelSpec:
        """Only after `is_valid`."""
        cleaned = self.cleaned_data
        says_can = cleaned["says_can"] or self.known is None
        return ModelSpec(
            id=cleaned["id"],
            provider_key=cleaned["provider_key"],
            upstream_model=cleaned["upstream_model"],
            dialect=cleaned["dialect"],
            tier=Tier(cleaned["tier"]) if cleaned["tier"] else None,
            kind=ModelKind(cleaned["kind"]) if cleaned["kind"] else None,
            context=cleaned["context"],
            max_output=cleaned["max_output"],
            can=tuple(Need(need) for need in cleaned["can"]) if says_can else None,
            price=_price(cleaned),
        )


def _price(cleaned: dict[str, Any]) -> PriceSpec | None:
    given = {name: cleaned[f"price_{name}"] for name in PRICES if cleaned[f"price_{name}"]}
    return PriceSpec(**given, others=cleaned["price_others"]) if given else None


_KINDS = {ModelKind.CHAT: "answers", ModelKind.EMBEDDING: "embeddings"}
_PRICE_LABELS = {
    "input": "Input",
    "output": "Output",
    "cache_read": "Cache read",
    "cache_write": "Cache write",
    "cache_write_1h": "Cache write, 1 h",
    "audio_input": "Audio in",
    "audio_output": "Audio out",
    "audio_cache_read": "Audio from cache",
    "image_input": "Images in",
    "image_output": "Images out",
    "per_request": "A request",
    "per_search": "A search",
}
