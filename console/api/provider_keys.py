"""`provider-keys`: the tenant's credentials at providers. A secret goes in and never comes out."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from msgspec import Struct

from console.api.endpoint import Call, Endpoint, operation, submission
from console.api.listing import PAGE, Listing, listing
from console.api.secret import Given, revealed
from console.keys import models
from console.keys.actions import provider_keys
from console.tenancy import Role


class ProviderKey(Struct, frozen=True, kw_only=True):
    """The `fingerprint` tells keys apart and gives nothing away; an empty `base_url` is the provider's own.

    By the `region` it is priced, where the price book knows prices of that region.
    """

    id: str
    name: str
    provider: str
    base_url: str
    region: str
    last4: str
    fingerprint: str
    state: str
    state_reason: str
    tested_at: datetime | None
    created_at: datetime
    rotated_at: datetime | None


class NewProviderKey(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    name: str
    provider: str
    secret: Given = ""
    base_url: str = ""
    region: str = ""


class Replacement(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A secret never moves to another address by itself: a new `base_url` needs it again."""

    secret: Given
    base_url: str | None = None
    region: str | None = None


class Tried(Struct, frozen=True, kw_only=True):
    """`working` is null where a key of this kind cannot be tried."""

    working: bool | None
    reason: str
    key: ProviderKey


class ProviderKeys(Endpoint):
    @operation(Role.VIEWER, gives=Listing[ProviderKey], params=PAGE)
    def get(self, call: Call) -> Listing[ProviderKey]:
        return listing(call.tenant.provider_keys.all(), call, by="name", row=shown)

    @submission(Role.ADMIN, takes=NewProviderKey, gives=ProviderKey, status=201)
    def post(self, call: Call, given: NewProviderKey) -> ProviderKey:
        made = provider_keys.create(
            call.tenant,
            name=given.name,
            provider=given.provider,
            secret=revealed(given.secret),
            base_url=given.base_url,
            region=given.region,
            acting=call.acting,
        )
        return shown(made)


class OneProviderKey(Endpoint):
    called = "ProviderKey"

    @operation(Role.VIEWER, gives=ProviderKey)
    def get(self, call: Call, key: UUID) -> ProviderKey:
        return shown(call.tenant.provider_keys.get(pk=key))

    @submission(Role.ADMIN, takes=Replacement, gives=ProviderKey)
    def patch(self, call: Call, given: Replacement, key: UUID) -> ProviderKey:
        replaced = provider_keys.replace(
            call.tenant.provider_keys.get(pk=key),
            secret=revealed(given.secret),
            base_url=given.base_url,
            region=given.region,
            acting=call.acting,
        )
        return shown(replaced)

    @operation(Role.ADMIN, status=204)
    def delete(self, call: Call, key: UUID) -> None:
        """Models that are reached by this key only stop answering."""
        provider_keys.delete(call.tenant.provider_keys.get(pk=key), acting=call.acting)


class TestProviderKey(Endpoint):
    __test__ = False  # for pytest, which would take the name for one of its own

    @operation(Role.ADMIN, gives=Tried)
    def post(self, call: Call, key: UUID) -> Tried:
        """Shows the provider its key, in the cheapest call there is."""
        there = call.tenant.provider_keys.get(pk=key)
        trial = provider_keys.test(there, acting=call.acting)
        return Tried(working=trial.working, reason=trial.reason, key=shown(there))


def shown(key: models.ProviderKey) -> ProviderKey:
    return ProviderKey(
        id=str(key.pk),
        name=key.name,
        provider=key.provider,
        base_url=key.base_url,
        region=key.region,
        last4=key.last4,
        fingerprint=key.fingerprint,
        state=key.state,
        state_reason=key.state_reason,
        tested_at=key.tested_at,
        created_at=key.created_at,
        rotated_at=key.rotated_at,
    )
