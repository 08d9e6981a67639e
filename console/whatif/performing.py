"""Carrying a replay out, batch by batch. Each batch is a transaction of its own, so that progress is seen."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

import msgspec
import structlog
from django.db.models import Q
from django.utils import timezone
from msgspec import structs

from billing import past
from billing.rejections import Policies, observed
from billing.replay import Draft, Replay
from console.routers.inspection import compiled_draft
from console.routers.selectors import surroundings
from console.tenancy import every_tenant, within
from console.tenants.models import Tenant
from console.whatif.actions import wake
from console.whatif.models import State, WhatIfRun

log = structlog.get_logger(__name__)

SILENT = timedelta(minutes=2)  # after which a worker that had it in hand is taken for dead
FAILED = "It stopped with an error of ours, which is in the log. Nothing was changed; it can be asked again."


def perform(tenant_id: UUID, run_id: UUID, *, at_once: int = past.AT_ONCE) -> None:
    run = _claimed(tenant_id, run_id)
    if run is None:
        return
    try:
        _replay(run, at_once)
    except Exception:
        log.exception("what_if_failed", run=str(run_id))
        _finish(run, state=State.FAILED, problem=FAILED)


def sweep(*, now: datetime) -> int:
    """Sends what nobody took up, or whose worker is gone; returns how many."""
    with every_tenant():
        waiting = Q(state=State.QUEUED, created_at__lt=now - timedelta(seconds=10))
        left = Q(state=State.RUNNING, beat_at__lt=now - SILENT)
        found = list(WhatIfRun.objects.filter(waiting | left).values_list("tenant_id", "pk"))
    for tenant_id, run_id in found:
        wake(tenant_id, run_id)
    return len(found)


def _claimed(tenant_id: UUID, run_id: UUID) -> WhatIfRun | None:
    """The run, if it is for us: a message may come twice."""
    now = timezone.now()
    with within(tenant_id):
        tenant = Tenant.objects.get(pk=tenant_id)
        free = Q(state=State.QUEUED) | Q(state=State.RUNNING, beat_at__lt=now - SILENT)
        taken = tenant.what_if_runs.filter(free, pk=run_id).update(state=State.RUNNING, beat_at=now, done=0)
        return tenant.what_if_runs.select_related("tenant").get(pk=run_id) if taken else None


def _replay(run: WhatIfRun, at_once: int) -> None:
    tenant, start, end = run.tenant, run.start, run.end
    with within(tenant):
        run.total = past.count(tenant, run.router, start=start, end=end)
        run.save(update_fields=["total"])
        replay = _prepared(run)
    after: past.Position | None = None
    while True:
        with within(tenant):
            batch = past.read(tenant, run.router, start=start, end=end, after=after, at_once=at_once)
            for each in batch:
                replay.take(each)
            run.done += len(batch)
            if not batch or not _beat(run):
                break
        after = batch[-1].position
    if not batch:
        _finish(run, state=State.DONE, result=msgspec.to_builtins(replay.projection()))


def _prepared(run: WhatIfRun) -> Replay:
    tenant, prices = run.tenant, run.prices
    around = surroundings(tenant)
    whitelist = around.whitelist if run.whitelist is None else tuple(run.whitelist)
    models = tuple(
        structs.replace(model, prices=(prices[model.id],)) if model.id in prices else model
        for model in around.models
    )
    around = structs.replace(around, whitelist=whitelist, models=models)
    policies: Policies = {
        (version.router.slug, version.number): version.policy
        for version in tenant.policy_versions.select_related("router")
    }
    draft = Draft(
        compiled_draft(run.policy, around, router=run.router),
        whitelist=whitelist,
        policies={number: policy for (router, number), policy in policies.items() if router == run.router},
        repriced=prices,
    )
    return Replay(draft, observed(tenant, policies, start=run.start, end=run.end))


def _beat(run: WhatIfRun) -> bool:
    """Whether it is still ours to go on with."""
    mine = run.tenant.what_if_runs.filter(pk=run.pk, state=State.RUNNING)
    return bool(mine.update(done=run.done, beat_at=timezone.now()))


def _finish(run: WhatIfRun, *, state: State, result: object = None, problem: str = "") -> None:
    with within(run.tenant):
        mine = run.tenant.what_if_runs.filter(pk=run.pk, state=State.RUNNING)
        mine.update(state=state, result=result, problem=problem, done=run.done, finished_at=timezone.now())
