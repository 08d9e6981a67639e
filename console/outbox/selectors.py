"""Whether what the gateway serves is behind what the console shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from console.outbox.models import StaleTenant

if TYPE_CHECKING:
    from console.tenants.models import Tenant


def is_stale(tenant: Tenant) -> bool:
    return waiting(tenant) is not None


def waiting(tenant: Tenant) -> StaleTenant | None:
    """The mark itself: since when, and how often publishing has failed since."""
    return StaleTenant._base_manager.filter(tenant=tenant).first()
