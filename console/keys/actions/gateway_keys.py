"""The keys by which applications are known at the gateway. Each is shown once, and kept as a digest."""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from secrets import token_urlsafe

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from console.audit import actions as audit
from console.audit.actor import Actor
from console.keys import entered
from console.keys.actions import twins
from console.keys.models import GatewayKey
from console.keys.sealing import Secret
from console.outbox import actions as outbox
from console.tenants import names
from console.tenants.actions import lock, require
from console.tenants.models import Tenant
from gateway.core.secrets import digest
from gateway.core.snapshot import Limits

PREFIX = "rw_"
NAME_LENGTH = 64
VALUE_LENGTH = 200
TWINS = {
    "one_live_gateway_key_a_name": ("name", "There is a gateway key of this name already."),
    "keys_gatewaykey_digest_key": ("secret", "This value is in use or was once: choose another."),
}


@dataclass(frozen=True, kw_only=True)
class Terms:
    """What a key is good for."""

    routers: tuple[str, ...] | None = None  # None: all of the tenant's
    tags: Mapping[str, str] = field(default_factory=dict)  # on every request made with it
    limits: Limits = field(default_factory=Limits)
    expires_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Made:
    """A key and, this once, its value."""

    key: GatewayKey
    secret: Secret


@transaction.atomic
def create(
    tenant: Tenant, *, name: str, acting: Actor, terms: Terms | None = None, secret: Secret | None = None
) -> Made:
    """With a `secret` of one's own, doing it twice does it once."""
    require(acting)
    secret = secret or generated()
    entered.own_secret(secret.reveal)
    name = names.field("name", name, at_most=NAME_LENGTH)
    lock(tenant)
    if done := _live_twin(tenant, name=name, secret=secret):
        return Made(key=done, secret=secret)
    key = GatewayKey(tenant=tenant, name=name, created_by=acting.label)
    _put(key, secret)
    changes = _agree(key, terms or Terms())
    with twins.refused(TWINS):
        key.save(force_insert=True)
    audit.record(tenant, acting=acting, verb="gateway_key.created", subject=name, changes=changes)
    outbox.mark(tenant)
    return Made(key=key, secret=secret)


@transaction.atomic
def edit(key: GatewayKey, *, terms: Terms, acting: Actor) -> GatewayKey:
    """All of the terms at once; nothing is written where nothing changes."""
    require(acting)
    changes = _agree(key, terms)
    if changes:
        key.save(update_fields=["routers", "tags", "requests_per_minute", "tokens_per_minute", "expires_at"])
        audit.record(key.tenant, acting=acting, verb="gateway_key.edited", subject=key.name, changes=changes)
        outbox.mark(key.tenant)
    return key


@transaction.atomic
def replace(key: GatewayKey, *, acting: Actor, secret: Secret | None = None) -> Made:
    """Another value under the same name: the old one ends with the next snapshot."""
    require(acting)
    secret = secret or generated()
    entered.own_secret(secret.reveal)
    if key.digest == digest(secret.reveal):
        return Made(key=key, secret=secret)
    before = {"ends_in": key.last4}
    _put(key, secret)
    with twins.refused(TWINS):
        key.save(update_fields=["digest", "prefix", "last4"])
    changes = audit.changed(before, {"ends_in": key.last4})
    audit.record(key.tenant, acting=acting, verb="gateway_key.replaced", subject=key.name, changes=changes)
    outbox.mark(key.tenant)
    return Made(key=key, secret=secret)


@transaction.atomic
def revoke(key: GatewayKey, *, acting: Actor) -> None:
    """For good. The row stays, because past requests name it."""
    require(acting)
    if not key.tenant.gateway_keys.filter(pk=key.pk, revoked_at=None).update(revoked_at=timezone.now()):
        return
    audit.record(key.tenant, acting=acting, verb="gateway_key.revoked", subject=key.name)
    outbox.mark(key.tenant)


def generated() -> Secret:
    return Secret(PREFIX + token_urlsafe(32))


def _put(key: GatewayKey, secret: Secret) -> None:
    key.digest = digest(secret.reveal)
    key.prefix, key.last4 = secret.reveal[:5], secret.reveal[-4:]


def _live_twin(tenant: Tenant, *, name: str, secret: Secret) -> GatewayKey | None:
    same = tenant.gateway_keys.filter(name=name, digest=digest(secret.reveal), revoked_at=None)
    return same.first()


def _agree(key: GatewayKey, terms: Terms) -> dict[str, object]:
    """Writes the terms on the key and says which of them are others than before."""
    before = _terms(key)
    key.routers = None if terms.routers is None else sorted(set(terms.routers))
    key.tags = _tags({*key.tenant.tags, *key.tags}, terms.tags)
    key.requests_per_minute = _limit("requests_per_minute", terms.limits.requests_per_minute)
    key.tokens_per_minute = _limit("tokens_per_minute", terms.limits.tokens_per_minute)
    if terms.expires_at != key.expires_at:
        key.expires_at = _expiry(terms.expires_at)
    return dict(audit.changed(before, _terms(key)))


def _terms(key: GatewayKey) -> dict[str, object]:
    return {
        "routers": key.routers,
        "tags": key.tags,
        "requests_per_minute": key.requests_per_minute,
        "tokens_per_minute": key.tokens_per_minute,
        "expires_at": key.expires_at,
    }


def _tags(known: Container[str], tags: Mapping[str, str]) -> dict[str, str]:
    for name in tags:
        if name not in known:
            raise ValidationError(
                {"tags": f"The tag {name!r} is not declared: declare it in the settings first."}
            )
    return {name: names.field("tags", value, at_most=VALUE_LENGTH) for name, value in sorted(tags.items())}


def _limit(name: str, limit: int | None) -> int | None:
    if limit is not None and not 1 <= limit <= 10**12:
        raise ValidationError({name: "A limit is a number above zero; leave it empty for none."})
    return limit


def _expiry(at: datetime | None) -> datetime | None:
    if at is not None and at <= timezone.now():
        raise ValidationError({"expires_at": "This moment has passed: choose a later one."})
    return at
