"""Changes to routers. A draft is saved against the version that was read; what is published stays."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

import msgspec
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils import timezone

from console.audit import actions as audit
from console.audit.actor import Actor
from console.outbox import actions as outbox
from console.refusals import Refused
from console.routers.inspection import Inspection, inspect
from console.routers.models import NOTE_LENGTH, SLUG_LENGTH, PolicyVersion, Router
from console.routers.selectors import surroundings, version_of
from console.routers.text import MAX_CHARACTERS
from gateway.core.policy import Policy

if TYPE_CHECKING:
    from console.tenants.models import Tenant

SLUG = re.compile(rf"[a-z0-9][a-z0-9_-]{{0,{SLUG_LENGTH - 1}}}")


class Outdated(Refused):
    """Somebody saved the draft since it was read."""

    def __init__(self, router: Router) -> None:
        super().__init__(f"{router.slug} is at version {router.version}: load it again.")
        self.router = router


class Blocked(Refused):
    """The policy has errors or failing tests, and was not published."""

    def __init__(self, inspection: Inspection) -> None:
        errors = [f"{finding.place}: {finding.message}" for finding in inspection.errors]
        failing = [f"test {test.name}: {test.failure}" for test in inspection.failing]
        super().__init__("; ".join((*errors, *failing)))
        self.inspection = inspection


@transaction.atomic
def create(tenant: Tenant, slug: str, policy: Policy, *, acting: Actor) -> Router:
    if not SLUG.fullmatch(slug):
        raise ValidationError(
            {"id": f"Small letters, digits, - and _, at most {SLUG_LENGTH}: it stands in the address."}
        )
    check(policy)
    router = Router(tenant=tenant, slug=slug, draft_updated_by=acting.label)
    router.policy = policy
    try:
        with transaction.atomic():
            router.save()
    except IntegrityError:
        raise ValidationError({"id": f"There is a router {slug} already."}) from None
    audit.record(tenant, acting=acting, verb="router.created", subject=slug)
    return router


@transaction.atomic
def edit(
    router: Router, change: Callable[[Policy], Policy], *, version: int | None = None, acting: Actor
) -> Router:
    """Saves a changed draft. `version` is that of the draft as it was read; None: whatever is there now."""
    router = _locked(router)
    if version is not None and version != router.version:
        raise Outdated(router)
    before, after = router.policy, change(router.policy)
    if before == after:
        return router
    check(after)
    router.policy = after
    router.version += 1
    router.draft_updated_at = timezone.now()
    router.draft_updated_by = acting.label
    router.save(update_fields=["draft", "version", "draft_updated_at", "draft_updated_by"])
    _audit(router, acting, "router.edited", changes=_differences(before, after))
    return router


def save_draft(router: Router, policy: Policy, *, version: int | None = None, acting: Actor) -> Router:
    return edit(router, lambda _: policy, version=version, acting=acting)


@transaction.atomic
def publish(
    router: Router,
    *,
    version: int | None = None,
    note: str = "",
    at: datetime | None = None,
    acting: Actor,
) -> PolicyVersion:
    """The draft becomes the next version, unless nothing changed or something is wrong with it.

    `at` is the present, but for a history that is told afterwards.
    """
    router = _locked(router)
    if version is not None and version != router.version:
        raise Outdated(router)
    if router.current is not None and not router.has_changes:
        return router.current
    return _publish(router, note=note, at=at, acting=acting, verb="router.published")


@transaction.atomic
def restore(router: Router, number: int, *, acting: Actor) -> PolicyVersion:
    """An old policy becomes the draft, and is in force at once, under a new number."""
    router = _locked(router)
    router.policy = version_of(router, number).policy
    if router.current is not None and not router.has_changes:
        _save_restored(router, acting)
        return router.current
    note = f"Restored version {number}"
    published = _publish(router, note=note, acting=acting, verb="router.restored")
    _save_restored(router, acting)
    return published


@transaction.atomic
def enable(router: Router, *, acting: Actor) -> bool:
    return _switch(router, acting, enabled=True)


@transaction.atomic
def disable(router: Router, *, acting: Actor) -> bool:
    return _switch(router, acting, enabled=False)


@transaction.atomic
def delete(router: Router, *, acting: Actor) -> None:
    """Its past requests stay in the ledger under its id."""
    tenant, slug = router.tenant, router.slug
    router.delete()
    audit.record(tenant, acting=acting, verb="router.deleted", subject=slug)
    outbox.mark(tenant)


def check(policy: Policy) -> None:
    """What cannot even be kept as a draft. What merely cannot be published, the inspection says."""
    text = msgspec.json.encode(policy)
    if len(text) > MAX_CHARACTERS:
        raise ValidationError({"policy": f"The policy is longer than {MAX_CHARACTERS:,} characters."})
    if b"\\u0000" in text:
        raise ValidationError({"policy": "The policy holds a NUL character."})


def _publish(
    router: Router, *, note: str, at: datetime | None = None, acting: Actor, verb: str
) -> PolicyVersion:
    inspection = inspect(router.policy, surroundings(router.tenant), router=router.slug, at=timezone.now())
    if not inspection.publishable:
        raise Blocked(inspection)
    before = router.current.policy if router.current else Policy()
    newest = router.versions.aggregate(newest=Max("number"))["newest"] or 0
    router.current = router.versions.create(
        tenant=router.tenant,
        number=newest + 1,
        content=router.draft,
        published_by=acting.label,
        note=note.strip()[:NOTE_LENGTH],
        at=at or timezone.now(),
    )
    router.save(update_fields=["current"])
    changes = {"version": router.current.number, **_differences(before, router.policy)}
    _audit(router, acting, verb, changes=changes)
    outbox.mark(router.tenant)
    return router.current


def _save_restored(router: Router, acting: Actor) -> None:
    router.version += 1
    router.draft_updated_at = timezone.now()
    router.draft_updated_by = acting.label
    router.save(update_fields=["draft", "version", "draft_updated_at", "draft_updated_by"])


def _switch(router: Router, acting: Actor, *, enabled: bool) -> bool:
    router = _locked(router)
    if router.enabled == enabled:
        return False
    router.enabled = enabled
    router.save(update_fields=["enabled"])
    _audit(router, acting, "router.enabled" if enabled else "router.disabled")
    outbox.mark(router.tenant)
    return True


def _locked(router: Router) -> Router:
    rows = router.tenant.routers.select_for_update(of=("self",)).select_related("current", "tenant")
    found = rows.filter(pk=router.pk).first()
    if found is None:
        raise Router.DoesNotExist(f"Router {router.slug} was deleted.")
    return found


def _audit(router: Router, acting: Actor, verb: str, *, changes: dict[str, object] | None = None) -> None:
    audit.record(router.tenant, acting=acting, verb=verb, subject=router.slug, changes=changes)


def _differences(before: Policy, after: Policy) -> dict[str, object]:
    """Only the parts of the policy that changed, so that the trail does not copy it whole."""
    old, new = msgspec.to_builtins(before), msgspec.to_builtins(after)
    return {
        name: {"from": old.get(name), "to": new.get(name)}
        for name in Policy.__struct_fields__
        if old.get(name) != new.get(name)
    }
