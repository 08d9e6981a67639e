"""Judged requests → what is known of a tenant's models → the next snapshot."""

from __future__ import annotations

from uuid import UUID

from django.utils import timezone

from billing import evidence, lengths
from console.catalogue import quality
from console.outbox import actions as outbox
from console.routers.selectors import surroundings
from console.tenancy import every_tenant
from console.tenants.models import Tenant


def learn() -> int:
    """For every tenant of whom something new was judged, each in a transaction of its own; how many they were."""
    with every_tenant():
        tenants = evidence.learnable()
    for tenant in tenants:
        _learn_of(tenant)
    return len(tenants)


def learn_lengths() -> int:
    """For every tenant with traffic; how many of them have other lengths now."""
    now = timezone.now()
    with every_tenant():
        tenants = lengths.learnable(now)
    return sum(_learn_lengths_of(tenant) for tenant in tenants)


def _learn_lengths_of(tenant_id: UUID) -> bool:
    with every_tenant():
        tenant = Tenant.objects.get(pk=tenant_id)
        changed = lengths.learn(tenant, now=timezone.now())
        if changed:
            outbox.mark(tenant)
    return changed


def _learn_of(tenant_id: UUID) -> None:
    with every_tenant():
        tenant = Tenant.objects.get(pk=tenant_id)
        standings = quality.reader().book.standings
        models = {model.id: standings[model.tier] for model in surroundings(tenant).models}
        evidence.learn_from(tenant, models, quality.reader(), now=timezone.now())
        outbox.mark(tenant)
