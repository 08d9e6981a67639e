"""Tokens by which programs administer a tenant over REST. Each is shown once, and kept as a digest."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from secrets import token_urlsafe

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from console.audit import actions as audit
from console.audit.actor import Actor
from console.keys.actions import twins
from console.keys.models import AdminToken
from console.keys.sealing import Secret
from console.tenancy import Role
from console.tenants import names
from console.tenants.actions import lock, require
from console.tenants.models import Tenant
from gateway.core.secrets import digest

PREFIX = "rwa_"
NAME_LENGTH = 64
USE_IS_KEPT_TO = timedelta(minutes=1)
TWINS = {"one_live_admin_token_a_name": ("name", "There is a token of this name already.")}


@dataclass(frozen=True, kw_only=True)
class Made:
    """A token and, this once, its value."""

    token: AdminToken
    secret: Secret


@transaction.atomic
def create(
    tenant: Tenant,
    *,
    name: str,
    role: Role,
    acting: Actor,
    expires_at: datetime | None = None,
    secret: Secret | None = None,
) -> Made:
    """Never above the own role. With a `secret` made beforehand, doing it twice does it once."""
    require(acting, role)
    secret = secret or generated()
    name = names.field("name", name, at_most=NAME_LENGTH)
    lock(tenant)
    if done := tenant.admin_tokens.filter(name=name, digest=digest(secret.reveal), revoked_at=None).first():
        return Made(token=done, secret=secret)
    token = AdminToken(
        tenant=tenant,
        name=name,
        role=role,
        created_by=acting.label,
        expires_at=expires_at,
        digest=digest(secret.reveal),
        prefix=PREFIX,
        last4=secret.reveal[-4:],
    )
    with twins.refused(TWINS):
        token.save(force_insert=True)
    changes = {"role": role, "expires_at": expires_at}
    audit.record(tenant, acting=acting, verb="admin_token.created", subject=name, changes=changes)
    return Made(token=token, secret=secret)


@transaction.atomic
def revoke(token: AdminToken, *, acting: Actor) -> None:
    require(acting, Role(token.role))
    if not token.tenant.admin_tokens.filter(pk=token.pk, revoked_at=None).update(revoked_at=timezone.now()):
        return
    audit.record(token.tenant, acting=acting, verb="admin_token.revoked", subject=token.name)


def used(token: AdminToken, *, now: datetime) -> None:
    """Kept to the minute, so that a busy program does not wait for itself on one row."""
    before = now - USE_IS_KEPT_TO
    if token.last_used_at is None or token.last_used_at < before:
        stale = Q(last_used_at=None) | Q(last_used_at__lt=before)
        token.tenant.admin_tokens.filter(stale, pk=token.pk).update(last_used_at=now)


def generated() -> Secret:
    return Secret(PREFIX + token_urlsafe(32))
