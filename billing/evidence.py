"""Judged requests: kept as they come, and turned into what is known of a tenant's models.

Only the newest of each tenant are learnt from and kept: models change under their names.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db.models import Max

from billing.models import Judged, KnownQuality
from gateway.core.events import Evidence, RequestSettled

if TYPE_CHECKING:
    from uuid import UUID

    from console.tenants.models import Tenant
    from gateway.core.quality.book import Reader, Standing

MOST = 3_000  # judged requests of a tenant
LONGEST = 16_384  # bytes of a sketch: no text that is read makes a longer one
MOST_KEYS = 200


def keep(settled: Iterable[RequestSettled]) -> None:
    """Inside `every_tenant()`. What is there is left alone."""
    rows = [
        Judged(
            tenant_id=event.origin.tenant,
            request_id=event.origin.request_id,
            at=event.at,
            sketch=event.evidence.sketch,
            keys=event.evidence.keys,
            scores=event.evidence.scores,
        )
        for event in settled
        if event.evidence is not None and is_sound(event.evidence)
    ]
    if rows:
        Judged.objects.bulk_create(rows, ignore_conflicts=True)


def is_sound(evidence: Evidence) -> bool:
    return (
        0 < len(evidence.sketch) <= LONGEST
        and len(evidence.keys) <= MOST_KEYS
        and all(0 <= score <= 1 for score in evidence.scores.values())
    )


def learnable() -> Sequence[UUID]:
    """The tenants of whom something was judged since it was last learnt from. Inside `every_tenant()`."""
    learnt = dict(KnownQuality.objects.values_list("tenant", "newest"))
    newest = Judged.objects.values("tenant").annotate(newest=Max("at"))
    return [row["tenant"] for row in newest if learnt.get(row["tenant"]) != row["newest"]]


def learn_from(tenant: Tenant, models: Mapping[str, Standing], reader: Reader, *, now: datetime) -> None:
    """`models` are the tenant's, each with what the book says of its tier. Those that nobody judged are left to the book."""
    from gateway.core.quality.keep import pack  # numpy: only this task loads it
    from gateway.core.quality.learn import learn

    rows = list(tenant.judged.order_by("-at", "request_id")[:MOST])
    if not rows:
        return
    outcomes = [outcome for row in rows if (outcome := _outcome(row, models))]
    judged = {model for outcome in outcomes for model in outcome.scores}
    known = learn(outcomes, {model: models[model] for model in sorted(judged)}, reader) if judged else None
    KnownQuality._base_manager.update_or_create(
        tenant=tenant,
        defaults={
            "content": pack(known) if known else b"",
            "outcomes": len(outcomes),
            "newest": rows[0].at,
            "learnt_at": now,
        },
    )
    if len(rows) == MOST:
        tenant.judged.filter(at__lt=rows[-1].at).delete()


def published(tenant: Tenant | UUID) -> bytes:
    """What is known of the tenant's models; empty while nothing is."""
    found = KnownQuality._base_manager.filter(tenant=tenant).values_list("content", flat=True).first()
    return bytes(found or b"")


def _outcome(row: Judged, models: Mapping[str, Standing]) -> Any:
    """None where it speaks of no model that there is today, or cannot be read."""
    from gateway.core.quality.keep import Unreadable, unpack_sketch
    from gateway.core.quality.learn import Outcome

    scores = {model: float(score) for model, score in row.scores.items() if model in models}
    try:
        made = unpack_sketch(bytes(row.sketch))
    except Unreadable:
        return None
    return Outcome(sketch=made, keys=frozenset(row.keys), scores=scores) if scores else None
