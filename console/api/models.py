"""`models`: what can answer, at what price, and why some cannot; custom models and overrides are written here."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from django.http import Http404
from django.utils import timezone
from msgspec import Struct

from console.api.endpoint import Call, Endpoint, named, operation, submission
from console.api.errors import invalid
from console.api.listing import PAGE, Listing, limit_of, paged, position
from console.catalogue import actions
from console.catalogue.specs import AMOUNTS, ModelSpec
from console.routers.selectors import surroundings
from console.tenancy import Role
from gateway.core import catalogue
from gateway.core.facts import ModelKind, Need, Tier
from gateway.core.money import usd
from gateway.core.price import Price
from gateway.core.router import bar_of

if TYPE_CHECKING:
    from console.tenants.models import Tenant


class Model(Struct, frozen=True, kw_only=True):
    """`price` is today's, in USD per million tokens (`per_request` a request); null when none is known.
    `other_prices` are those of service tiers, regions and long prompts.

    `dialect` is the protocol in which its provider is asked. `custom` models are the tenant's own, or its word on
    one of the catalogue. `because` is why a model is out of reach of every router; null when it is not.
    """

    id: str
    provider: str
    provider_key: str | None
    upstream_model: str
    dialect: str
    tier: Tier
    kind: ModelKind
    context: int
    max_output: int | None
    can: list[Need]
    price: dict[str, str] | None
    other_prices: list[dict[str, str]]
    custom: bool
    within_reach: bool
    because: str | None


class Models(Endpoint):
    @operation(Role.VIEWER, gives=Listing[Model], params=PAGE)
    def get(self, call: Call) -> Listing[Model]:
        limit, after = limit_of(call), position(call)
        models = {model.id: model for model in surroundings(call.tenant).models}
        ids = sorted(each for each in models if each > after)[: limit + 1]
        show = shown(call.tenant)
        return paged(ids, limit, key=str, row=lambda each: show(models[each]))

    @submission(Role.ADMIN, takes=ModelSpec, gives=Model, status=201)
    def post(self, call: Call, given: ModelSpec) -> Model:
        if call.tenant.custom_models.filter(model_id=given.id).exists():
            raise invalid("id", "There is such a custom model already: put the changed one at its address.")
        actions.put_model(call.tenant, given, acting=call.acting)
        return found(call.tenant, given.id)


class OneModel(Endpoint):
    called = "Model"

    @operation(Role.VIEWER, gives=Model)
    def get(self, call: Call, model: str) -> Model:
        return found(call.tenant, model)

    @submission(Role.ADMIN, takes=ModelSpec, gives=Model, prepare=named("id", path_name="model"))
    def put(self, call: Call, given: ModelSpec, model: str) -> Model:
        """Adds or changes it; what is left out is as in the catalogue. A new price holds from today on."""
        actions.put_model(call.tenant, given, acting=call.acting)
        return found(call.tenant, model)

    @operation(Role.ADMIN, status=204)
    def delete(self, call: Call, model: str) -> None:
        """Removes a custom model, or the tenant's word on one of the catalogue."""
        if not actions.remove_model(call.tenant, model, acting=call.acting):
            raise Http404


def found(tenant: Tenant, model_id: str) -> Model:
    there = next((model for model in surroundings(tenant).models if model.id == model_id), None)
    if there is None:
        raise Http404
    return shown(tenant)(there)


def shown(tenant: Tenant) -> Callable[[catalogue.Model], Model]:
    around, today = surroundings(tenant), timezone.now().date()
    providers = {provider.id: provider for provider in around.providers}
    custom = set(tenant.custom_models.values_list("model_id", flat=True))

    def show(model: catalogue.Model) -> Model:
        price = model.price(today)
        bar = bar_of(model, providers, around.whitelist, None)
        return Model(
            id=model.id,
            provider=model.provider,
            provider_key=model.provider_key or None,
            upstream_model=model.wire_name,
            dialect=model.dialect or providers[model.provider].dialect,
            tier=model.tier,
            kind=model.kind,
            context=model.context,
            max_output=model.max_output,
            can=sorted(model.can),
            price=price_row(price),
            other_prices=other_rows(price) if price else [],
            custom=model.id in custom,
            within_reach=not bar,
            because=bar or None,
        )

    return show


def price_row(price: Price | None) -> dict[str, str] | None:
    if price is None:
        return None
    amounts = {name: getattr(price, name) for name in AMOUNTS}
    told = {name: usd(value) for name, value in amounts.items() if value is not None}
    return {"since": price.since.isoformat(), **told}


def other_rows(price: Price) -> list[dict[str, str]]:
    rows = [*price.bands, *(row for other in price.others for row in (other, *other.bands))]
    return [
        {
            "service_tier": row.service_tier or "standard",
            "region": row.region,
            "above": str(row.above),
            **(price_row(row) or {}),
        }
        for row in rows
        if not row.estimated
    ]
