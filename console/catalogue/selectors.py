"""What a tenant can see of models, and what bounds their use."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct, structs

from console.catalogue import builtin, price_book
from console.catalogue.models import Bounds, CustomModel
from console.catalogue.prices import starting
from console.catalogue.specs import DEFAULT_CONTEXT, ModelSpec, spec_of
from gateway.core.catalogue import Model, Provider
from gateway.core.facts import ModelKind, Need, Tier
from gateway.core.policy import Floor
from gateway.core.price import ANY, Price, Unpriced, within_region

if TYPE_CHECKING:
    from console.tenants.models import Tenant


class Catalogue(Struct, frozen=True):
    """All that a decision needs to know of models; a model without a key is in it, and out of reach."""

    providers: tuple[Provider, ...]
    models: tuple[Model, ...]


def catalogue_of(tenant: Tenant) -> Catalogue:
    keys = provider_keys(tenant)
    own = {row.model_id: row for row in tenant.custom_models.all()}
    book = price_book.book_of(tenant)
    listed = [structs.replace(model, prices=book[model.id]) for model in builtin.models().values()]
    models = [
        _adapted(model, own[model.id], keys) if model.id in own else _with_key(model, keys)
        for model in listed
    ]
    models += [_custom(row, keys) for row in own.values() if row.model_id not in builtin.models()]
    regions = dict(tenant.provider_keys.exclude(region="").values_list("name", "region"))
    models = [_in_region(model, regions) if model.provider_key in regions else model for model in models]
    models = _with_all_keys(models, keys_alike(tenant), own)
    if tenant.unpriced_models == Unpriced.ESTIMATE:
        models = _estimated(models)
    used = {model.provider for model in models}
    return Catalogue(
        providers=tuple(provider for provider in builtin.providers().values() if provider.id in used),
        models=tuple(models),
    )


def bounds_of(tenant: Tenant) -> Bounds:
    return Bounds._base_manager.filter(tenant=tenant).first() or Bounds(tenant=tenant)


def whitelist_of(tenant: Tenant) -> tuple[str, ...] | None:
    return whitelist_in(bounds_of(tenant))


def whitelist_in(bounds: Bounds) -> tuple[str, ...] | None:
    return None if bounds.whitelist is None else tuple(bounds.whitelist)


def floors_of(tenant: Tenant) -> tuple[Floor, ...]:
    return floors_in(bounds_of(tenant))


def floors_in(bounds: Bounds) -> tuple[Floor, ...]:
    return msgspec.convert(bounds.floors, tuple[Floor, ...])


def specs_of(tenant: Tenant) -> tuple[ModelSpec, ...]:
    """The tenant's custom models and overrides, as they would be written down."""
    return tuple(map(spec_in, tenant.custom_models.all()))


def spec_in(row: CustomModel) -> ModelSpec:
    prices = prices_in(row)
    return ModelSpec(
        id=row.model_id,
        provider_key=row.provider_key,
        upstream_model=row.upstream_model,
        dialect=row.dialect,
        tier=Tier(row.tier) if row.tier else None,
        kind=ModelKind(row.kind) if row.kind else None,
        context=row.context,
        max_output=row.max_output,
        can=None if row.can is None else tuple(Need(need) for need in row.can),
        price=spec_of(prices[-1]) if prices else None,
    )


def prices_in(row: CustomModel) -> tuple[Price, ...]:
    return msgspec.convert(row.prices, tuple[Price, ...])


def provider_keys(tenant: Tenant) -> dict[str, str]:
    """Name → provider, the oldest first. Of several keys of one provider, models bear the first one's name."""
    return dict(tenant.provider_keys.order_by("created_at", "name").values_list("name", "provider"))


def keys_alike(tenant: Tenant) -> dict[str, tuple[str, ...]]:
    """Provider → its keys at the address and in the region of the first, where there are several: any does for a model."""
    words = ("provider", "name", "base_url", "region")
    rows = tenant.provider_keys.order_by("created_at", "name").values_list(*words)
    found: dict[str, list[tuple[str, tuple[str, str]]]] = {}
    for provider, name, base_url, region in rows:
        found.setdefault(provider, []).append((name, (base_url, region)))
    alike = {
        provider: tuple(name for name, address in keys if address == keys[0][1])
        for provider, keys in found.items()
    }
    return {provider: names for provider, names in alike.items() if len(names) > 1}


def _with_all_keys(
    models: Sequence[Model], alike: Mapping[str, tuple[str, ...]], own: Mapping[str, CustomModel]
) -> list[Model]:
    """But for those that the tenant calls with a key that it names."""
    if not alike:
        return list(models)
    named = {name for name, row in own.items() if row.provider_key}
    return [
        structs.replace(model, keys=alike[model.provider])
        if model.provider in alike and model.id not in named
        else model
        for model in models
    ]


def _with_key(model: Model, keys: Mapping[str, str]) -> Model:
    return structs.replace(model, provider_key=_first_key(model.provider, keys))


def _in_region(model: Model, regions: Mapping[str, str]) -> Model:
    region = regions[model.provider_key]
    return structs.replace(model, prices=tuple(within_region(price, region) for price in model.prices))


def _first_key(provider: str, keys: Mapping[str, str]) -> str:
    return next((name for name, owner in keys.items() if owner == provider), "")


def _reached(row: CustomModel, keys: Mapping[str, str]) -> tuple[str, str]:
    """Provider and key. A named key decides both, and none stands in for one that is not there."""
    listed = row.model_id.partition("/")[0]
    if row.provider_key:
        return (keys[row.provider_key], row.provider_key) if row.provider_key in keys else (listed, "")
    return listed, _first_key(listed, keys)


def _adapted(model: Model, row: CustomModel, keys: Mapping[str, str]) -> Model:
    """The catalogue's model with what the tenant says of it; by that it has named it."""
    spec = spec_in(row)
    provider, key = _reached(row, keys)
    return structs.replace(
        model,
        provider=provider,
        provider_key=key,
        upstream_model=spec.upstream_model or model.upstream_model,
        dialect=spec.dialect or model.dialect,
        tier=spec.tier or model.tier,
        kind=spec.kind or model.kind,
        context=spec.context or model.context,
        max_output=spec.max_output or model.max_output,
        can=model.can if spec.can is None else frozenset(spec.can),
        prices=_joined(model.prices, prices_in(row)),
        named_only="",
    )


def _joined(listed: Sequence[Price], own: Sequence[Price]) -> tuple[Price, ...]:
    """The catalogue's prices until the tenant's own begin."""
    return (*(price for price in listed if not own or price.since < own[0].since), *own)


def _estimated(models: Sequence[Model]) -> list[Model]:
    """A model without a price counts as the dearest of its kind and tier, as far as any is known; so does a service
    tier without one."""
    priced = sorted((model for model in models if model.prices), key=_weight)
    dearest = {
        (model.kind, model.tier): structs.replace(
            starting(model.prices[-1], builtin.ALWAYS), others=(), estimated=True
        )
        for model in priced
    }
    return [
        structs.replace(model, prices=_guessed(model.prices, price))
        if (price := dearest.get((model.kind, model.tier)))
        else model
        for model in models
    ]


def _guessed(prices: Sequence[Price], guess: Price) -> tuple[Price, ...]:
    unlisted = structs.replace(guess, service_tier=ANY, region="")
    known = prices or (guess,)
    return tuple(structs.replace(price, others=(*price.others, unlisted)) for price in known)


def _weight(model: Model) -> int:
    """Three tokens in for each one out, which is what prices are usually compared by."""
    price = model.prices[-1]
    return 3 * price.input + price.output


def _custom(row: CustomModel, keys: Mapping[str, str]) -> Model:
    spec = spec_in(row)
    provider, key = _reached(row, keys)
    return Model(
        id=spec.id,
        provider=provider,
        provider_key=key,
        tier=spec.tier or Tier.MID,
        kind=spec.kind or ModelKind.CHAT,
        upstream_model=spec.upstream_model,
        dialect=spec.dialect,
        context=spec.context or DEFAULT_CONTEXT,
        max_output=spec.max_output,
        can=frozenset(spec.can or ()),
        prices=prices_in(row),
    )
