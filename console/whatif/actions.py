"""Asking what would have been. Nothing that is served changes by it."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from functools import partial
from uuid import UUID

import msgspec
from django.core.exceptions import ValidationError
from django.db import transaction
from kombu.exceptions import OperationalError
from msgspec import Struct

from billing.periods import Period
from console.audit import actions as audit
from console.audit.actor import Actor
from console.catalogue.specs import PriceSpec, check_whitelist, price_of
from console.celery import app
from console.refusals import Refused
from console.routers.actions import check
from console.routers.models import Router
from console.routers.selectors import surroundings
from console.whatif.models import State, WhatIfRun
from gateway.core.policy import Policy
from gateway.core.price import Price
from gateway.core.snapshot import TenantSnapshot

WORKER = "console.whatif.tasks.perform"
MOST_AT_ONCE = 3
MOST_PRICES = 20

log = logging.getLogger(__name__)


class TooMany(Refused):
    def __init__(self) -> None:
        super().__init__(f"{MOST_AT_ONCE} replays are under way already: wait until one of them is done.")


class Question(Struct, frozen=True, kw_only=True):
    """`policy` None is the router's draft, `whitelist` None the tenant's; `prices` stand in for known ones."""

    period: Period
    policy: Policy | None = None
    whitelist: tuple[str, ...] | None = None
    prices: Mapping[str, PriceSpec] = {}


@transaction.atomic
def start(router: Router, question: Question, *, acting: Actor) -> WhatIfRun:
    """`ValidationError` names what cannot be asked."""
    tenant = router.tenant
    under_way = tenant.what_if_runs.filter(state__in=(State.QUEUED, State.RUNNING))
    if under_way.count() >= MOST_AT_ONCE:
        raise TooMany
    check_whitelist(question.whitelist)
    if question.policy is not None:
        check(question.policy)
    run = tenant.what_if_runs.create(
        router=router.slug,
        policy_content=msgspec.to_builtins(question.policy or router.policy),
        draft_version=router.version if question.policy in (None, router.policy) else None,
        whitelist=None if question.whitelist is None else list(question.whitelist),
        price_content=msgspec.to_builtins(_prices(question, surroundings(tenant))),
        start=question.period.start,
        end=question.period.end,
        asked_by=acting.label,
    )
    audit.record(tenant, acting=acting, verb="what_if.asked", subject=router.slug)
    transaction.on_commit(partial(wake, tenant.pk, run.pk), robust=True)
    return run


def wake(tenant: UUID, run: UUID) -> None:
    """Without a broker the sweep sends it later."""
    try:
        app.send_task(WORKER, args=(str(tenant), str(run)), retry=False)
    except OperationalError as error:
        log.warning("A replay could not be sent to a worker: %s", error)


def _prices(question: Question, tenant: TenantSnapshot) -> Mapping[str, Price]:
    known = {model.id for model in tenant.models}
    if len(question.prices) > MOST_PRICES:
        raise ValidationError({"prices": f"At most {MOST_PRICES} models."})
    if unknown := next((name for name in question.prices if name not in known), None):
        raise ValidationError({"prices": f"There is no model {unknown[:100]}."})
    # From before the period on, so that it holds for every request.
    since = question.period.first_day.replace(day=1, month=1)
    try:
        return {name: price_of(spec, since=since) for name, spec in question.prices.items()}
    except ValidationError as wrong:
        raise ValidationError({"prices": wrong.messages}) from None
