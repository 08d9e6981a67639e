"""Reading single requests: lists of them, one of them with its lines, how long they took."""

from __future__ import annotations

import base64
import binascii
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from django.db import connection
from django.db.models import Exists, OuterRef, Q, QuerySet, TextField, Value
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Coalesce
from msgspec import Struct

from billing.dimensions import MANY
from billing.models import LedgerEntry, RequestRecord
from billing.periods import Misread, Period, midnight
from billing.query import COLUMNS, OF_AN_ATTEMPT, TAG, YES_OR_NO, SpendQuery
from billing.spend import spend

if TYPE_CHECKING:
    from console.tenants.models import Tenant

PAGE = 50


class Listed(Struct, frozen=True):
    """A request on a page of them. `here` is the part of its cost that the filters mean."""

    request: RequestRecord
    here: int | None
    here_attempts: int


class Page(Struct, frozen=True):
    rows: tuple[Listed, ...]
    next: str | None  # cursor
    narrowed: bool  # whether the filters mean some of a request's lines only


class Detail(Struct, frozen=True):
    """`lines` are those that stand; `taken_back` those that a late settlement corrected."""

    request: RequestRecord
    lines: tuple[LedgerEntry, ...]
    taken_back: tuple[LedgerEntry, ...]


def requests(
    tenant: Tenant, query: SpendQuery, *, starts_with: str = "", cursor: str = "", limit: int = PAGE
) -> Page:
    """Newest first. The filters of a `SpendQuery` choose requests with a line that they mean."""
    rows = matching(tenant, query)
    if starts_with:
        rows = rows.filter(request_id__startswith=starts_with)
    if cursor:
        at, request_id = _position(cursor)
        rows = rows.filter(at__lte=at).filter(Q(at__lt=at) | Q(request_id__lt=request_id))
    found = list(rows.order_by("-at", "-request_id")[: limit + 1])
    shown = found[:limit]
    narrowed = not query.names.isdisjoint(OF_AN_ATTEMPT)
    meant = _meant(tenant, query, shown) if narrowed else {}
    return Page(
        rows=tuple(_listed(request, meant, narrowed=narrowed) for request in shown),
        next=_cursor(shown[-1]) if len(found) > limit else None,
        narrowed=narrowed,
    )


def matching(tenant: Tenant, query: SpendQuery) -> QuerySet[RequestRecord]:
    rows = tenant.requests.filter(at__gte=query.period.start, at__lt=query.period.end)
    for name, values in query.filters.items():
        if name.startswith(TAG):
            label = f"tag_{len(rows.query.annotations)}"
            tag = Coalesce(
                KeyTextTransform(name.removeprefix(TAG), "tags"), Value(""), output_field=TextField()
            )
            rows = rows.alias(**{label: tag}).filter(**{f"{label}__in": values})
        elif name not in OF_AN_ATTEMPT:
            rows = rows.filter(**_one_of(name, values))
    if line := _of_an_attempt(query):
        lines = tenant.ledger.filter(request_id=OuterRef("request_id"), at=OuterRef("at"), **line)
        rows = rows.filter(Q(**line) | Exists(lines))
    return rows


def request(tenant: Tenant, request_id: str) -> Detail | None:
    found = tenant.requests.filter(request_id=request_id).first()
    if found is None:
        return None
    lines = list(tenant.ledger.filter(request_id=request_id, at=found.at).order_by("place"))
    gone = {line.corrects for line in lines if line.sign < 0}
    return Detail(
        found,
        lines=tuple(sorted((line for line in lines if _stands(line, gone)), key=lambda line: line.n)),
        taken_back=tuple(line for line in lines if line.sign > 0 and not _stands(line, gone)),
    )


def values(tenant: Tenant, names: Sequence[str], period: Period) -> Mapping[str, list[str]]:
    """Dimension → what it has been in the period, for a filter to offer; empty values left out."""
    rows = {name: spend(tenant, SpendQuery(period=period, by=(name,))).rows for name in names}
    return {name: sorted(row.key[0] for row in found if row.key[0]) for name, found in rows.items()}


def tags_seen(tenant: Tenant, period: Period) -> Mapping[str, list[str]]:
    """Tag → its values in the period's days, as far as a filter wants to offer them."""
    hours = tenant.rollups.filter(hour__gte=period.start, hour__lt=period.end)
    no_tags = ("", *MANY)
    days = tenant.daily_rollups.filter(grain="whole", day__gte=period.first_day, day__lte=period.last_day)
    open_days = tenant.rolled_days.filter(summed=False, day__gte=period.first_day, day__lte=period.last_day)
    spans = [_span_of(day, period.zone) for day in open_days.values_list("day", flat=True)]
    found = set(days.exclude(tag__in=no_tags).values_list("tag", "value").distinct()[:500])
    for start, end in spans:
        recent = hours.filter(hour__gte=start, hour__lt=end).exclude(tag__in=no_tags)
        found |= set(recent.values_list("tag", "value").distinct()[:500])
    seen: dict[str, list[str]] = defaultdict(list)
    for tag, value in sorted(found)[:500]:
        seen[tag].append(value)
    return seen


# Of each key its latest day, and the days that are not summed yet; of these the hours.
_KEYS_LAST_USED = """
    WITH latest AS (
        SELECT gateway_key, max(day) AS day FROM billing_dailyrollup
        WHERE tenant_id = %(tenant)s AND grain = 'key' AND tag = '' AND gateway_key <> '' GROUP BY gateway_key
    ), days AS (
        SELECT day FROM latest UNION SELECT day FROM billing_rolledday WHERE tenant_id = %(tenant)s AND NOT summed
    )
    SELECT gateway_key, max(hour) FROM days CROSS JOIN LATERAL (
        SELECT gateway_key, hour FROM billing_rollup
        WHERE tenant_id = %(tenant)s AND tag = '' AND gateway_key <> ''
          AND hour >= day::timestamp AT TIME ZONE %(zone)s AND hour < (day + 1)::timestamp AT TIME ZONE %(zone)s
    ) AS hours GROUP BY gateway_key
"""


def keys_last_used(tenant: Tenant) -> Mapping[str, datetime]:
    """By the id of a gateway key, the hour of its latest request."""
    with connection.cursor() as cursor:
        cursor.execute(_KEYS_LAST_USED, {"tenant": tenant.pk, "zone": tenant.time_zone or "UTC"})
        return dict(cursor.fetchall())


def has_any(tenant: Tenant) -> bool:
    return tenant.requests.exists()


def has_before(tenant: Tenant, period: Period) -> bool:
    """Whether there was traffic from the period's first day on: against half a period nothing can be compared."""
    return tenant.rolled_days.filter(day__lte=period.first_day).exists()


def _span_of(day: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    return midnight(day, zone), midnight(day + timedelta(days=1), zone)


def _of_an_attempt(query: SpendQuery) -> dict[str, tuple[str, ...]]:
    """These filters must hold of one and the same line."""
    return {f"{COLUMNS[name]}__in": values for name, values in query.filters.items() if name in OF_AN_ATTEMPT}


def _one_of(name: str, values: Sequence[str]) -> dict[str, object]:
    if name in YES_OR_NO:
        return {f"{name}__in": [value == "true" for value in values]}
    return {f"{COLUMNS[name]}__in": values}


def _meant(
    tenant: Tenant, query: SpendQuery, shown: Sequence[RequestRecord]
) -> Mapping[str, list[LedgerEntry]]:
    lines: dict[str, list[LedgerEntry]] = defaultdict(list)
    ids = [request.request_id for request in shown]
    moments = {request.at for request in shown}
    for line in tenant.ledger.filter(request_id__in=ids, at__in=moments, **_of_an_attempt(query)):
        lines[line.request_id].append(line)
    return lines


def _listed(request: RequestRecord, meant: Mapping[str, Sequence[LedgerEntry]], *, narrowed: bool) -> Listed:
    if not narrowed:
        return Listed(request, request.known_cost, request.attempts)
    lines = meant.get(request.request_id, ())
    unknown = sum(line.sign for line in lines if line.cost_nano is None)
    cost = sum(line.sign * (line.cost_nano or 0) for line in lines)
    return Listed(request, None if unknown else cost, sum(line.sign for line in lines))


def _stands(line: LedgerEntry, gone: set[str]) -> bool:
    return line.sign > 0 and line.attempt_id not in gone


def _cursor(last: RequestRecord) -> str:
    return base64.urlsafe_b64encode(f"{last.at.isoformat()}|{last.request_id}".encode()).decode().rstrip("=")


def _position(cursor: str) -> tuple[datetime, str]:
    try:
        text = base64.urlsafe_b64decode(cursor.encode() + b"==").decode()
        at, _, request_id = text.partition("|")
        moment = datetime.fromisoformat(at)
    except (ValueError, binascii.Error):
        raise Misread("cursor", "is not one that was given out") from None
    if moment.tzinfo is None or not request_id or "\0" in text:
        raise Misread("cursor", "is not one that was given out")
    return moment, request_id
