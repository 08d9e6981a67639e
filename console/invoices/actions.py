"""Taking a provider's account in, and letting it go again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import msgspec
from django.db import transaction

from billing.invoices import placed, read
from console.audit import actions as audit
from console.audit.actor import Actor
from console.catalogue.selectors import catalogue_of
from console.invoices.models import ProviderInvoice
from gateway.core.naming import Models, named

if TYPE_CHECKING:
    from console.tenants.models import Tenant


@transaction.atomic
def take(
    tenant: Tenant,
    raw: bytes,
    *,
    key: str,
    file_name: str,
    columns: Mapping[str, str],
    acting: Actor,
) -> ProviderInvoice:
    """Raises `billing.invoices.Unreadable`."""
    charges = read(raw, columns=columns)
    keys = dict(tenant.provider_keys.values_list("name", "provider"))
    models = Models({model.id: model for model in catalogue_of(tenant).models})

    def model_of(name: str) -> str:
        found = named(models, f"{keys.get(key, '')}/{name}") or named(models, name)
        return found.id if found else name

    places = placed(charges, key=key, keys=keys, model_of=model_of)
    days = [day for _, day, _ in places]
    invoice = tenant.provider_invoices.create(
        provider_key=key,
        file_name=file_name[:200].replace("\0", ""),
        first_day=min(days),
        last_day=max(days),
        content=msgspec.to_builtins([(*place, amount) for place, amount in places.items()]),
        uploaded_by=acting.label,
    )
    audit.record(
        tenant,
        acting=acting,
        verb="provider_invoice.uploaded",
        subject=invoice.file_name,
    )
    return invoice


@transaction.atomic
def remove(invoice: ProviderInvoice, *, acting: Actor) -> None:
    invoice.delete()
    audit.record(
        invoice.tenant,
        acting=acting,
        verb="provider_invoice.removed",
        subject=invoice.file_name,
    )
