"""What was served, and when."""

from __future__ import annotations

from typing import TYPE_CHECKING

from console.publishing.models import Publication
from gateway.core.snapshot import TenantSnapshot

if TYPE_CHECKING:
    from console.tenants.models import Tenant


def publication(tenant: Tenant, version: int) -> TenantSnapshot | None:
    """The tenant as it was served under a version, without secrets; None when that is no longer kept."""
    found = tenant.publications.filter(version=version).first()
    return found.snapshot if found else None


def latest(tenant: Tenant) -> Publication | None:
    return tenant.publications.order_by("-version").first()
