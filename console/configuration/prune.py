"""Removes what a document does not list, in an order in which nothing is left hanging."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from console.audit.actor import Actor
from console.catalogue import actions as catalogue
from console.configuration import budgets
from console.configuration.applied import Applied
from console.configuration.document import Document
from console.keys.actions import gateway_keys, provider_keys
from console.routers import actions as routers
from console.tenants import actions as tenants


def remove_unlisted(applied: Applied, document: Document, *, acting: Actor) -> None:
    """Members are removed only where the document lists any."""
    tenant = applied.tenant

    def prune[T](
        what: str, there: Mapping[str, T], listed: Iterable[str], remove: Callable[[T], object]
    ) -> None:
        for name in sorted(set(there) - set(listed)):
            remove(there[name])
            applied.say("-", what, name)

    live = {key.name: key for key in tenant.gateway_keys.filter(revoked_at=None)}
    prune(
        "gateway key",
        live,
        _names(document.gateway_keys),
        lambda key: gateway_keys.revoke(key, acting=acting),
    )
    slugs = {router.slug: router for router in tenant.routers.all()}
    prune(
        "router",
        slugs,
        (e.id for e in document.routers),
        lambda router: routers.delete(router, acting=acting),
    )
    own = {row.model_id: row.model_id for row in tenant.custom_models.all()}
    listed = (spec.id for spec in document.models)
    prune("model", own, listed, lambda name: catalogue.remove_model(tenant, name, acting=acting))
    held = {key.name: key for key in tenant.provider_keys.all()}
    prune(
        "provider key",
        held,
        _names(document.provider_keys),
        lambda key: provider_keys.delete(key, acting=acting),
    )
    there = {name: name for name in tenant.budgets.values_list("name", flat=True)}
    prune("budget", there, _names(document.budgets), lambda name: budgets.remove(tenant, name, acting=acting))
    people = {each.user.email: each for each in tenant.memberships.select_related("user")}
    emails = (entry.email.strip().lower() for entry in document.members)
    if document.members:
        prune("member", people, emails, lambda member: tenants.remove_member(member, acting=acting))


def _names(entries: Iterable[object]) -> set[str]:
    return {str(getattr(entry, "name")) for entry in entries}  # noqa: B009 - entries of several types
