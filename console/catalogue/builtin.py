"""The catalogue that every tenant starts from: vendors and models out of TOML, prices out of genai-prices.

Tiers. A vendor that sells a line-up of its own goes by its place in it (flagship premium, middle mid, light
lightweight, small small), whatever it costs today. All others go by price, three tokens read to one written,
per million: below $1 small, below $3 lightweight, below $10 mid, above that premium. What a tenant hosts
itself is local. The tier stands in the TOML, so that a change of price moves no traffic by itself; a test
compares it with this rule.

Prices. Whatever cannot be said in one price for a model is said too high or not at all, never too low: a
price that differs by the hour counts as the dearest of the day, and a model whose price steps up for long
prompts is offered up to that length.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from django.conf import settings
from msgspec import Struct

from gateway.core.catalogue import Auth, Model, Provider
from gateway.core.facts import Need, Tier
from gateway.core.money import nano
from gateway.core.price import Price

if TYPE_CHECKING:
    from genai_prices.types import ModelInfo, ModelPrice, TieredPrices

ALWAYS = date(2020, 1, 1)  # "since" of a price that has no day: before any of these models


class Vendor(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A row of providers.toml."""

    id: str
    name: str
    dialect: str
    base_url: str
    checked: date
    source: str
    auth: Auth = Auth.BEARER
    prices: str = ""  # id in genai-prices
    stops_billing_on_cancel: bool = False
    rejects: frozenset[str] = frozenset()
    line_up: bool = False  # the vendor's own order of its models decides their tiers
    self_hosted: bool = False
    models_path: str = "/models"  # under the base URL: what a key is tested with
    headers: Mapping[str, str] = {}  # that such a test needs beside the key

    def provider(self) -> Provider:
        return Provider(
            id=self.id,
            name=self.name,
            dialect=self.dialect,
            base_url=self.base_url,
            auth=self.auth,
            stops_billing_on_cancel=self.stops_billing_on_cancel,
            rejects=self.rejects,
        )


class Entry(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A row of models/<vendor>.toml."""

    id: str
    tier: Tier
    context: int
    max_output: int | None = None
    upstream_model: str = ""
    dialect: str = ""  # another than the vendor's
    can: frozenset[Need] = frozenset()


@cache
def vendors() -> Mapping[str, Vendor]:
    rows = msgspec.convert(_read("providers.toml")["provider"], tuple[Vendor, ...])
    return {vendor.id: vendor for vendor in rows}


@cache
def providers() -> Mapping[str, Provider]:
    return {vendor.id: vendor.provider() for vendor in vendors().values()}


@cache
def models() -> Mapping[str, Model]:
    """In the order of the providers, and in each as its file lists them."""
    found = [_model(vendor, entry) for vendor in vendors().values() for entry in _entries(vendor)]
    return {model.id: model for model in found}


def tier_by_price(price: Price) -> Tier:
    blended = (3 * price.input + price.output) / 4
    return next((tier for bound, tier in _BOUNDS if blended < bound), Tier.PREMIUM)


_BOUNDS = ((nano(1), Tier.SMALL), (nano(3), Tier.LIGHTWEIGHT), (nano(10), Tier.MID))


def _entries(vendor: Vendor) -> tuple[Entry, ...]:
    name = f"models/{vendor.id}.toml"
    return msgspec.convert(_read(name)["model"], tuple[Entry, ...]) if (_folder() / name).exists() else ()


def _model(vendor: Vendor, entry: Entry) -> Model:
    known = _priced(vendor.prices, entry.upstream_model or entry.id.partition("/")[2])
    steps = _steps(known) if known else ()
    return Model(
        id=entry.id,
        provider=vendor.id,
        tier=entry.tier,
        dialect=entry.dialect,
        upstream_model=entry.upstream_model,
        context=min(entry.context, *steps) if steps else entry.context,
        max_output=entry.max_output,
        can=entry.can,
        prices=tuple(_prices(known)) if known else (),
    )


def _priced(provider: str, model: str) -> ModelInfo | None:
    if not provider:
        return None
    from genai_prices import data  # 900 KB of Python: paid once, by the first who asks for the catalogue

    source = next(source for source in data.providers if source.id == provider)
    return source.find_model(model)


def _prices(model: ModelInfo) -> Iterator[Price]:
    """Oldest first. Those for hours of the day replace the last dated one where they are dearer."""
    dated, hourly = _listed(model)
    newest = len(dated) - 1
    for place, (since, price) in enumerate(dated):
        hours = [price, *hourly] if place == newest else [price]
        dearest = max(hours, key=_weight)
        if dearest.input_mtok is not None and dearest.output_mtok is not None:
            yield _price(dearest, since)


def _listed(model: ModelInfo) -> tuple[list[tuple[date, ModelPrice]], list[ModelPrice]]:
    from genai_prices.types import StartDateConstraint

    if not isinstance(model.prices, list):
        return [(ALWAYS, model.prices)], []
    dated: dict[date, ModelPrice] = {}
    hourly: list[ModelPrice] = []
    for entry in model.prices:
        match entry.constraint:
            case None:
                dated[ALWAYS] = entry.prices
            case StartDateConstraint(start_date=since):
                dated[since] = entry.prices
            case _:
                hourly.append(entry.prices)
    return sorted(dated.items(), key=_since), hourly


def _since(item: tuple[date, ModelPrice]) -> date:
    return item[0]


def _weight(price: ModelPrice) -> Decimal:
    return (_base(price.input_mtok) or Decimal()) + (_base(price.output_mtok) or Decimal())


def _price(price: ModelPrice, since: date) -> Price:
    per_thousand = _base(price.requests_kcount)
    return Price(
        since=since,
        input=_nano(price.input_mtok) or 0,
        output=_nano(price.output_mtok) or 0,
        cache_read=_nano(price.cache_read_mtok),
        cache_write=_nano(price.cache_write_mtok),
        cache_write_1h=_nano(price.cache_write_1h_mtok),
        audio_input=_nano(price.input_audio_mtok),
        audio_output=_nano(price.output_audio_mtok),
        per_request=nano(per_thousand / 1000) if per_thousand else 0,
    )


def _steps(model: ModelInfo) -> tuple[int, ...]:
    """Lengths of prompt at which today's price goes up."""
    newest = model.prices[-1].prices if isinstance(model.prices, list) else model.prices
    return tuple(tier.start for value in vars(newest).values() for tier in getattr(value, "tiers", ()))


def _nano(price: Decimal | TieredPrices | None) -> int | None:
    base = _base(price)
    return None if base is None else nano(base)


def _base(price: Decimal | TieredPrices | None) -> Decimal | None:
    return price if price is None or isinstance(price, Decimal) else price.base


def _read(name: str) -> Mapping[str, object]:
    return tomllib.loads((_folder() / name).read_text(encoding="utf-8"))


def _folder() -> Path:
    return Path(settings.BASE_DIR) / "gateway" / "catalogue"
