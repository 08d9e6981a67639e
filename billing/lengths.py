"""How long a tenant's answers were, beside what was foreseen of them: learnt from its own settled requests.

Of the newest that were answered, by class, and by model where it has enough of its own; see `gateway.core.lengths`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

import msgspec
from django.db import connection

from billing.models import KnownLengths, Rollup
from gateway.core.facts import RequestClass
from gateway.core.lengths import ENOUGH, MOST, Length

if TYPE_CHECKING:
    from console.tenants.models import Tenant

NEWEST = 20_000  # requests
SINCE = timedelta(days=14)
EVERY = timedelta(hours=6)  # a tenant's are learnt anew, once there are some
MOVED = 0.1  # a share must change by so much of itself to be published again


class Came(NamedTuple):
    """Answers of one model to requests of one class: how many, their tokens, and those foreseen."""

    request_class: str
    model: str
    answers: int
    tokens: int
    foreseen: int


def learnable(now: datetime) -> Sequence[UUID]:
    """The tenants with traffic whose lengths are to be learnt anew. Inside `every_tenant()`."""
    fresh = KnownLengths.objects.filter(learnt_at__gt=now - EVERY).exclude(content=[])
    busy = Rollup.objects.filter(hour__gte=now - timedelta(days=1))
    return list(
        busy.exclude(tenant__in=fresh.values("tenant")).order_by().values_list("tenant", flat=True).distinct()
    )


def learn(tenant: Tenant, *, now: datetime) -> bool:
    """Whether they have changed by so much that they are to be published."""
    known, before = lengths_in(came(tenant, since=now - SINCE)), published(tenant)
    changed = has_moved(before, known)
    content = msgspec.to_builtins(known if changed else before)
    KnownLengths._base_manager.update_or_create(
        tenant=tenant, defaults={"content": content, "learnt_at": now}
    )
    return changed


def published(tenant: Tenant | UUID) -> tuple[Length, ...]:
    found = KnownLengths._base_manager.filter(tenant=tenant).values_list("content", flat=True).first()
    return msgspec.convert(found or (), tuple[Length, ...])


def came(tenant: Tenant, *, since: datetime) -> list[Came]:
    with connection.cursor() as cursor:
        cursor.execute(_CAME, {"tenant": tenant.pk, "since": since, "newest": NEWEST})
        return [Came(*row) for row in cursor.fetchall()]


def lengths_in(rows: Sequence[Came]) -> tuple[Length, ...]:
    by_class: dict[str, list[Came]] = defaultdict(list)
    for row in rows:
        if row.foreseen > 0 and row.request_class in _CLASSES:
            by_class[row.request_class].append(row)
    return tuple(
        Length(
            request_class=RequestClass(name),
            share=_share(found),
            models={row.model: _share([row]) for row in found if row.answers >= ENOUGH},
        )
        for name, found in sorted(by_class.items())
        if sum(row.answers for row in found) >= ENOUGH
    )


def has_moved(before: Sequence[Length], after: Sequence[Length]) -> bool:
    old, new = _flat(before), _flat(after)
    return old.keys() != new.keys() or any(abs(new[key] - old[key]) > MOVED * old[key] for key in new)


def _share(rows: Sequence[Came]) -> float:
    share = sum(row.tokens for row in rows) / sum(row.foreseen for row in rows)
    return round(min(max(share, 0.01), MOST), 2)


def _flat(lengths: Sequence[Length]) -> dict[tuple[str, str], float]:
    flat = {(each.request_class.value, ""): each.share for each in lengths}
    return flat | {
        (each.request_class.value, m): share for each in lengths for m, share in each.models.items()
    }


_CLASSES = frozenset(each.value for each in RequestClass)

_CAME = """
    WITH newest AS (
        SELECT request_id, at, request_class,
               coalesce((facts->>'foreseen_tokens')::bigint, (facts->>'output_tokens')::bigint) AS foreseen
        FROM billing_requestrecord
        WHERE tenant_id = %(tenant)s AND at >= %(since)s AND facts IS NOT NULL
        ORDER BY at DESC, request_id DESC
        LIMIT %(newest)s
    )
    SELECT newest.request_class, line.model, sum(line.sign)::bigint,
           sum(line.sign * line.output_tokens)::bigint, sum(line.sign * newest.foreseen)::bigint
    FROM newest JOIN billing_ledgerentry line
      ON line.request_id = newest.request_id AND line.at = newest.at AND line.tenant_id = %(tenant)s
    WHERE line.part = 'answer' AND line.usage_source = 'provider_final' AND line.at >= %(since)s
    GROUP BY 1, 2
    ORDER BY 1, 2
"""
