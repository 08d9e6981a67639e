"""What is served now, as far as overkill is judged against it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from billing.overkill import InForce
from console.routers.selectors import routers_of
from gateway.core.overkill import is_by_tag

if TYPE_CHECKING:
    from console.tenants.models import Tenant


def in_force(tenant: Tenant) -> InForce:
    served = [(router.slug, router.current) for router in routers_of(tenant) if router.current is not None]
    return InForce(
        since={slug: version.at for slug, version in served},
        by_tag=frozenset(
            (slug, rule.name)
            for slug, version in served
            for rule in version.policy.rules
            if is_by_tag(rule.when)
        ),
    )
