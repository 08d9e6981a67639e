"""Marks tenants as stale, and hands the stale ones to whoever publishes.

A mark waits for a drain that holds the row, and so always comes after it: no change is lost between them.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from django.db import transaction
from django.db.models.functions import Now
from kombu.exceptions import OperationalError

from console.celery import app
from console.outbox.models import StaleTenant
from console.tenancy import every_tenant

if TYPE_CHECKING:
    from console.tenants.models import Tenant

PUBLISHER = "console.publishing.tasks.drain"
LONGEST_WAIT = 60  # seconds between two tries of a tenant that cannot be published

log = logging.getLogger(__name__)


def mark(tenant: Tenant) -> None:
    """Call it last in an action: from here to the commit, other writers of this tenant wait."""
    stale = StaleTenant(tenant=tenant, marked_at=Now(), due_at=Now(), failures=0)
    # The unguarded manager: an upsert cannot start from the tenant. The policy still holds.
    StaleTenant._base_manager.bulk_create(
        [stale],
        update_conflicts=True,
        unique_fields=["tenant"],
        update_fields=["marked_at", "due_at", "failures"],
    )
    transaction.on_commit(_wake_publisher, robust=True)


def _wake_publisher() -> None:
    """Spares the wait for the next beat; without a broker, the beat after its return does the work."""
    try:
        app.send_task(PUBLISHER, expires=5, retry=False)
    except OperationalError as error:
        log.warning("The publisher could not be woken: %s", error)


def drain(publish: Callable[[UUID], object], *, at_most: int = 100) -> int:
    """Publishes stale tenants, each in a transaction of its own; returns how many it took up."""
    taken = 0
    while taken < at_most and _drain_one(publish):
        taken += 1
    return taken


def _drain_one(publish: Callable[[UUID], object]) -> bool:
    with every_tenant():
        due = StaleTenant.objects.filter(due_at__lte=Now()).order_by("due_at")
        stale = due.select_for_update(skip_locked=True).first()
        if stale is None:
            return False
        try:
            with transaction.atomic():
                publish(stale.tenant_id)
        except Exception:
            # Whatever it is, it is this tenant's: the others must not wait behind it.
            log.exception("The snapshot of tenant %s could not be published", stale.tenant_id)
            _put_off(stale)
        else:
            stale.delete()
        return True


def _put_off(stale: StaleTenant) -> None:
    stale.failures += 1
    wait = timedelta(seconds=min(2**stale.failures, LONGEST_WAIT))
    StaleTenant.objects.filter(pk=stale.pk).update(failures=stale.failures, due_at=Now() + wait)
