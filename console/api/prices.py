"""`prices/proposals`: what newer price lists say differently from the tenant's book, to be accepted or rejected."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypedDict

from django.utils import timezone
from msgspec import Struct

from console.api.endpoint import Call, Endpoint, operation, submission
from console.api.listing import Listing
from console.catalogue import price_actions, price_book
from console.catalogue.price_book import Effect, Proposal
from console.catalogue.specs import PriceSpec, spec_of
from console.tenancy import Role
from gateway.core.report import dollars

if TYPE_CHECKING:
    from console.tenants.models import Tenant


class ProposedPrice(TypedDict):
    """`before` is null where no price is known. What the tokens of the last 30 days cost by both is in USD.

    `key` names it for a verdict, also tomorrow, when it would begin a day later.
    """

    key: str
    model: str
    since: str
    before: PriceSpec | None
    after: PriceSpec
    was_rejected: bool
    attempts: int
    cost_before_usd: str | None
    cost_after_usd: str


class Verdict(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    keys: tuple[str, ...]


class Proposals(Endpoint):
    @operation(Role.VIEWER, gives=Listing[ProposedPrice])
    def get(self, call: Call) -> dict[str, Any]:
        """All of them; nothing changes until somebody accepts one."""
        return _listing(call.tenant)


class AcceptProposals(Endpoint):
    @submission(Role.ADMIN, takes=Verdict, gives=Listing[ProposedPrice])
    def post(self, call: Call, given: Verdict) -> dict[str, Any]:
        """Adds them to the book, from their day on; the past stays as it was paid. Gives those that are left."""
        price_actions.decide(call.tenant, given.keys, accepted=True, acting=call.acting)
        return _listing(call.tenant)


class RejectProposals(Endpoint):
    @submission(Role.ADMIN, takes=Verdict, gives=Listing[ProposedPrice])
    def post(self, call: Call, given: Verdict) -> dict[str, Any]:
        """The prices in the book stay. Gives all that differ, these among them."""
        price_actions.decide(call.tenant, given.keys, accepted=False, acting=call.acting)
        return _listing(call.tenant)


def _listing(tenant: Tenant) -> dict[str, Any]:
    now = timezone.now()
    proposed = price_book.proposals(tenant, today=now.date())
    effects = price_book.effects(tenant, proposed, now=now)
    return {"results": [_row(one, effects[one.key]) for one in proposed], "next": None}


def _row(one: Proposal, effect: Effect) -> ProposedPrice:
    return ProposedPrice(
        key=one.key,
        model=one.model,
        since=one.new.since.isoformat(),
        before=None if one.old is None else spec_of(one.old),
        after=spec_of(one.new),
        was_rejected=one.was_rejected,
        attempts=effect.attempts,
        cost_before_usd=dollars(effect.before),
        cost_after_usd=dollars(effect.after) or "0",
    )
