"""Each line of the ledger holds the hash of the one before it, within a tenant's day: a change breaks the chain.

hash = SHA-256(hash before ‖ digest), digest = SHA-256 of `HASHED` as a JSON array, moments as seconds since
1970, and behind it each of `HASHED_WHERE_SET` that is not null, as a JSON object. The first hash before is
SHA-256("<tenant> <day>"). Days are UTC, as the ledger's partitions are, and lines stand in the order in which
they were recorded: what comes late is at the end of its day.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import TYPE_CHECKING

from django.db import connection
from msgspec import Struct

from billing import partitions
from billing.lines import LINE_COLUMNS
from billing.models import LedgerDay
from console.tenancy import every_tenant

if TYPE_CHECKING:
    from uuid import UUID

_LINES = ", ".join(LINE_COLUMNS)
_COLUMNS = f"{_LINES}, sign, corrects, reason, recorded_at, place, hash"
DAY = "({row}.at AT TIME ZONE 'UTC')::date"
GENESIS = "sha256(({row}.tenant_id || ' ' || " + DAY + ")::bytea)"
# In this order for good, lest the digests of old lines change. A column added later joins `HASHED_WHERE_SET`.
HASHED = (
    "tenant_id", "attempt_id", "request_id", "n", "at", "sign", "corrects", "reason", "place", "recorded_at",
    "router", "gateway_key", "provider", "model", "requested_model", "request_class", "rule", "tier", "outcome",
    "part", "known", "verified", "fit", "called_for", "needs", "served_model", "provider_key", "difficulty", "kind",
    "attempt_outcome", "status", "because", "usage_source", "needs_review", "cost_nano", "price", "baseline_model",
    "baseline_nano", "second_model", "second_nano", "tags", "end_user", "session", "policy_version",
    "snapshot_version", "started_ms", "first_byte_ms", "total_ms", "input_tokens", "cache_read_tokens",
    "cache_write_tokens", "cache_write_1h_tokens", "output_tokens", "reasoning_tokens", "audio_input_tokens",
    "audio_output_tokens", "audio_cache_read_tokens", "image_input_tokens", "image_output_tokens",
    "tool_input_tokens", "searches",
)  # fmt: skip
HASHED_WHERE_SET = ("service_tier", "region")
_MOMENTS = ("at", "recorded_at")
_VALUES = ", ".join(
    f"extract(epoch FROM {{row}}.{name})" if name in _MOMENTS else f"{{row}}.{name}" for name in HASHED
)
_SET = "".join(
    f" || CASE WHEN {{row}}.{name} IS NULL THEN '' ELSE json_build_object('{name}', {{row}}.{name})::text END"
    for name in HASHED_WHERE_SET
)
DIGEST = f"sha256(convert_to(json_build_array({_VALUES})::text{_SET}, 'UTF8'))"

# From a relation `entering` of lines with sign, corrects and reason: `fresh_lines` as they are entered.
ENTER = f"""
    placed AS (
        SELECT entering.*, now() AS recorded_at, coalesce(ended.lines, 0) + row_number() OVER (
                   PARTITION BY entering.tenant_id, {DAY.format(row="entering")}
                   ORDER BY entering.at, request_id, sign, n, attempt_id
               ) AS place
        FROM entering LEFT JOIN billing_ledgerday AS ended
            ON ended.tenant_id = entering.tenant_id AND ended.day = {DAY.format(row="entering")}
    ), chained AS (
        SELECT placed.*, ledger_link(coalesce(ended.hash, {GENESIS.format(row="placed")}),
                                     {DIGEST.format(row="placed")}) OVER (
                   PARTITION BY placed.tenant_id, {DAY.format(row="placed")} ORDER BY place
               ) AS hash
        FROM placed LEFT JOIN billing_ledgerday AS ended
            ON ended.tenant_id = placed.tenant_id AND ended.day = {DAY.format(row="placed")}
    ), fresh_lines AS (
        INSERT INTO billing_ledgerentry ({_COLUMNS}) SELECT {_COLUMNS} FROM chained RETURNING *
    ), ends AS (
        INSERT INTO billing_ledgerday AS ended (tenant_id, day, lines, hash)
        SELECT DISTINCT ON (1, 2) tenant_id, {DAY.format(row="fresh_lines")}, place, hash
        FROM fresh_lines ORDER BY 1, 2, place DESC
        ON CONFLICT (tenant_id, day) DO UPDATE SET lines = excluded.lines, hash = excluded.hash
    )
"""  # noqa: S608 (of constants)

_BROKEN = f"""
    WITH linked AS (
        SELECT line.tenant_id, place, attempt_id, hash, {DIGEST.format(row="line")} AS digest,
               row_number() OVER chain AS due,
               coalesce(lag(hash) OVER chain, {GENESIS.format(row="line")}) AS before
        FROM billing_ledgerentry AS line
        WHERE at >= %(start)s AND at < %(end)s AND (%(tenant)s::uuid IS NULL OR tenant_id = %(tenant)s)
        WINDOW chain AS (PARTITION BY tenant_id ORDER BY place, attempt_id)
    )
    SELECT tenant_id, place, attempt_id, CASE WHEN place <> due THEN 'a line before it is missing'
                                              ELSE 'it, or its place, was changed' END
    FROM linked WHERE place <> due OR hash <> sha256(before || digest)
    ORDER BY tenant_id, place LIMIT 1
"""  # noqa: S608 (of constants)

_ENDS = """
    SELECT coalesce(line.tenant_id, ended.tenant_id), coalesce(ended.lines, 0), coalesce(line.attempt_id, ''),
           CASE WHEN line.place > ended.lines OR ended.lines IS NULL THEN 'a line after the end of the chain'
                ELSE 'the lines at the end of the day are missing' END
    FROM (
        SELECT DISTINCT ON (tenant_id) tenant_id, place, attempt_id, hash FROM billing_ledgerentry
        WHERE at >= %(start)s AND at < %(end)s ORDER BY tenant_id, place DESC
    ) AS line
    FULL JOIN (SELECT * FROM billing_ledgerday WHERE day = %(day)s) AS ended USING (tenant_id)
    WHERE (%(tenant)s::uuid IS NULL OR tenant_id = %(tenant)s)
      AND (line.place, line.hash) IS DISTINCT FROM (ended.lines, ended.hash)
    ORDER BY 1 LIMIT 1
"""


class Broken(Struct, frozen=True, kw_only=True):
    """The first line of a chain that is not what was recorded."""

    tenant: str
    day: date
    place: int
    attempt_id: str
    because: str


class Verified(Struct, frozen=True, kw_only=True):
    """A day's chains. `lines` is what they hold together."""

    day: date
    chains: int
    lines: int
    broken: Broken | None


def verify(
    *, tenant: UUID | None = None, since: date | None = None, until: date | None = None
) -> Iterator[Verified]:
    """Each day that the ledger still has, oldest first; `until` is included."""
    with every_tenant():
        ended = LedgerDay.objects.values_list("day", flat=True).distinct()
        days = sorted({*partitions.days(), *(day for day in ended if day >= partitions.oldest())})
    for day in days:
        if (since is None or day >= since) and (until is None or day <= until):
            yield verify_day(day, tenant=tenant)


def verify_day(day: date, *, tenant: UUID | None = None) -> Verified:
    with every_tenant(), connection.cursor() as cursor:
        chains, lines = _size(day, tenant)
        start, end = partitions.span(day)
        params: dict[str, date | datetime | UUID | None] = {
            "start": start,
            "end": end,
            "day": day,
            "tenant": tenant,
        }
        for question in (_BROKEN, _ENDS):
            cursor.execute(question, params)
            if row := cursor.fetchone():
                return Verified(day=day, chains=chains, lines=lines, broken=_broken(day, row))
    return Verified(day=day, chains=chains, lines=lines, broken=None)


def _size(day: date, tenant: UUID | None) -> tuple[int, int]:
    ended = LedgerDay.objects.filter(day=day)
    counts = list((ended.filter(tenant=tenant) if tenant else ended).values_list("lines", flat=True))
    return len(counts), sum(counts)


def _broken(day: date, row: tuple[object, ...]) -> Broken:
    tenant, place, attempt_id, because = row
    return Broken(
        tenant=str(tenant),
        day=day,
        place=int(str(place)),
        attempt_id=str(attempt_id),
        because=str(because),
    )
