"""Publishing a tenant: one transaction makes the next version, its commit sends it out."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from uuid import UUID

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from billing import baselines
from console.catalogue import price_actions
from console.publishing import delivery
from console.publishing.models import Publication
from console.publishing.snapshot import snapshot_of
from console.routers.selectors import snapshots_of
from console.tenancy import every_tenant
from console.tenants.models import Tenant


@transaction.atomic
def publish_tenant(tenant_id: UUID, *, at: datetime | None = None) -> int:
    """Returns the version. A delivery that fails after the commit is caught up by `publish_those_behind`.

    `at` is the present, but for a history that is told afterwards.
    """
    tenant = Tenant.objects.select_for_update().get(pk=tenant_id)
    at = at or timezone.now()
    price_actions.begin(tenant)
    for router in snapshots_of(tenant):
        policy, number = router.policy, router.policy_version
        baselines.declare(tenant, router.id, policy.baseline, policy_version=number, now=at)
    snapshot = snapshot_of(tenant, version=_next_version(tenant), at=at)
    Publication.of(snapshot).save(force_insert=True)
    transaction.on_commit(partial(delivery.deliver, snapshot), robust=True)
    return snapshot.version


def publish_those_behind() -> int:
    """Publishes tenants of which Redis holds less than was published, as after it was emptied; returns how many."""
    delivered = delivery.delivered()
    with every_tenant():
        newest = Publication.objects.values("tenant").annotate(newest=Max("version"))
        behind = [row["tenant"] for row in newest if delivered.get(row["tenant"], 0) < row["newest"]]
    for tenant_id in behind:
        with every_tenant():
            publish_tenant(tenant_id)
    return len(behind)


def _next_version(tenant: Tenant) -> int:
    """Above what either store knows: a database restored from a backup must not go back in time."""
    kept = tenant.publications.aggregate(newest=Max("version"))["newest"] or 0
    return max(kept, delivery.version_of(tenant.pk)) + 1
