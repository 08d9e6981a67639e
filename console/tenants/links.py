"""Links that let somebody in: an invitation to a tenant, and a one-time sign-in for an account.

A link holds a random token; only its digest is stored, so nobody who reads the database can use it.
"""

from __future__ import annotations

from datetime import timedelta
from secrets import token_urlsafe

from django.db import transaction
from django.utils import timezone

from console.audit import actions as audit
from console.audit.actor import Actor
from console.tenancy import Role, within
from console.tenants import actions
from console.tenants.errors import AlreadyMember, BeyondOwnRole, LinkSpent
from console.tenants.models import Invitation, Membership, SignInLink, Tenant, User
from console.tenants.selectors import invitation_by_token
from gateway.core.secrets import digest

INVITATION_LIFETIME = timedelta(days=7)
SIGN_IN_LIFETIME = timedelta(hours=24)


@transaction.atomic
def invite(tenant: Tenant, *, email: str, role: Role, acting: Actor) -> str:
    """Returns the token, which is not kept. A second invitation to the same address replaces the first."""
    actions.require(acting, role)
    email = email.strip().lower()
    if tenant.memberships.filter(user__email=email).exists():
        raise AlreadyMember(email)
    token = token_urlsafe(32)
    tenant.invitations.update_or_create(
        email=email,
        defaults={
            "role": role,
            "digest": digest(token),
            "invited_by": acting.label,
            "expires_at": timezone.now() + INVITATION_LIFETIME,
        },
    )
    audit.record(tenant, acting=acting, verb="member.invited", subject=email, changes={"role": role})
    return token


@transaction.atomic
def withdraw(invitation: Invitation, *, acting: Actor) -> None:
    actions.require(acting, Role(invitation.role))
    invitation.delete()
    audit.record(invitation.tenant, acting=acting, verb="invitation.withdrawn", subject=invitation.email)


@transaction.atomic
def accept(token: str, *, user: User) -> Membership:
    """Makes the invited person a member. The link counts once, whoever else holds a copy of it."""
    invitation = invitation_by_token(token)
    if invitation is None:
        raise LinkSpent
    if invitation.email != user.email:
        raise BeyondOwnRole(f"This invitation is for {invitation.email}; you are signed in as {user.email}.")
    tenant, role = invitation.tenant, Role(invitation.role)
    with within(tenant):
        if not tenant.invitations.filter(pk=invitation.pk).delete()[0]:
            raise LinkSpent
        membership = tenant.memberships.create(user=user, role=role)
        acting = Actor.of(user, role=role)
        audit.record(tenant, acting=acting, verb="member.joined", subject=user.email, changes={"role": role})
    return membership


def make_sign_in_link(user: User) -> str:
    """Returns the token; whoever holds it is this person, once, until it expires."""
    token = token_urlsafe(32)
    SignInLink.objects.create(user=user, digest=digest(token), expires_at=timezone.now() + SIGN_IN_LIFETIME)
    return token


def redeem_sign_in_link(token: str) -> User:
    """One conditional update decides, so that of two browsers with the same link one gets in."""
    now, same = timezone.now(), SignInLink.objects.filter(digest=digest(token))
    # On the row's own columns alone: a join would become a subquery, which is not asked again after a wait.
    if not same.filter(used_at=None, expires_at__gt=now).update(used_at=now):
        raise LinkSpent
    user = same.select_related("user").get().user
    if not user.is_active:
        raise LinkSpent
    return user
