"""A past decision, decided again: the stored facts on what was published then, by the function that served it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from billing.models import RequestRecord
from console.publishing.selectors import publication
from gateway.core.decide import Candidate
from gateway.core.explain import Explanation, explain
from gateway.core.facts import RequestFacts
from gateway.core.naming import as_called, named
from gateway.core.router import Router, compile_router, direct_router
from gateway.core.snapshot import TenantSnapshot

if TYPE_CHECKING:
    from console.tenants.models import Tenant

NEAR = 8  # candidates shown at once; a tenant may have a hundred models


@dataclass(frozen=True, kw_only=True)
class Again:
    """`differences` is empty when the same comes out; `missing` says why it could not be decided again."""

    facts: RequestFacts | None = None
    tried: frozenset[str] = frozenset()
    explanation: Explanation | None = None
    differences: tuple[str, ...] = ()
    missing: str = ""

    @property
    def near(self) -> Sequence[Candidate]:
        """What is worth a look at once: the ladder from its foot, and the baseline."""
        return [candidate for n, candidate in enumerate(self._candidates) if self._is_near(n, candidate)]

    @property
    def far(self) -> Sequence[Candidate]:
        return [candidate for n, candidate in enumerate(self._candidates) if not self._is_near(n, candidate)]

    @property
    def _candidates(self) -> Sequence[Candidate]:
        return self.explanation.candidates if self.explanation else ()

    def _is_near(self, n: int, candidate: Candidate) -> bool:
        baseline = self.explanation.baseline_model if self.explanation else ""
        return n < NEAR or len(self._candidates) <= NEAR + 4 or candidate.model in {baseline, *self.tried}


def decided_again(tenant: Tenant, request: RequestRecord, tried: Iterable[str] = ()) -> Again:
    """`tried` are the models that were asked: they are always shown."""
    if request.facts is None:
        return Again(missing="The gateway stopped before it said what the request was.")
    facts = msgspec.convert(request.facts, RequestFacts)
    snapshot = publication(tenant, request.snapshot_version)
    if snapshot is None:
        return Again(
            facts=facts,
            missing=f"What was published as version {request.snapshot_version} is no longer kept.",
        )
    router = router_then(snapshot, request, facts)
    if router is None:
        return Again(
            facts=facts, missing=f"Version {request.snapshot_version} holds no router {request.router}."
        )
    explanation = explain(facts, router)
    return Again(
        facts=facts,
        tried=frozenset(tried),
        explanation=explanation,
        differences=tuple(_differences(request, explanation)),
    )


def router_then(snapshot: TenantSnapshot, request: RequestRecord, facts: RequestFacts) -> Router | None:
    if not request.router:
        model = named({model.id: model for model in snapshot.models}, facts.requested_model)
        return direct_router(as_called(model, facts.requested_model), snapshot) if model else None
    found = next((router for router in snapshot.routers if router.id == request.router), None)
    return compile_router(found, snapshot) if found else None


def _differences(request: RequestRecord, now: Explanation) -> list[str]:
    pairs = (
        ("rule", request.rule, now.rule),
        ("tier", request.decided_tier, now.tier.value if now.tier else ""),
        ("floors", ", ".join(request.floors), ", ".join(now.floors)),
    )
    return [
        f"{name}: was {then or 'none'}, is {is_now or 'none'}"
        for name, then, is_now in pairs
        if then != is_now
    ]
