"""Reading routers, and the surroundings that a policy is judged in."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING

from django.db.models import QuerySet
from django.http import Http404
from django.utils import timezone

from billing import evidence, lengths
from console.catalogue.selectors import bounds_of, catalogue_of, floors_in, whitelist_in
from console.routers.models import PolicyVersion, Router
from gateway.core.catalogue import Model
from gateway.core.price import Unpriced
from gateway.core.router import bar_of, compile_router
from gateway.core.snapshot import SCHEMA, GatewayKeySnapshot, RouterSnapshot, TenantSnapshot

if TYPE_CHECKING:
    from console.tenants.models import Tenant


def routers_of(tenant: Tenant) -> QuerySet[Router]:
    return tenant.routers.select_related("current")


def router_of(tenant: Tenant, slug: str) -> Router:
    router = routers_of(tenant).filter(slug=slug).first()
    if router is None:
        raise Http404("No such router.")
    return router


def version_of(router: Router, number: int) -> PolicyVersion:
    version = router.versions.filter(number=number).first()
    if version is None:
        raise Http404("No such version.")
    return version


def surroundings(tenant: Tenant) -> TenantSnapshot:
    """As much of the tenant's snapshot as deciding and linting look at: no digest, no key, no router."""
    catalogue, bounds = catalogue_of(tenant), bounds_of(tenant)
    return TenantSnapshot(
        schema=SCHEMA,
        version=0,
        tenant=str(tenant.pk),
        slug=tenant.slug,
        plan=tenant.plan,
        published_at=timezone.now(),
        suspended=tenant.suspended,
        time_zone=tenant.time_zone,
        tags=tuple(tenant.tags),
        unpriced_models=Unpriced(tenant.unpriced_models),
        providers=catalogue.providers,
        models=catalogue.models,
        whitelist=whitelist_in(bounds),
        floors=floors_in(bounds),
        lengths=lengths.published(tenant),
        known=evidence.published(tenant),
        gateway_keys=tuple(
            GatewayKeySnapshot(digest="", id="", name=name)
            for name in tenant.gateway_keys.values_list("name", flat=True)
        ),
    )


def snapshots_of(tenant: Tenant) -> tuple[RouterSnapshot, ...]:
    """What is in force: routers that were ever published, with their current policy."""
    return tuple(
        RouterSnapshot(
            id=router.slug,
            policy=router.current.policy,
            policy_version=router.current.number,
            enabled=router.enabled,
        )
        for router in routers_of(tenant)
        if router.current is not None
    )


def models_within(tenant: Tenant) -> Callable[[str], tuple[Model, ...]]:
    """Router → the models that it may use today; of a router that is gone, nothing; of "", those of direct calls."""
    around = surroundings(tenant)
    routers = {router.id: router for router in snapshots_of(tenant)}

    @cache
    def within(router: str) -> tuple[Model, ...]:
        if router:
            return compile_router(routers[router], around).open if router in routers else ()
        providers = {provider.id: provider for provider in around.providers}
        strict = around.unpriced_models is Unpriced.BLOCK
        return tuple(
            m
            for m in around.models
            if not bar_of(m, providers, around.whitelist, (m.id,), priced_only=strict)
        )

    return within
