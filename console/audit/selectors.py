"""Reading the audit trail, newest first, a page at a time by key."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from console.audit.models import AuditEntry

if TYPE_CHECKING:
    from console.tenants.models import Tenant

PAGE = 50


@dataclass(frozen=True, kw_only=True)
class AuditPage:
    entries: tuple[AuditEntry, ...]
    next: int | None  # the `before` of the following page


def entries(
    tenant: Tenant, *, actor: str = "", verb: str = "", before: int | None = None, page: int = PAGE
) -> AuditPage:
    """A page deep in the trail costs what the first one does."""
    found = tenant.audit_entries.order_by("-id")
    if actor:
        found = found.filter(actor=actor)
    if verb:
        found = found.filter(verb=verb)
    if before is not None:
        found = found.filter(id__lt=before)
    rows = tuple(found[: page + 1])
    return AuditPage(entries=rows[:page], next=rows[page - 1].pk if len(rows) > page else None)


def actors(tenant: Tenant) -> list[str]:
    return list(tenant.audit_entries.order_by("actor").values_list("actor", flat=True).distinct())


def verbs(tenant: Tenant) -> list[str]:
    return list(tenant.audit_entries.order_by("verb").values_list("verb", flat=True).distinct())
