"""What is heard of an answer after it was sent: that its caller asked the same again, or how good the caller found it.

No prompt is kept, so that a repeat is told by what is: one conversation or end user, one key, and facts so alike that
the text must be (class, difficulty and confidence to the last digit, as many tokens, the same tags).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.db import connection, models
from django.db.models import Count, Q
from msgspec import Struct

from billing.query import COLUMNS, SpendQuery
from console.tenancy import Owned, every_tenant

if TYPE_CHECKING:
    from billing.models import RequestRecord
    from console.tenants.models import Tenant

SOON = timedelta(minutes=10)  # after the answer, that the same is asked again
LOOKED_BACK = timedelta(hours=2)  # for requests that came in late
KEPT = timedelta(days=400)
LOW = 0.5  # an outcome below it is a bad one
KEY = ("router", "rule", "request_class", "tier", "model")

type Key = tuple[str, ...]


class OfAnswer(Owned):
    """Of the request that was answered, so that it is told apart as the books do."""

    request_id = models.TextField(primary_key=True)
    at = models.DateTimeField()  # the request's arrival
    router = models.TextField()
    rule = models.TextField()
    request_class = models.TextField()
    tier = models.TextField()
    model = models.TextField()

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.request_id


class Repeat(OfAnswer):
    tenant = models.ForeignKey(
        "tenants.Tenant", on_delete=models.CASCADE, db_constraint=False, related_name="repeats"
    )
    again = models.TextField()  # the request that asked the same

    class Meta:
        indexes = (models.Index(fields=("tenant", "at"), name="repeats_by_time"),)


class Outcome(OfAnswer):
    """Said by the caller; the last word counts."""

    tenant = models.ForeignKey("tenants.Tenant", on_delete=models.CASCADE, related_name="outcomes")
    score = models.FloatField()  # 0 to 1
    said_at = models.DateTimeField()

    class Meta:
        indexes = (models.Index(fields=("tenant", "at"), name="outcomes_by_time"),)


class Heard(Struct, frozen=True):
    """How many answers were asked for again, and how many were said to be bad, of those anything was said of."""

    repeated: int = 0
    low: int = 0
    said: int = 0


def find_repeats(*, now: datetime) -> int:
    """Notes the answers of the last hours that were asked for again; how many were new."""
    columns = ", ".join(("request_id", "tenant_id", "at", *KEY))
    params: list[Any] = [now - LOOKED_BACK, now, SOON]
    with every_tenant(), connection.cursor() as cursor:
        cursor.execute(
            f"""
            INSERT INTO billing_repeat ({columns}, again)
            SELECT {columns}, again FROM (
                SELECT {columns}, part, lead(request_id) OVER alike AS again,
                       lead(at) OVER alike - at - total_ms * interval '1 millisecond' AS after
                FROM billing_requestrecord
                WHERE at >= %s AND at < %s AND (session <> '' OR end_user <> '') AND facts IS NOT NULL
                WINDOW alike AS (
                    PARTITION BY tenant_id, session, end_user, gateway_key, router, requested_model, request_class,
                                 difficulty, confidence, tags, facts -> 'input_tokens'
                    ORDER BY at, request_id
                )
            ) AS asked
            WHERE again IS NOT NULL AND part = 'answer' AND after BETWEEN interval '0' AND %s
            ON CONFLICT DO NOTHING
            """,  # noqa: S608 (of constants)
            params,
        )
        found = int(cursor.rowcount)
        Repeat.objects.filter(at__lt=now - KEPT).delete()
        Outcome.objects.filter(at__lt=now - KEPT).delete()
    return found


def say(request: RequestRecord, score: float, *, now: datetime) -> Outcome:
    """Inside `within(tenant)`. What checks said of the request for learning from takes the caller's word as well."""
    outcome, _ = Outcome._base_manager.update_or_create(
        request_id=request.request_id,
        tenant=request.tenant,
        defaults={
            "at": request.at,
            "score": score,
            "said_at": now,
            **{name: getattr(request, name) for name in KEY},
        },
    )
    judged = request.tenant.judged.select_for_update().filter(request_id=request.request_id).first()
    if judged is not None:
        judged.scores = {**judged.scores, request.model: score}
        judged.save(update_fields=["scores"])
    return outcome


def heard(tenant: Tenant, query: SpendQuery) -> Mapping[Key, Heard]:
    """By router, rule, class, tier and model. Nothing where the question has filters that are not kept here."""
    columns = {COLUMNS.get(name, ""): values for name, values in query.filters.items()}
    if not set(columns) <= set(KEY):
        return {}
    meant = {f"{name}__in": values for name, values in columns.items()}
    span = Q(at__gte=query.period.start, at__lt=query.period.end, **meant)
    repeated = tenant.repeats.filter(span).values_list(*KEY).annotate(count=Count("pk"))
    said = tenant.outcomes.filter(span).values_list(*KEY)
    found = {tuple(key): Heard(repeated=count) for *key, count in repeated}
    for *key, low, count in said.annotate(low=Count("pk", filter=Q(score__lt=LOW)), said=Count("pk")):
        found[tuple(key)] = Heard(found.get(tuple(key), Heard()).repeated, low, count)
    return found
