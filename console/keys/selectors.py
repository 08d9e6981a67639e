"""Reading keys; never their secrets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from billing import selectors
from console.keys.models import AdminToken, GatewayKey, ProviderKey
from console.keys.sealing import Unopenable
from console.tenancy import every_tenant
from console.tenants.models import Tenant
from gateway.core.secrets import digest


def provider_keys(tenant: Tenant) -> list[ProviderKey]:
    return list(tenant.provider_keys.order_by("name"))


def live_gateway_keys(tenant: Tenant) -> list[GatewayKey]:
    """Expired ones among them: they are shown, and the gateway refuses them by their date."""
    return list(tenant.gateway_keys.filter(revoked_at=None).order_by("name"))


def live_admin_tokens(tenant: Tenant) -> list[AdminToken]:
    return list(tenant.admin_tokens.filter(revoked_at=None).order_by("name"))


def admin_token(token: str) -> AdminToken | None:
    """The token that a program shows us, with its tenant, if it still counts."""
    with every_tenant():
        found = AdminToken.objects.select_related("tenant").filter(digest=digest(token)).first()
    return found if found and found.is_live(now=timezone.now()) else None


@dataclass(frozen=True, kw_only=True)
class Undecryptable:
    """A provider key whose secret is lost to us, and why."""

    tenant: str
    key: str
    reason: str


def undecryptable() -> tuple[Undecryptable, ...]:
    """Asked when the product starts: a wrong MASTER_KEYS must not first be noticed by customers."""
    with every_tenant():
        keys = ProviderKey.objects.exclude(master_key="").select_related("tenant").order_by("tenant", "name")
        return tuple(
            Undecryptable(tenant=key.tenant.slug, key=key.name, reason=reason)
            for key in keys.iterator()
            if (reason := why_shut(key))
        )


def why_shut(key: ProviderKey) -> str:
    """Empty for a key that opens, as it should."""
    try:
        key.open()
    except Unopenable as unopenable:
        return str(unopenable)
    return ""


def last_used(tenant: Tenant) -> Mapping[str, datetime]:
    """By the id of a gateway key, the hour of its latest request."""
    return selectors.keys_last_used(tenant)
