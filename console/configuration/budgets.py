"""Budgets as a document lists them, changed by somebody: the row, a line in the trail, and the gateways told."""

from __future__ import annotations

from django.db import transaction

from billing import budgets
from billing.models import Budget
from console.audit import actions as audit
from console.audit.actor import Actor
from console.configuration.document import BudgetEntry
from console.outbox import actions as outbox
from console.tenants import names
from console.tenants.models import Tenant
from gateway.core.money import usd

NAME_LENGTH = 64


@transaction.atomic
def put(tenant: Tenant, entry: BudgetEntry, *, acting: Actor) -> tuple[Budget, bool]:
    """The budget, and whether anything changed."""
    name = names.field("name", entry.name, at_most=NAME_LENGTH)
    before = tenant.budgets.filter(name=name).first()
    changed = budgets.put(
        tenant, name=name, usd=entry.usd, per=entry.per, at_limit=entry.at_limit, scope=entry.scope
    )
    after = tenant.budgets.get(name=name)
    if changed:
        changes = audit.changed(_shown(before), _shown(after))
        verb = "budget.changed" if before else "budget.created"
        audit.record(tenant, acting=acting, verb=verb, subject=name, changes=changes)
        outbox.mark(tenant)
    return after, changed


@transaction.atomic
def remove(tenant: Tenant, name: str, *, acting: Actor) -> bool:
    gone, _ = tenant.budgets.filter(name=name).delete()
    if gone:
        audit.record(tenant, acting=acting, verb="budget.deleted", subject=name)
        outbox.mark(tenant)
    return bool(gone)


def _shown(row: Budget | None) -> dict[str, object]:
    if row is None:
        return {}
    return {"usd": usd(row.nano), "per": row.per, "at_limit": row.at_limit, "scope": row.limits}
