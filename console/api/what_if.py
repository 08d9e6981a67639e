"""`routers/{id}/what-if`: what a policy, a whitelist or prices would have done with past requests."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TypedDict
from uuid import UUID

from django.utils import timezone
from msgspec import Struct

from billing.periods import Period, read_period, zone_of
from billing.replay import Move, Projection, Span
from console.api.endpoint import Call, Endpoint, operation, submission
from console.api.errors import invalid
from console.api.listing import PAGE, Listing, limit_of, paged, position
from console.catalogue.specs import PriceSpec
from console.routers.selectors import router_of
from console.tenancy import Role
from console.whatif import actions
from console.whatif.actions import Question
from console.whatif.models import WhatIfRun
from console.whatif.selectors import run_of, runs_of
from gateway.core.money import usd
from gateway.core.policy import Policy
from gateway.core.report import dollars


class Asked(
    Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename={"start": "from", "end": "to"}
):
    """The draft over the last 30 days, unless said otherwise; `prices` are USD per million tokens, by model."""

    policy: Policy | None = None
    whitelist: tuple[str, ...] | None = None
    prices: Mapping[str, PriceSpec] = {}
    period: str = ""
    start: str = ""
    end: str = ""


class Interval(TypedDict):
    """A normal one of 95 %."""

    amount_usd: str
    low_usd: str
    high_usd: str


class Way(TypedDict):
    before: str
    after: str
    requests: int
    cost_usd: str
    projected_usd: str


class Rate(TypedDict):
    """How often answers are taken to be rejected, as observed on so many."""

    model: str
    request_class: str
    share: float
    answers: int
    requests: int


class Answer(TypedDict):
    """Amounts are of the requests that could be evaluated; `difference` below zero: cheaper than what was paid."""

    requests: int
    evaluated: int
    unknown: dict[str, int]
    refused: dict[str, int]
    aside_cost_usd: str
    changed: int
    cost_usd: str
    projected: Interval
    difference: Interval
    baseline_usd: str | None
    saved_usd: str | None
    escalated: int
    projected_escalated: int
    blind: int
    ladders: int
    models_checked: int
    violations: int
    outside_then: int
    models: list[Way]
    rules: list[Way]
    tiers: list[Way]
    rates: list[Rate]


WhatIf = TypedDict(
    "WhatIf",
    {
        "id": UUID,
        "router": str,
        "draft_version": int | None,
        "from": str,
        "to": str,
        "state": str,
        "done": int,
        "total": int,
        "problem": str | None,
        "created_at": datetime,
        "finished_at": datetime | None,
        "result": Answer | None,
    },
)


class WhatIfs(Endpoint):
    called = "WhatIfs"

    @operation(Role.VIEWER, gives=Listing[WhatIf], params=PAGE)
    def get(self, call: Call, router: str) -> Listing[WhatIf]:
        """The newest first."""
        there, limit, before = router_of(call.tenant, router), limit_of(call), _moment(call)
        rows = runs_of(there)
        if before is not None:
            rows = rows.filter(created_at__lt=before)
        found = list(rows[: limit + 1])
        return paged(found, limit, key=lambda run: run.created_at.isoformat(), row=shown)

    @submission(Role.ANALYST, takes=Asked, gives=WhatIf, status=202)
    def post(self, call: Call, given: Asked, router: str) -> WhatIf:
        """Begins; ask for it by its `id` until `state` is done or failed. Nothing that is served changes."""
        zone = zone_of(call.tenant.time_zone)
        said = {"period": given.period, "from": given.start, "to": given.end}
        question = Question(
            period=read_period(said, zone=zone, now=timezone.now()),
            policy=given.policy,
            whitelist=given.whitelist,
            prices=given.prices,
        )
        run = actions.start(router_of(call.tenant, router), question, acting=call.acting)
        run.refresh_from_db()
        return shown(run)


class OneWhatIf(Endpoint):
    called = "WhatIf"

    @operation(Role.VIEWER, gives=WhatIf)
    def get(self, call: Call, router: str, run: UUID) -> WhatIf:
        return shown(run_of(router_of(call.tenant, router), run))


def _moment(call: Call) -> datetime | None:
    text = position(call)
    try:
        moment = datetime.fromisoformat(text) if text else None
    except ValueError:
        raise invalid("cursor", "Not one that was given out.") from None
    if moment is not None and moment.tzinfo is None:
        raise invalid("cursor", "Not one that was given out.")
    return moment


def shown(run: WhatIfRun) -> WhatIf:
    projection = run.projection
    period = Period(start=run.start, end=run.end, zone=zone_of(run.tenant.time_zone))
    return {
        "id": run.pk,
        "router": run.router,
        "draft_version": run.draft_version,
        "from": period.start.astimezone(period.zone).isoformat(),
        "to": period.end.astimezone(period.zone).isoformat(),
        "state": run.state,
        "done": run.done,
        "total": run.total,
        "problem": run.problem or None,
        "created_at": run.created_at,
        "finished_at": run.finished_at,
        "result": None if projection is None else answer_of(projection),
    }


def answer_of(told: Projection) -> Answer:
    return {
        "requests": told.requests,
        "evaluated": told.evaluated,
        "unknown": dict(told.unknown),
        "refused": dict(told.refused),
        "aside_cost_usd": usd(told.aside_cost),
        "changed": told.changed,
        "cost_usd": usd(told.cost),
        "projected": interval_of(told.projected),
        "difference": interval_of(told.difference),
        "baseline_usd": dollars(told.baseline),
        "saved_usd": dollars(told.saved),
        "escalated": told.escalated,
        "projected_escalated": told.projected_escalated,
        "blind": told.blind,
        "ladders": told.ladders,
        "models_checked": told.models_checked,
        "violations": told.violations,
        "outside_then": told.outside_then,
        "models": list(map(way_of, told.models)),
        "rules": list(map(way_of, told.rules)),
        "tiers": list(map(way_of, told.tiers)),
        "rates": [
            {
                "model": rate.model,
                "request_class": rate.request_class,
                "share": rate.share,
                "answers": rate.answers,
                "requests": rate.requests,
            }
            for rate in told.rates
        ],
    }


def interval_of(span: Span) -> Interval:
    return {"amount_usd": usd(span.amount), "low_usd": usd(span.low), "high_usd": usd(span.high)}


def way_of(move: Move) -> Way:
    return {
        "before": move.before,
        "after": move.after,
        "requests": move.requests,
        "cost_usd": usd(move.cost),
        "projected_usd": usd(move.projected),
    }
