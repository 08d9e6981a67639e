"""`routers`: base URLs with a policy behind each."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from msgspec import Struct

from console.api.endpoint import Call, Endpoint, operation, submission
from console.api.listing import PAGE, Listing, listing
from console.routers import actions, models, selectors
from console.tenancy import Role
from gateway.core.policy import Policy


class Router(Struct, frozen=True, kw_only=True):
    """`version` is the draft's, `published_version` the policy's that is served."""

    id: str
    base_url: str
    enabled: bool
    version: int
    published_version: int | None
    has_changes: bool
    baseline: str
    created_at: datetime
    edited_at: datetime
    edited_by: str


class NewRouter(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Begins as a draft, and is served once it is published."""

    id: str
    policy: Policy = Policy()


class Switch(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    enabled: bool


class Routers(Endpoint):
    @operation(Role.VIEWER, gives=Listing[Router], params=PAGE)
    def get(self, call: Call) -> Listing[Router]:
        return listing(selectors.routers_of(call.tenant), call, by="slug", row=shown)

    @submission(Role.EDITOR, takes=NewRouter, gives=Router, status=201)
    def post(self, call: Call, given: NewRouter) -> Router:
        actions.create(call.tenant, given.id, given.policy, acting=call.acting)
        return found(call, given.id)


class OneRouter(Endpoint):
    called = "Router"

    @operation(Role.VIEWER, gives=Router)
    def get(self, call: Call, router: str) -> Router:
        return found(call, router)

    @submission(Role.EDITOR, takes=Switch, gives=Router)
    def patch(self, call: Call, given: Switch, router: str) -> Router:
        switch = actions.enable if given.enabled else actions.disable
        switch(selectors.router_of(call.tenant, router), acting=call.acting)
        return found(call, router)

    @operation(Role.EDITOR, status=204)
    def delete(self, call: Call, router: str) -> None:
        """Its past requests stay in the ledger under its id."""
        actions.delete(selectors.router_of(call.tenant, router), acting=call.acting)


def found(call: Call, slug: str) -> Router:
    return shown(selectors.router_of(call.tenant, slug))


def shown(router: models.Router) -> Router:
    return Router(
        id=router.slug,
        base_url=f"{settings.GATEWAY_URL.rstrip('/')}/router/{router.slug}",
        enabled=router.enabled,
        version=router.version,
        published_version=router.current.number if router.current else None,
        has_changes=router.has_changes,
        baseline=(router.current or router).policy.baseline,
        created_at=router.created_at,
        edited_at=router.draft_updated_at,
        edited_by=router.draft_updated_by,
    )
