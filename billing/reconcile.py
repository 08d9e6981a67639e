"""Intents that never settled → interrupted lines: nothing vanishes.

A provider was called and may have billed; what it cost is not known, so the line says unknown and asks for
review. If the settlement comes after all, `billing.late` puts it right.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime

import msgspec
import structlog
from django.utils import timezone

from billing import exclusive
from billing.lines import interrupted
from billing.models import OpenIntent
from billing.store import close_settled, store_interrupted
from billing.stream import Stream
from console.tenancy import every_tenant
from gateway.core.events import Intent, RequestSettled

log = structlog.get_logger(__name__)

AT_ONCE = 1000


def reconcile(stream: Stream, *, now: datetime | None = None) -> int:
    """How many requests were found interrupted. One due since the oldest unstored entry may still settle."""
    known_until = min(now or timezone.now(), stream.oldest() or datetime.max.replace(tzinfo=UTC))
    with every_tenant():
        exclusive.wait()
        close_settled()
        lost = [_interrupted(intents) for intents in _overdue(known_until)]
        store_interrupted(lost)
    for event in lost:
        log.warning("request_interrupted", request_id=event.origin.request_id, tenant=event.origin.tenant)
    return len(lost)


def _overdue(now: datetime) -> list[list[Intent]]:
    """The open intents of each request none of whose intents may still be running."""
    due = OpenIntent.objects.filter(due__lte=now).values("request_id")
    running = OpenIntent.objects.filter(due__gt=now).values("request_id")
    rows = OpenIntent.objects.filter(request_id__in=due[:AT_ONCE]).exclude(request_id__in=running)
    requests: dict[str, list[Intent]] = defaultdict(list)
    for row in rows.select_for_update(skip_locked=True).order_by("at"):
        requests[row.request_id].append(msgspec.convert(row.intent, Intent))
    return list(requests.values())


def _interrupted(intents: list[Intent]) -> RequestSettled:
    last = max(intents, key=lambda intent: (intent.at, intent.seq))
    settled = {line.attempt.id for line in last.settled}
    return interrupted(last, tuple(intent for intent in intents if intent.attempt_id not in settled))
