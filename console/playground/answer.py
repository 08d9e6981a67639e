"""What the playground shows of a decision."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from console.playground.forms import QuestionForm
from console.routers.explaining import Explained, explained, policy_in
from console.routers.models import Router
from gateway.core.catalogue import Model
from gateway.core.decide import Candidate
from gateway.core.ladder import Rung
from gateway.core.snapshot import TenantSnapshot


@dataclass(frozen=True)
class Step:
    """A rung of the ladder with what reaches it."""

    rung: Rung
    is_first: bool
    reached: str


@dataclass(frozen=True)
class Answer:
    router: Router
    draft: bool
    told: Explained
    other: Explained | None  # what the draft, or what is served, would do instead
    models: Mapping[str, Model]

    @property
    def taken(self) -> Candidate | None:
        return next((each for each in self.told.decision.candidates if each.taken), None)

    @property
    def saving(self) -> float | None:
        """Projected, as a share of what the baseline would cost."""
        baseline = self.told.decision.baseline_cost
        cost = self.taken.expected_cost if self.taken else None
        return None if not baseline or cost is None else 1 - cost / baseline

    @property
    def able(self) -> list[Candidate]:
        """Those that have a key: the others could never be taken, and are many."""
        return [each for each in self.told.decision.candidates if self._has_key(each.model)]

    @property
    def keyless(self) -> list[Candidate]:
        return [each for each in self.told.decision.candidates if not self._has_key(each.model)]

    @property
    def steps(self) -> list[Step]:
        decision = self.told.decision
        return [
            Step(rung, place == 0, "" if place == 0 else _reached(rung, self.told))
            for place, rung in enumerate(decision.ladder)
        ]

    @property
    def differs(self) -> bool:
        return self.other is not None and self.other.decision.model != self.told.decision.model

    def _has_key(self, model: str) -> bool:
        return model in self.models and bool(self.models[model].provider_key)


def answer(form: QuestionForm, router: Router, tenant: TenantSnapshot, *, at: datetime) -> Answer:
    def told(*, draft: bool) -> Explained:
        policy = policy_in(router, draft=draft)
        return explained(form.asked, policy, tenant, router=router.slug, at=at)

    draft = form.wants_draft or router.current is None
    comparable = router.current is not None and router.has_changes
    return Answer(
        router=router,
        draft=draft,
        told=told(draft=draft),
        other=told(draft=not draft) if comparable else None,
        models={model.id: model for model in tenant.models},
    )


def _reached(rung: Rung, told: Explained) -> str:
    up_to = told.decision.up_to
    if up_to is not None and rung.tier <= up_to:
        return "if the answer does not pass, or the rungs below fail"
    return "if the rungs below fail"
