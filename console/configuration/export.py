"""A tenant → its document. Secrets read `{keep: true}`; applying it again changes nothing."""

from __future__ import annotations

from billing.models import Budget
from console.catalogue.selectors import bounds_of, floors_in, specs_of, whitelist_in
from console.configuration.document import (
    BudgetEntry,
    Document,
    GatewayKeyEntry,
    MemberEntry,
    ProviderKeyEntry,
    RouterEntry,
    SecretSource,
)
from console.keys.models import GatewayKey
from console.keys.selectors import live_gateway_keys
from console.routers.selectors import routers_of
from console.tenancy import Role
from console.tenants.models import Plan, Tenant
from gateway.core.money import usd
from gateway.core.price import Unpriced
from gateway.core.snapshot import Limits

KEEP = SecretSource(keep=True)


def document_of(tenant: Tenant) -> Document:
    bounds = bounds_of(tenant)
    return Document(
        tenant=tenant.slug,
        name=tenant.name,
        plan=Plan(tenant.plan),
        time_zone=tenant.time_zone,
        unpriced_models=Unpriced(tenant.unpriced_models),
        members=members_of(tenant),
        tags=tuple(tenant.tags),
        provider_keys=provider_keys_of(tenant),
        gateway_keys=tuple(map(gateway_key, live_gateway_keys(tenant))),
        whitelist=whitelist_in(bounds),
        floors=floors_in(bounds),
        models=specs_of(tenant),
        budgets=tuple(map(budget, tenant.budgets.order_by("name"))),
        routers=tuple(
            RouterEntry(id=router.slug, policy=(router.current or router).policy, enabled=router.enabled)
            for router in routers_of(tenant).order_by("slug")
        ),
    )


def members_of(tenant: Tenant) -> tuple[MemberEntry, ...]:
    memberships = tenant.memberships.select_related("user").order_by("user__email")
    return tuple(MemberEntry(email=each.user.email, role=Role(each.role)) for each in memberships)


def provider_keys_of(tenant: Tenant) -> tuple[ProviderKeyEntry, ...]:
    return tuple(
        ProviderKeyEntry(
            name=key.name,
            provider=key.provider,
            base_url=key.base_url,
            region=key.region,
            secret=KEEP if key.sealed else None,
        )
        for key in tenant.provider_keys.order_by("created_at", "name")
    )


def gateway_key(key: GatewayKey) -> GatewayKeyEntry:
    return GatewayKeyEntry(
        name=key.name,
        secret=KEEP,
        routers=None if key.routers is None else tuple(key.routers),
        tags=key.tags,
        limits=Limits(requests_per_minute=key.requests_per_minute, tokens_per_minute=key.tokens_per_minute),
        expires_at=key.expires_at,
    )


def budget(row: Budget) -> BudgetEntry:
    return BudgetEntry(
        name=row.name,
        usd=usd(row.nano),
        per=row.per,
        at_limit=row.at_limit,
        scope=row.scope,
        alert_at=tuple(row.alert_at),
    )
