"""Reading single requests: lists of them, one of them with its lines, how long they took."""

from __future__ import annotations

import base64
import binascii
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.db import connection
from django.db.models import Exists, OuterRef, Q, QuerySet, TextField, Value
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Coalesce
from msgspec import Struct

from billing.models import LedgerEntry, RequestRecord
from billing.periods import Misread, Period
from billing.query import COLUMNS, OF_AN_ATTEMPT, TAG, SpendQuery

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


class Latency(Struct, frozen=True, kw_only=True):
    """Milliseconds; None where nothing was answered."""

    median: int | None
    p95: int | None
    first_byte_median: int | None


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
        lines = tenant.ledger.filter(request_id=OuterRef("request_id"), **line)
        rows = rows.filter(Q(**line) | Exists(lines))
    return rows


def request(tenant: Tenant, request_id: str) -> Detail | None:
    found = tenant.requests.filter(request_id=request_id).first()
    if found is None:
        return None
    lines = list(tenant.ledger.filter(request_id=request_id).order_by("id"))
    gone = {line.corrects for line in lines if line.sign < 0}
    return Detail(
        found,
        lines=tuple(sorted((line for line in lines if _stands(line, gone)), key=lambda line: line.n)),
        taken_back=tuple(line for line in lines if line.sign > 0 and not _stands(line, gone)),
    )


def latency(tenant: Tenant, period: Period) -> Latency:
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY total_ms),
                      percentile_disc(0.95) WITHIN GROUP (ORDER BY total_ms),
                      percentile_disc(0.5) WITHIN GROUP (ORDER BY first_byte_ms)
               FROM billing_requestrecord
               WHERE tenant_id = %s AND at >= %s AND at < %s AND outcome NOT IN ('failed', 'cached')""",
            [tenant.pk, period.start, period.end],
        )
        median, p95, first_byte = cursor.fetchone() or (None, None, None)
    return Latency(median=median, p95=p95, first_byte_median=first_byte)


def values(tenant: Tenant, names: Sequence[str], period: Period) -> Mapping[str, list[str]]:
    """Dimension → what it has been in the period, for a filter to offer; empty values left out."""
    columns = [COLUMNS[name] for name in names]
    sets = ", ".join(f"({column})" for column in columns)
    with connection.cursor() as cursor:
        cursor.execute(
            f"""SELECT {", ".join(columns)} FROM billing_rollup
                WHERE tenant_id = %s AND tag = '' AND hour >= %s AND hour < %s
                GROUP BY GROUPING SETS ({sets})""",  # noqa: S608 (of constants)
            [tenant.pk, period.start, period.end],
        )
        found = cursor.fetchall()
    return {name: sorted({row[n] for row in found if row[n]}) for n, name in enumerate(names)}


def tags_seen(tenant: Tenant, period: Period) -> Mapping[str, list[str]]:
    """Tag → its values in the period, as far as a filter wants to offer them."""
    rows = tenant.rollups.filter(hour__gte=period.start, hour__lt=period.end).exclude(tag="")
    seen: dict[str, list[str]] = defaultdict(list)
    for tag, value in rows.order_by("tag", "value").values_list("tag", "value").distinct()[:500]:
        seen[tag].append(value)
    return seen


def has_any(tenant: Tenant) -> bool:
    return tenant.requests.exists()


def has_before(tenant: Tenant, period: Period) -> bool:
    """Whether there was traffic from the period's first day on: against half a period nothing can be compared."""
    return tenant.rollups.filter(hour__lt=period.start + timedelta(days=1)).exists()


def _of_an_attempt(query: SpendQuery) -> dict[str, tuple[str, ...]]:
    """These filters must hold of one and the same line."""
    return {f"{COLUMNS[name]}__in": values for name, values in query.filters.items() if name in OF_AN_ATTEMPT}


def _one_of(name: str, values: Sequence[str]) -> dict[str, object]:
    if name == "known":
        return {"known__in": [value == "true" for value in values]}
    return {f"{COLUMNS[name]}__in": values}


def _meant(
    tenant: Tenant, query: SpendQuery, shown: Sequence[RequestRecord]
) -> Mapping[str, list[LedgerEntry]]:
    lines: dict[str, list[LedgerEntry]] = defaultdict(list)
    ids = [request.request_id for request in shown]
    for line in tenant.ledger.filter(request_id__in=ids, **_of_an_attempt(query)):
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
