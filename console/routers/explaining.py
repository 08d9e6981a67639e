"""What a router would do with a request, and why: for the playground and for `explain`. Nobody is called."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from console.routers.inspection import compiled_draft
from console.routers.models import Router
from gateway.core.classify import Classification
from gateway.core.explain import Explanation, explain
from gateway.core.facts import RequestFacts
from gateway.core.policy import Policy
from gateway.core.samples import Asked, seen_by
from gateway.core.snapshot import TenantSnapshot


class Explained(Struct, frozen=True, kw_only=True):
    seen: Classification
    facts: RequestFacts
    decision: Explanation


def explained(
    asked: Asked, policy: Policy, tenant: TenantSnapshot, *, router: str, at: datetime
) -> Explained:
    compiled = compiled_draft(policy, tenant, router=router)
    facts, seen = seen_by(compiled, asked, at=at)
    return Explained(seen=seen, facts=facts, decision=explain(facts, compiled))


def policy_in(router: Router, *, draft: bool) -> Policy:
    """The draft, or what is served; the draft where nothing is."""
    return router.policy if draft or router.current is None else router.current.policy
