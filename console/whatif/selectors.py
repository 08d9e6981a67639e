"""Reading replays."""

from __future__ import annotations

from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404

from console.routers.models import Router
from console.whatif.models import WhatIfRun


def runs_of(router: Router) -> QuerySet[WhatIfRun]:
    return router.tenant.what_if_runs.filter(router=router.slug).order_by("-created_at", "-id")


def run_of(router: Router, run: UUID) -> WhatIfRun:
    found = runs_of(router).filter(pk=run).first()
    if found is None:
        raise Http404("No such replay.")
    return found
