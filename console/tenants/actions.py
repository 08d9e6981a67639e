"""Everything that changes a tenant and who is in it.

Who is a member is not in the snapshot the gateway serves, so only changes of the tenant itself mark it stale.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from django.db import transaction

from billing.tasks import rebuild_rollups
from console.audit import actions as audit
from console.audit.actor import Actor
from console.outbox import actions as outbox
from console.tenancy import Role, within
from console.tenants.errors import AlreadyMember, BeyondOwnRole, LastOwner
from console.tenants.models import Membership, Plan, Tenant, User
from gateway.core.price import Unpriced


@transaction.atomic
def create_tenant(
    *,
    slug: str,
    name: str,
    acting: Actor,
    owner: User | None = None,
    plan: Plan = Plan.FREE,
    time_zone: str = "UTC",
    tags: Sequence[str] = (),
) -> Tenant:
    tenant = Tenant.objects.create(slug=slug, name=name, plan=plan, time_zone=time_zone, tags=list(tags))
    with within(tenant):
        if owner is not None:
            tenant.memberships.create(user=owner, role=Role.OWNER)
        changes = {"name": name, "plan": plan, "owner": owner and owner.email}
        audit.record(tenant, acting=acting, verb="tenant.created", subject=slug, changes=changes)
        outbox.mark(tenant)
    return tenant


@transaction.atomic
def update_settings(
    tenant: Tenant,
    *,
    acting: Actor,
    name: str | None = None,
    time_zone: str | None = None,
    tags: Sequence[str] | None = None,
    unpriced_models: Unpriced | None = None,
) -> Tenant:
    """What is None stays as it is; nothing is written where nothing changes."""
    wanted = {
        "name": name,
        "time_zone": time_zone,
        "tags": None if tags is None else list(tags),
        "unpriced_models": unpriced_models,
    }
    if time_zone not in {None, tenant.time_zone}:
        transaction.on_commit(partial(rebuild_rollups.delay, str(tenant.pk)), robust=True)
    return _update(tenant, acting=acting, needs=Role.ADMIN, verb="tenant.updated", wanted=wanted)


@transaction.atomic
def change_plan(tenant: Tenant, *, plan: Plan, acting: Actor) -> Tenant:
    return _update(tenant, acting=acting, needs=Role.OWNER, verb="tenant.plan_changed", wanted={"plan": plan})


@transaction.atomic
def suspend(tenant: Tenant, *, acting: Actor) -> Tenant:
    """The gateway refuses this tenant's keys from the next snapshot on; nothing is deleted."""
    wanted = {"suspended": True}
    return _update(tenant, acting=acting, needs=Role.OWNER, verb="tenant.suspended", wanted=wanted)


@transaction.atomic
def resume(tenant: Tenant, *, acting: Actor) -> Tenant:
    wanted = {"suspended": False}
    return _update(tenant, acting=acting, needs=Role.OWNER, verb="tenant.resumed", wanted=wanted)


@transaction.atomic
def add_member(tenant: Tenant, *, user: User, role: Role, acting: Actor) -> Membership:
    require(acting, role)
    lock(tenant)
    if tenant.memberships.filter(user=user).exists():
        raise AlreadyMember(user.email)
    membership = tenant.memberships.create(user=user, role=role)
    tenant.invitations.filter(email=user.email).delete()
    audit.record(tenant, acting=acting, verb="member.added", subject=user.email, changes={"role": role})
    return membership


@transaction.atomic
def change_role(membership: Membership, *, role: Role, acting: Actor) -> Membership:
    tenant = lock(membership.tenant)
    membership.refresh_from_db(fields=["role"])
    before = Role(membership.role)
    require(acting, before, role)
    if before == role:
        return membership
    if before == Role.OWNER:
        _keep_an_owner_beside(membership)
    membership.role = role
    membership.save(update_fields=["role"])
    changes = audit.changed({"role": before}, {"role": role})
    subject = membership.user.email
    audit.record(tenant, acting=acting, verb="member.role_changed", subject=subject, changes=changes)
    return membership


@transaction.atomic
def remove_member(membership: Membership, *, acting: Actor) -> None:
    """An admin removes others up to the own role; everybody may leave."""
    tenant = lock(membership.tenant)
    membership.refresh_from_db(fields=["role"])
    if acting.user != membership.user:
        require(acting, Role(membership.role))
    if membership.role == Role.OWNER:
        _keep_an_owner_beside(membership)
    membership.delete()
    audit.record(tenant, acting=acting, verb="member.removed", subject=membership.user.email)


def person(*, email: str, name: str = "") -> User:
    """The account of this address, made without a password if there is none."""
    email = email.strip().lower()
    return User.objects.filter(email=email).first() or User.objects.create_user(email=email, name=name)


def require(acting: Actor, *roles: Role) -> None:
    """Members are an admin's business, and nobody grants, changes or takes a role above the own."""
    highest = max((Role.ADMIN, *roles))
    if acting.role < highest:
        raise BeyondOwnRole(f"This needs the role {highest}; yours is {acting.role}.")


def _update(tenant: Tenant, *, acting: Actor, needs: Role, verb: str, wanted: Mapping[str, object]) -> Tenant:
    if acting.role < needs:
        raise BeyondOwnRole(f"This needs the role {needs}; yours is {acting.role}.")
    tenant = lock(tenant)
    after = {field: value for field, value in wanted.items() if value is not None}
    changes = audit.changed({field: getattr(tenant, field) for field in after}, after)
    if not changes:
        return tenant
    for field in changes:
        setattr(tenant, field, after[field])
    tenant.save(update_fields=list(changes))
    audit.record(tenant, acting=acting, verb=verb, subject=tenant.slug, changes=changes)
    outbox.mark(tenant)
    return tenant


def lock(tenant: Tenant) -> Tenant:
    """The first lock of every action that needs one; no_key, so that rows pointing to it need not wait."""
    return Tenant.objects.select_for_update(no_key=True).get(pk=tenant.pk)


def _keep_an_owner_beside(membership: Membership) -> None:
    others = membership.tenant.memberships.exclude(pk=membership.pk)
    if not others.filter(role=Role.OWNER).exists():
        raise LastOwner
