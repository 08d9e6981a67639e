"""`members`: who may do what. Nobody grants, changes or takes a role above the token's."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db.models import QuerySet
from msgspec import Struct

from console.api.endpoint import Call, Endpoint, operation, submission
from console.api.listing import PAGE, Listing, listing
from console.tenancy import Role
from console.tenants import actions
from console.tenants.models import Membership


class Member(Struct, frozen=True, kw_only=True):
    id: str
    email: str
    name: str
    role: Role
    joined_at: datetime


class NewMember(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    email: str
    role: Role


class NewRole(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    role: Role


class Members(Endpoint):
    @operation(Role.VIEWER, gives=Listing[Member], params=PAGE)
    def get(self, call: Call) -> Listing[Member]:
        return listing(there(call), call, by="user__email", row=shown)

    @submission(Role.ADMIN, takes=NewMember, gives=Member, status=201)
    def post(self, call: Call, given: NewMember) -> Member:
        """Makes the account where there is none; its person signs in by a link from the console."""
        email = valid(given.email)
        actions.require(call.acting, given.role)
        user = actions.person(email=email)
        return shown(actions.add_member(call.tenant, user=user, role=given.role, acting=call.acting))


class OneMember(Endpoint):
    called = "Member"

    @operation(Role.VIEWER, gives=Member)
    def get(self, call: Call, member: UUID) -> Member:
        return shown(there(call).get(pk=member))

    @submission(Role.ADMIN, takes=NewRole, gives=Member)
    def patch(self, call: Call, given: NewRole, member: UUID) -> Member:
        return shown(actions.change_role(there(call).get(pk=member), role=given.role, acting=call.acting))

    @operation(Role.ADMIN, status=204)
    def delete(self, call: Call, member: UUID) -> None:
        actions.remove_member(there(call).get(pk=member), acting=call.acting)


def there(call: Call) -> QuerySet[Membership]:
    return call.tenant.memberships.select_related("user", "tenant")


def valid(email: str) -> str:
    email = email.strip().lower()
    try:
        validate_email(email)
    except ValidationError as error:
        raise ValidationError({"email": error.messages}) from None
    return email


def shown(membership: Membership) -> Member:
    return Member(
        id=str(membership.pk),
        email=membership.user.email,
        name=membership.user.name,
        role=Role(membership.role),
        joined_at=membership.joined_at,
    )
