"""Budgets as a document lists them, changed by somebody: the row, a line in the trail, and the gateways told."""

from __future__ import annotations

from collections.abc import Iterable

from django.core.exceptions import ValidationError
from django.db import transaction

from billing import budgets
from billing.models import Budget
from console.audit import actions as audit
from console.audit.actor import Actor
from console.configuration.document import BudgetEntry
from console.outbox import actions as outbox
from console.tenants import names
from console.tenants.models import Tenant
from gateway.core.budget import EACH
from gateway.core.money import usd
from gateway.core.snapshot import BudgetScope

NAME_LENGTH = 64
SHOWN = 10
NOUNS = {"router": "router", "key": "gateway key", "tag": "attribution tag"}


@transaction.atomic
def put(tenant: Tenant, entry: BudgetEntry, *, acting: Actor) -> tuple[Budget, bool]:
    """The budget, and whether anything changed."""
    name = names.field("name", entry.name, at_most=NAME_LENGTH)
    before = tenant.budgets.filter(name=name).first()
    if before is None or before.scope != entry.scope:  # what it is over may be gone since; it stays as it was
        _check(tenant, entry.scope)
    changed = budgets.put(
        tenant,
        name=name,
        usd=entry.usd,
        per=entry.per,
        at_limit=entry.at_limit,
        scope=entry.scope,
        alert_at=entry.alert_at,
    )
    after = tenant.budgets.get(name=name)
    if changed:
        changes = audit.changed(_shown(before), _shown(after))
        verb = "budget.changed" if before else "budget.created"
        audit.record(tenant, acting=acting, verb=verb, subject=name, changes=changes)
        outbox.mark(tenant)
    return after, changed


def _check(tenant: Tenant, scope: BudgetScope) -> None:
    """A budget over something that does not exist would never hold anybody back."""
    _known("router", scope.router, tenant.routers.values_list("slug", flat=True))
    live = tenant.gateway_keys.filter(revoked_at=None)
    _known("key", scope.key, live.values_list("name", flat=True))
    for tag in scope.tag or {}:
        _known("tag", tag, tenant.tags)
    if list((scope.tag or {}).values()).count(EACH) > 1:
        raise ValidationError({"scope.tag": "Only one tag can have an amount for each of its values."})


def _known(what: str, name: str | None, there: Iterable[str]) -> None:
    known = sorted(there)
    if name is None or name in known:
        return
    remedy = f"take one of {', '.join(known[:SHOWN])}, or make it first" if known else "make it first"
    raise ValidationError({f"scope.{what}": f"There is no {NOUNS[what]} {name!r}: {remedy}."})


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
    return {
        "usd": usd(row.nano), "per": row.per, "at_limit": row.at_limit, "scope": row.limits, "alert_at": row.alert_at
    }  # fmt: skip
