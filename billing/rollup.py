"""Rollups are nothing but sums over the ledger: one statement makes them, adds to them, makes them anew."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db import connection
from django.db.backends.utils import CursorWrapper

from billing import exclusive, partitions
from billing.decode import EARLIEST
from billing.dimensions import ALL_TAGS, DIMENSIONS, DISJOINT, END_USER, MEASURES, OF_LINES, OF_MANY, TOKENS
from console.tenancy import within

if TYPE_CHECKING:
    from console.tenants.models import Tenant

_DIMENSIONS = ", ".join(DIMENSIONS)
_MEASURES = ", ".join(MEASURES)
_TOKENS = ", ".join(f"sign * {bucket} AS {bucket}" for bucket in TOKENS)
_ROW = f"tenant_id, hour, tag, value, {_DIMENSIONS}"
_DIGEST = (
    "md5(" + " || E'\\x1f' || ".join(f"{name}::text" for name in ("tag", "value", *DIMENSIONS)) + ")::uuid"
)


def _price(*buckets: str) -> str:
    """Of the first bucket that has one, as `core.price.cost` looks for it."""
    return f"coalesce({', '.join(f"price ->> '{bucket}'" for bucket in buckets)})::numeric"


def _by_cache(*parts: tuple[str, str, str]) -> str:
    """Nano-dollars: tokens at a price less the same tokens at another, of lines with such tokens and a price."""
    tokens = " + ".join(name for name, _, _ in parts)
    amount = " + ".join(f"{name} * ({more} - {less})" for name, more, less in parts)
    return f"CASE WHEN {tokens} > 0 AND cost_nano > 0 THEN coalesce(sign * round(({amount}) / 1e6), 0) ELSE 0 END::bigint"


_CACHE_SAVED = _by_cache(
    ("cache_read_tokens", _price("input"), _price("cache_read", "input")),
    (
        "audio_cache_read_tokens",
        _price("audio_input", "input"),
        _price("audio_cache_read", "cache_read", "input"),
    ),
)
_CACHE_PAID = _by_cache(
    ("cache_write_tokens", _price("cache_write", "input"), _price("input")),
    ("cache_write_1h_tokens", _price("cache_write_1h", "cache_write", "input"), _price("input")),
)

# What counts, of any two relations named `fresh_lines` and `fresh_requests` with a column `sign`.
COUNTED = f"""
    SELECT tenant_id, at, tags, end_user, session, {_DIMENSIONS},
           sign AS attempts, {_TOKENS}, sign * coalesce(cost_nano, 0) AS cost_nano,
           sign * (cost_nano IS NULL)::int AS unpriced_attempts, sign * total_ms AS took_ms,
           {_CACHE_SAVED} AS cache_saved_nano, {_CACHE_PAID} AS cache_paid_nano, 0 AS requests, 0::bigint AS baseline_nano,
           0::bigint AS second_nano, 0 AS second_unknown,
           {" + ".join(DISJOINT)} AS longest
    FROM fresh_lines
    UNION ALL
    SELECT tenant_id, at, tags, end_user, session, {_DIMENSIONS},
           {", ".join("0" for _ in OF_LINES)}, sign, sign * coalesce(baseline_nano, 0),
           CASE WHEN known THEN sign * coalesce(second_nano, 0) ELSE 0 END,
           CASE WHEN known THEN sign * (second_nano IS NULL)::int ELSE 0 END, 0
    FROM fresh_requests
"""  # noqa: S608 (of constants)

_TOLD = ", ".join(
    name if name in OF_MANY else f"CASE WHEN is_of_many THEN '' ELSE {name} END AS {name}"
    for name in DIMENSIONS
)

# By the hour of the tenant's own clock: once for all, once for each tag, for all tags and for the end user.
SUMS = f"""
    SELECT {_ROW}, {_DIGEST} AS digest, {", ".join(f"sum({name})::bigint AS {name}" for name in MEASURES)},
           max(longest)::bigint AS longest
    FROM (
        SELECT tenant_id, at, tag, value, {_TOLD}, {_MEASURES}, longest
        FROM ({COUNTED}) AS counted
        CROSS JOIN LATERAL (
            SELECT '' AS tag, '' AS value, false AS is_of_many
            UNION ALL SELECT key, jsonb_each_text.value, false FROM jsonb_each_text(tags)
            UNION ALL SELECT '{ALL_TAGS}', tags::text, true WHERE tags <> '{{}}'
            UNION ALL SELECT '{END_USER}', end_user, true WHERE end_user <> ''
        ) AS tagged
    ) AS told
    LEFT JOIN tenants_tenant AS tenant ON tenant.id = tenant_id
    CROSS JOIN LATERAL (SELECT date_trunc('hour', at, coalesce(tenant.time_zone, 'UTC')) AS hour) AS clock
    GROUP BY {_ROW}
"""  # noqa: S608 (of constants)

_ZONE = "LEFT JOIN tenants_tenant AS tenant ON tenant.id = tenant_id"
_HOUR = "date_trunc('hour', at, coalesce(tenant.time_zone, 'UTC'))"

# Ends a WITH that has `fresh_lines` and `fresh_requests`. Ordered by the keys, so that two writers lock rows
# in one order.
ADD = f"""
    , unsettled AS (
        INSERT INTO billing_rolledday AS known (tenant_id, day)
        SELECT DISTINCT tenant_id, (at AT TIME ZONE coalesce(tenant.time_zone, 'UTC'))::date
        FROM (SELECT tenant_id, at FROM fresh_lines UNION SELECT tenant_id, at FROM fresh_requests) AS touched
        {_ZONE} ORDER BY 1, 2
        ON CONFLICT (tenant_id, day) DO UPDATE SET summed = false WHERE known.summed
    ), took AS (
        INSERT INTO billing_latencyrollup AS known (tenant_id, of_day, at, ms, totals, first_bytes)
        SELECT tenant_id, false, {_HOUR}, round(took, 2 - length(took::text)),
               sum(sign * totals), sum(sign * first_bytes)
        FROM fresh_requests {_ZONE}
        CROSS JOIN LATERAL (VALUES (total_ms::numeric, 1, 0), (first_byte_ms::numeric, 0, 1))
            AS each (took, totals, first_bytes)
        WHERE outcome NOT IN ('failed', 'cached') AND took IS NOT NULL GROUP BY 1, 3, 4 ORDER BY 1, 3, 4
        ON CONFLICT (tenant_id, of_day, at, ms) DO UPDATE
            SET totals = known.totals + excluded.totals, first_bytes = known.first_bytes + excluded.first_bytes
    )
    INSERT INTO billing_rollup AS row ({_ROW}, digest, {_MEASURES}, longest)
    {SUMS} ORDER BY tenant_id, tag, hour, digest
    ON CONFLICT (tenant_id, tag, hour, digest) DO UPDATE SET
        {", ".join(f"{name} = row.{name} + excluded.{name}" for name in MEASURES)},
        longest = greatest(row.longest, excluded.longest)
"""  # noqa: S608 (of constants)

_ALL = """
    WITH fresh_lines AS (SELECT * FROM billing_ledgerentry WHERE tenant_id = %(tenant)s AND at >= %(since)s),
         fresh_requests AS (
             SELECT *, 1 AS sign FROM billing_requestrecord WHERE tenant_id = %(tenant)s AND at >= %(since)s
         )
"""


def rebuild(tenant: Tenant | UUID) -> None:
    """A tenant's rollups from its ledger, as far back as that goes; needed when its time zone changes."""
    tenant_id = tenant if isinstance(tenant, UUID) else tenant.pk
    with within(tenant), connection.cursor() as cursor:
        exclusive.wait()
        params: dict[str, Any] = {"tenant": tenant_id, "since": _since(cursor, tenant_id)}
        for table, moment in (("rollup", "hour"), ("latencyrollup", "at")):
            cursor.execute(
                f"DELETE FROM billing_{table} WHERE tenant_id = %(tenant)s AND {moment} >= %(since)s",  # noqa: S608
                params,
            )
        cursor.execute("UPDATE billing_rolledday SET summed = false WHERE tenant_id = %(tenant)s", params)
        cursor.execute(_ALL + ADD, params)


def differences(tenant: Tenant | UUID, *, since: datetime | None = None) -> int:
    """Rows in which the rollups are not the ledger's sums: 0, or something is badly wrong."""
    tenant_id = tenant if isinstance(tenant, UUID) else tenant.pk
    columns = f"{_ROW}, {_MEASURES}"
    not_empty = " OR ".join(f"{name} <> 0" for name in MEASURES)
    with within(tenant), connection.cursor() as cursor:
        cursor.execute(
            f"""{_ALL}, summed AS (SELECT {columns} FROM ({SUMS}) AS sums WHERE {not_empty}),
                kept AS (SELECT {columns} FROM billing_rollup
                         WHERE tenant_id = %(tenant)s AND hour >= %(since)s AND ({not_empty}))
                SELECT (SELECT count(*) FROM (TABLE summed EXCEPT ALL TABLE kept) AS missing)
                     + (SELECT count(*) FROM (TABLE kept EXCEPT ALL TABLE summed) AS surplus)""",  # noqa: S608
            {"tenant": tenant_id, "since": _since(cursor, tenant_id, since)},
        )
        (count,) = cursor.fetchone() or (0,)
    return int(count)


def _since(cursor: CursorWrapper, tenant: UUID, since: datetime | None = None) -> datetime:
    """The first hour of the tenant's clock that has all its lines: before, they may have been dropped."""
    oldest = max(partitions.span(partitions.oldest())[0], since or EARLIEST)
    cursor.execute(
        """SELECT date_trunc('hour', %s - interval '1 microsecond', time_zone) + interval '1 hour'
           FROM tenants_tenant WHERE id = %s""",
        [oldest, tenant],
    )
    (moment,) = cursor.fetchone() or (oldest,)
    assert isinstance(moment, datetime)
    return moment
