"""The catalogue that every tenant starts from: vendors and models out of TOML, prices out of genai-prices.

`prices.py` says how a price is read, `tiers.py` by which rule a model gets its tier, and `check.py`, which is
`manage.py check_catalogue`, compares the rows with both.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
from django.conf import settings
from msgspec import Struct

from console.catalogue import prices
from console.catalogue.prices import ALWAYS
from gateway.core.catalogue import Auth, Model, Provider
from gateway.core.facts import ModelKind, Need, Tier

if TYPE_CHECKING:
    from genai_prices.types import ModelInfo

__all__ = [
    "ALWAYS",
    "Entry",
    "Rows",
    "Vendor",
    "known_price",
    "model_of",
    "models",
    "providers",
    "rows",
    "vendors",
]


class Vendor(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A row of providers.toml."""

    id: str
    name: str
    dialect: str
    base_url: str
    checked: date
    source: str
    auth: Auth = Auth.BEARER
    prices: tuple[str, ...] = ()  # ids in genai-prices; a model is looked for in each, in this order
    also: frozenset[str] = frozenset()  # further protocols at the same address
    stops_billing_on_cancel: bool = False
    rejects: frozenset[str] = frozenset()
    self_hosted: bool = False
    models_path: str = "/models"  # under the base URL: what a key is tested with
    question: Mapping[str, Any] = {}  # what such a test asks there; nothing: it looks a list up
    headers: Mapping[str, str] = {}  # that such a test needs beside the key

    def provider(self) -> Provider:
        return Provider(
            id=self.id,
            name=self.name,
            dialect=self.dialect,
            base_url=self.base_url,
            auth=self.auth,
            also=self.also,
            stops_billing_on_cancel=self.stops_billing_on_cancel,
            rejects=self.rejects,
        )


class Entry(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A row of models/<vendor>.toml."""

    id: str
    tier: Tier
    context: int
    kind: ModelKind = ModelKind.CHAT
    max_output: int | None = None
    upstream_model: str = ""
    aliases: frozenset[str] = frozenset()
    dialect: str = ""  # another than the vendor's
    can: frozenset[Need] = frozenset()
    rejects: frozenset[str] = frozenset()
    named_only: str = ""  # why no rule may choose it
    tier_because: str = ""  # why it is not the tier of the rule
    priced_as: str = ""  # list/name in genai-prices, where that is not the vendor's and its own
    unpriced_because: str = ""  # why a vendor with a price list does not price it

    @property
    def wire_name(self) -> str:
        return self.upstream_model or self.id.partition("/")[2]


class Rows(Struct, frozen=True, kw_only=True):
    """The catalogue as written.

    `unspoken` are protocols that no one here speaks, with what they are: their providers are seen and not routed
    to. `entries` are the rows of models/<name>.toml, by that name.
    """

    vendors: tuple[Vendor, ...]
    unspoken: Mapping[str, str]
    entries: Mapping[str, tuple[Entry, ...]]


@cache
def rows() -> Rows:
    """`msgspec.DecodeError`, with the file and the place."""
    listed = _read("providers.toml", Providers)
    files = sorted((folder() / "models").glob("*.toml"))
    return Rows(
        vendors=listed.provider,
        unspoken=listed.unspoken,
        entries={file.stem: _read(f"models/{file.name}", Entries).model for file in files},
    )


@cache
def vendors() -> Mapping[str, Vendor]:
    return {vendor.id: vendor for vendor in rows().vendors}


@cache
def providers() -> Mapping[str, Provider]:
    return {vendor.id: vendor.provider() for vendor in vendors().values()}


@cache
def models() -> Mapping[str, Model]:
    """In the order of the providers, and in each as its file lists them."""
    entries = rows().entries
    found = [model_of(vendor, entry) for vendor in rows().vendors for entry in entries.get(vendor.id, ())]
    return {model.id: model for model in found}


def known_price(vendor: Vendor, entry: Entry) -> ModelInfo | None:
    source, _, name = entry.priced_as.partition("/")
    return prices.known([source], name) if source else prices.known(vendor.prices, entry.wire_name)


def folder() -> Path:
    return Path(settings.BASE_DIR) / "gateway" / "catalogue"


def model_of(vendor: Vendor, entry: Entry) -> Model:
    known = known_price(vendor, entry)
    return Model(
        id=entry.id,
        provider=vendor.id,
        tier=entry.tier,
        kind=entry.kind,
        dialect=entry.dialect,
        upstream_model=entry.upstream_model,
        aliases=entry.aliases,
        named_only=entry.named_only,
        context=entry.context,
        max_output=entry.max_output,
        can=entry.can,
        rejects=entry.rejects,
        prices=tuple(prices.prices(known, entry.kind)) if known else (),
    )


class Providers(Struct, frozen=True, forbid_unknown_fields=True):
    """The file providers.toml."""

    provider: tuple[Vendor, ...]
    unspoken: Mapping[str, str]


class Entries(Struct, frozen=True, forbid_unknown_fields=True):
    """A file of models."""

    model: tuple[Entry, ...]


def _read[T](name: str, shape: type[T]) -> T:
    try:
        return msgspec.toml.decode((folder() / name).read_bytes(), type=shape)
    except msgspec.DecodeError as wrong:
        raise type(wrong)(f"{name}: {wrong}") from None
