"""Reading people and tenants."""

from __future__ import annotations

from django.utils import timezone

from console.tenancy import Role, every_tenant
from console.tenants.models import Invitation, Membership, Tenant, User
from gateway.core.secrets import digest


def tenants_of(user: User) -> list[Tenant]:
    return [membership.tenant for membership in Membership.all_of(user)]


def tenant_by_slug(slug: str) -> Tenant | None:
    return Tenant.objects.filter(slug=slug).first()


def members(tenant: Tenant) -> list[Membership]:
    """Those who may do most come first."""
    found = tenant.memberships.select_related("user").order_by("user__email")
    return sorted(found, key=lambda membership: -Role(membership.role).rank)


def open_invitations(tenant: Tenant) -> list[Invitation]:
    return list(tenant.invitations.filter(expires_at__gt=timezone.now()).order_by("email"))


def invitation_by_token(token: str) -> Invitation | None:
    with every_tenant():
        found = Invitation.objects.select_related("tenant")
        return found.filter(digest=digest(token), expires_at__gt=timezone.now()).first()
