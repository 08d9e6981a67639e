"""Which models a tenant can use, and why not the others; what a whitelist would admit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from console.catalogue.selectors import Catalogue, catalogue_of, whitelist_of
from console.interface import formatting
from gateway.core.catalogue import SPOKEN, Model
from gateway.core.conditions import matches
from gateway.core.facts import Need
from gateway.core.price import Price, Unpriced
from gateway.core.router import bar_of, on_whitelist

if TYPE_CHECKING:
    from console.tenants.models import Tenant


ICONS = {
    Need.TOOLS: "tool",
    Need.IMAGES: "photo",
    Need.AUDIO: "headset",
    Need.JSON_SCHEMA: "brackets-contain",
    Need.REASONING: "brain",
}


@dataclass(frozen=True)
class Reached:
    """One line of the table of models."""

    model: Model
    price: Price | None
    bar: str  # why no request reaches it; empty: requests do
    own: bool
    spoken: bool

    @property
    def abilities(self) -> list[tuple[str, str]]:
        """Icon and word of each, in one order."""
        return [
            (icon, formatting.words(need.value)) for need, icon in ICONS.items() if need in self.model.can
        ]


@dataclass(frozen=True)
class Preview:
    """What a whitelist would admit."""

    admitted: tuple[Model, ...]
    usable: int  # of them, those with a key
    idle: tuple[str, ...]  # patterns that match nothing
    total: int


def lines(tenant: Tenant, catalogue: Catalogue, *, own: frozenset[str], day: date) -> list[Reached]:
    providers = {provider.id: provider for provider in catalogue.providers}
    whitelist, strict = whitelist_of(tenant), tenant.unpriced_models == Unpriced.BLOCK
    found = [
        Reached(
            model=model,
            price=model.price(day),
            bar=bar_of(model, providers, whitelist, None, priced_only=strict),
            own=model.id in own,
            spoken=model.provider not in providers or providers[model.provider].dialect in SPOKEN,
        )
        for model in catalogue.models
    ]
    return sorted(found, key=_down_the_ladder)


def _down_the_ladder(line: Reached) -> tuple[int, int, str]:
    return -line.model.tier.rank, -line.price.output if line.price else 0, line.model.id


def preview(tenant: Tenant, patterns: Sequence[str] | None) -> Preview:
    models = catalogue_of(tenant).models
    admitted = tuple(model for model in models if on_whitelist(model.id, patterns))
    return Preview(
        admitted=tuple(sorted(admitted, key=lambda model: (not model.provider_key, model.id))),
        usable=sum(bool(model.provider_key) for model in admitted),
        idle=tuple(p for p in patterns or () if not any(matches(p, model.id) for model in models)),
        total=len(models),
    )
