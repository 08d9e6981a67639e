"""Changes of a tenant's price book: prices that were proposed are accepted or rejected, never taken over in silence;
its own come by a sheet.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

import msgspec
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from msgspec import structs

from console.audit import actions as audit
from console.audit.actor import Actor
from console.catalogue import actions
from console.catalogue.models import PriceBook, PriceEdition
from console.catalogue.price_book import (
    Proposal,
    installed,
    installed_digest,
    installed_source,
    proposals,
    tenant_edition,
)
from console.catalogue.selectors import spec_in
from console.catalogue.specs import ModelSpec, PriceSpec
from console.outbox import actions as outbox

if TYPE_CHECKING:
    from console.tenants.models import Tenant


@transaction.atomic
def begin(tenant: Tenant) -> None:
    """A tenant that has no book yet pays by the lists that are installed now."""
    if not tenant_edition(tenant):
        PriceBook._base_manager.get_or_create(tenant=tenant, defaults={"edition": _edition()})


@transaction.atomic
def refresh(tenant: Tenant, *, acting: Actor) -> tuple[Proposal, ...]:
    """What is proposed; the audit trail tells of each edition once."""
    begin(tenant)
    book = PriceBook._base_manager.select_for_update().get(tenant=tenant)
    found = tuple(one for one in proposals(tenant, today=timezone.now().date()) if not one.was_rejected)
    if found and book.told != installed_digest():
        book.told = _edition().digest
        book.save(update_fields=["told"])
        changes = {"models": [one.model for one in found]}
        audit.record(
            tenant, acting=acting, verb="prices.proposed", subject=installed_source(), changes=changes
        )
    return found


@transaction.atomic
def decide(tenant: Tenant, keys: Collection[str], *, accepted: bool, acting: Actor) -> tuple[Proposal, ...]:
    """Those that were still proposed. Accepted ones hold from the day they name, in the next snapshot."""
    begin(tenant)
    PriceBook._base_manager.select_for_update().get(tenant=tenant)
    found = tuple(one for one in proposals(tenant, today=timezone.now().date()) if one.key in keys)
    found = tuple(one for one in found if accepted or not one.was_rejected)
    for one in found:
        new = msgspec.to_builtins(one.new)
        tenant.price_decisions.create(
            model_id=one.model, price=new, accepted=accepted, decided_by=acting.label
        )
        audit.record(
            tenant,
            acting=acting,
            verb="price.accepted" if accepted else "price.rejected",
            subject=one.model,
            changes={"price": {"from": one.old and msgspec.to_builtins(one.old), "to": new}},
        )
    if found and accepted:
        outbox.mark(tenant)
    return found


@transaction.atomic
def put_sheet(tenant: Tenant, prices: Mapping[str, PriceSpec], *, acting: Actor) -> tuple[str, ...]:
    """The tenant's own prices of these models, all or none; the others stay. Gives the models that changed."""
    own = {row.model_id: spec_in(row) for row in tenant.custom_models.filter(model_id__in=prices)}
    changed = []
    for model, price in prices.items():
        spec = structs.replace(own.get(model, ModelSpec(id=model)), price=price)
        try:
            if actions.put_model(tenant, spec, acting=acting):
                changed.append(model)
        except ValidationError as refused:
            said = [f"{model}, {field}: {' '.join(told)}" for field, told in refused.message_dict.items()]
            raise ValidationError(said) from None
    return tuple(changed)


def _edition() -> PriceEdition:
    prices = msgspec.to_builtins(installed())
    defaults = {"source": installed_source(), "prices": prices}
    return PriceEdition.objects.get_or_create(digest=installed_digest(), defaults=defaults)[0]
