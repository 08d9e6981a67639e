"""Changes to a tenant's whitelist, floors and models. Each says whether it changed anything."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import msgspec
from django.db import transaction
from msgspec import structs

from console.audit import actions as audit
from console.audit.actor import Actor
from console.catalogue import builtin
from console.catalogue.models import Bounds, CustomModel
from console.catalogue.selectors import floors_in, prices_in, spec_in, whitelist_in
from console.catalogue.specs import ModelSpec, PriceSpec, check_floors, check_model, check_whitelist, price_of
from console.outbox import actions as outbox
from gateway.core.policy import Floor
from gateway.core.price import Price

if TYPE_CHECKING:
    from console.tenants.models import Tenant


@transaction.atomic
def set_whitelist(tenant: Tenant, patterns: Sequence[str] | None, *, acting: Actor) -> bool:
    """None admits every model, an empty list none."""
    wanted = None if patterns is None else tuple(dict.fromkeys(patterns))
    check_whitelist(wanted)
    bounds = _locked(tenant)
    before = whitelist_in(bounds)
    if before == wanted:
        return False
    bounds.whitelist = None if wanted is None else list(wanted)
    bounds.save(update_fields=["whitelist"])
    _written(
        tenant,
        acting,
        "whitelist.changed",
        "whitelist",
        audit.changed({"models": before}, {"models": wanted}),
    )
    return True


@transaction.atomic
def set_floors(tenant: Tenant, floors: Sequence[Floor], *, acting: Actor) -> bool:
    return _change_floors(tenant, lambda _: tuple(floors), acting=acting)


@transaction.atomic
def put_floor(tenant: Tenant, floor: Floor, *, replacing: str | None = None, acting: Actor) -> bool:
    """Adds a floor at the end, or puts it in the place of the one that is named."""

    def put(floors: tuple[Floor, ...]) -> tuple[Floor, ...]:
        if all(one.name != replacing for one in floors):
            return (*floors, floor)
        return tuple(floor if one.name == replacing else one for one in floors)

    return _change_floors(tenant, put, acting=acting)


@transaction.atomic
def remove_floor(tenant: Tenant, name: str, *, acting: Actor) -> bool:
    return _change_floors(tenant, lambda floors: tuple(f for f in floors if f.name != name), acting=acting)


@transaction.atomic
def put_model(tenant: Tenant, spec: ModelSpec, *, acting: Actor) -> bool:
    """Adds or changes a custom model or an override. A new price begins today, the first one always held."""
    check_model(spec)
    row = tenant.custom_models.select_for_update().filter(model_id=spec.id).first()
    before = spec_in(row) if row else None
    if row and before == _normal(spec, row):
        return False
    row = row or CustomModel(tenant=tenant, model_id=spec.id)
    _fill(row, spec, today=datetime.now(UTC).date())
    row.save()
    verb = "model.changed" if before else "model.added"
    _written(tenant, acting, verb, spec.id, audit.changed(_shown(before), _shown(spec_in(row))))
    return True


@transaction.atomic
def remove_model(tenant: Tenant, model_id: str, *, acting: Actor) -> bool:
    row = tenant.custom_models.select_for_update().filter(model_id=model_id).first()
    if row is None:
        return False
    changes = audit.changed(_shown(spec_in(row)), dict.fromkeys(_shown(spec_in(row))))
    row.delete()
    _written(tenant, acting, "model.removed", model_id, changes)
    return True


def _locked(tenant: Tenant) -> Bounds:
    rows = Bounds._base_manager.select_for_update()
    return rows.get_or_create(tenant=tenant)[0]


def _change_floors(
    tenant: Tenant, edit: Callable[[tuple[Floor, ...]], tuple[Floor, ...]], *, acting: Actor
) -> bool:
    bounds = _locked(tenant)
    before = floors_in(bounds)
    after = edit(before)
    if before == after:
        return False
    check_floors(after)
    bounds.floors = msgspec.to_builtins(after)
    bounds.save(update_fields=["floors"])
    changes = audit.changed({"floors": _plain(before)}, {"floors": _plain(after)})
    _written(tenant, acting, "floors.changed", "floors", changes)
    return True


def _fill(row: CustomModel, spec: ModelSpec, *, today: date) -> None:
    row.provider_key = spec.provider_key
    row.upstream_model = spec.upstream_model
    row.dialect = spec.dialect
    row.tier = spec.tier or ""
    row.kind = spec.kind or ""
    row.context = spec.context
    row.max_output = spec.max_output
    row.can = None if spec.can is None else [need.value for need in spec.can]
    row.prices = msgspec.to_builtins(_prices(row, spec.price, today=today))


def _prices(row: CustomModel, wanted: PriceSpec | None, *, today: date) -> tuple[Price, ...]:
    """Prices are added, never overwritten, lest the past be priced anew; only today's can be corrected."""
    if wanted is None:
        return ()
    listed = prices_in(row)
    first = not listed and row.model_id not in builtin.models()
    price = price_of(wanted, since=builtin.ALWAYS if first else today)
    if listed and structs.replace(price, since=listed[-1].since) == listed[-1]:
        return listed
    return (*(one for one in listed if one.since < price.since), price)


def _normal(spec: ModelSpec, row: CustomModel) -> ModelSpec:
    """The same spec as it would be read back, so that 0.10 and "0.1" are one price."""
    copy = CustomModel(model_id=spec.id, prices=row.prices)
    _fill(copy, spec, today=date.max)
    return spec_in(copy)


def _shown(spec: ModelSpec | None) -> dict[str, object]:
    return {} if spec is None else msgspec.to_builtins(spec)


def _plain(floors: tuple[Floor, ...]) -> object:
    return msgspec.to_builtins(floors)


def _written(tenant: Tenant, acting: Actor, verb: str, subject: str, changes: Mapping[str, object]) -> None:
    audit.record(tenant, acting=acting, verb=verb, subject=subject, changes=changes)
    outbox.mark(tenant)
