"""`gateway-keys`: by which applications are known at the gateway. A value is shown once."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from msgspec import UNSET, Struct, UnsetType, structs

from console.api.endpoint import Call, Endpoint, operation, submission
from console.api.listing import PAGE, Listing, listing
from console.api.secret import Given, revealed
from console.configuration.document import Moment
from console.keys import models
from console.keys.actions import gateway_keys
from console.keys.actions.gateway_keys import Made, Terms
from console.keys.sealing import Secret
from console.tenancy import Role
from console.tenants.models import Tenant
from gateway.core.snapshot import Limits


class GatewayKey(Struct, frozen=True, kw_only=True):
    """`routers` null means all of the tenant's, and those made later."""

    id: str
    name: str
    hint: str
    routers: Sequence[str] | None
    tags: Mapping[str, str]
    limits: Limits
    created_at: datetime
    created_by: str
    expires_at: datetime | None


class IssuedKey(GatewayKey, frozen=True, kw_only=True):
    """`secret` is shown this once; null when the value was your own."""

    secret: str | None


class NewKey(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Without a `secret` one is made."""

    name: str
    secret: Given | None = None
    routers: tuple[str, ...] | None = None
    tags: Mapping[str, str] = {}
    limits: Limits = Limits()
    expires_at: Moment | None = None


class KeyTerms(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is left out stays."""

    routers: tuple[str, ...] | UnsetType | None = UNSET
    tags: Mapping[str, str] | UnsetType = UNSET
    limits: Limits | UnsetType = UNSET
    expires_at: datetime | UnsetType | None = UNSET


class GatewayKeys(Endpoint):
    @operation(Role.VIEWER, gives=Listing[GatewayKey], params=PAGE)
    def get(self, call: Call) -> Listing[GatewayKey]:
        """Those that were not revoked."""
        return listing(live(call.tenant), call, by="name", row=shown)

    @submission(Role.ADMIN, takes=NewKey, gives=IssuedKey, status=201)
    def post(self, call: Call, given: NewKey) -> IssuedKey:
        known(call.tenant, given.routers)
        secret = None if given.secret is None else Secret(revealed(given.secret))
        terms = Terms(
            routers=given.routers, tags=given.tags, limits=given.limits, expires_at=given.expires_at
        )
        made = gateway_keys.create(
            call.tenant, name=given.name, terms=terms, secret=secret, acting=call.acting
        )
        return issued(made, is_own=secret is not None)


class OneGatewayKey(Endpoint):
    called = "GatewayKey"

    @operation(Role.VIEWER, gives=GatewayKey)
    def get(self, call: Call, key: UUID) -> GatewayKey:
        return shown(live(call.tenant).get(pk=key))

    @submission(Role.ADMIN, takes=KeyTerms, gives=GatewayKey)
    def patch(self, call: Call, given: KeyTerms, key: UUID) -> GatewayKey:
        there = live(call.tenant).get(pk=key)
        terms = changed(terms_of(there), given)
        known(call.tenant, terms.routers)
        return shown(gateway_keys.edit(there, terms=terms, acting=call.acting))

    @operation(Role.ADMIN, status=204)
    def delete(self, call: Call, key: UUID) -> None:
        """Revokes it, for good."""
        gateway_keys.revoke(live(call.tenant).get(pk=key), acting=call.acting)


class ReplaceGatewayKey(Endpoint):
    @operation(Role.ADMIN, gives=IssuedKey)
    def post(self, call: Call, key: UUID) -> IssuedKey:
        """Another value under the same name: the old one ends within two seconds."""
        return issued(gateway_keys.replace(live(call.tenant).get(pk=key), acting=call.acting), is_own=False)


def live(tenant: Tenant) -> QuerySet[models.GatewayKey]:
    return tenant.gateway_keys.filter(revoked_at=None)


def known(tenant: Tenant, routers: Sequence[str] | None) -> None:
    there = set(tenant.routers.values_list("slug", flat=True))
    if missing := [router for router in routers or () if router not in there]:
        raise ValidationError({"routers": f"There is no router {missing[0][:64]}."})


def changed(terms: Terms, given: KeyTerms) -> Terms:
    wanted = {
        name: value for name, value in structs.asdict(given).items() if not isinstance(value, UnsetType)
    }
    return dataclasses.replace(terms, **wanted)


def terms_of(key: models.GatewayKey) -> Terms:
    return Terms(
        routers=None if key.routers is None else tuple(key.routers),
        tags=key.tags,
        limits=limits_of(key),
        expires_at=key.expires_at,
    )


def limits_of(key: models.GatewayKey) -> Limits:
    return Limits(requests_per_minute=key.requests_per_minute, tokens_per_minute=key.tokens_per_minute)


def issued(made: Made, *, is_own: bool) -> IssuedKey:
    return IssuedKey(**structs.asdict(shown(made.key)), secret=None if is_own else made.secret.reveal)


def shown(key: models.GatewayKey) -> GatewayKey:
    return GatewayKey(
        id=str(key.pk),
        name=key.name,
        hint=key.hint,
        routers=key.routers,
        tags=key.tags,
        limits=limits_of(key),
        created_at=key.created_at,
        created_by=key.created_by,
        expires_at=key.expires_at,
    )
