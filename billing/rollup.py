"""Rollups are nothing but sums over the ledger: one statement makes them, adds to them, makes them anew."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from django.db import connection

from billing import exclusive
from billing.dimensions import DIMENSIONS, DISJOINT, MEASURES, OF_LINES, TOKENS
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

# What counts, of any two relations named `fresh_lines` and `fresh_requests` with a column `sign`.
COUNTED = f"""
    SELECT tenant_id, at, tags, end_user, session, {_DIMENSIONS},
           sign AS attempts, {_TOKENS}, sign * coalesce(cost_nano, 0) AS cost_nano,
           sign * (cost_nano IS NULL)::int AS unpriced_attempts, 0 AS requests, 0::bigint AS baseline_nano,
           {" + ".join(DISJOINT)} AS longest
    FROM fresh_lines
    UNION ALL
    SELECT tenant_id, at, tags, end_user, session, {_DIMENSIONS},
           {", ".join("0" for _ in OF_LINES)}, sign, sign * coalesce(baseline_nano, 0), 0
    FROM fresh_requests
"""  # noqa: S608 (of constants)

# By the hour of the tenant's own clock, once for all and once for each tag.
SUMS = f"""
    SELECT {_ROW}, {_DIGEST} AS digest, {", ".join(f"sum({name})::bigint AS {name}" for name in MEASURES)},
           max(longest)::bigint AS longest
    FROM ({COUNTED}) AS counted
    CROSS JOIN LATERAL (
        SELECT '' AS tag, '' AS value
        UNION ALL SELECT key, jsonb_each_text.value FROM jsonb_each_text(tags)
    ) AS tagged
    LEFT JOIN tenants_tenant AS tenant ON tenant.id = tenant_id
    CROSS JOIN LATERAL (SELECT date_trunc('hour', at, coalesce(tenant.time_zone, 'UTC')) AS hour) AS clock
    GROUP BY {_ROW}
"""  # noqa: S608 (of constants)

# Ordered by the key, so that two writers lock rows in one order.
ADD = f"""
    INSERT INTO billing_rollup AS row ({_ROW}, digest, {_MEASURES}, longest)
    {SUMS} ORDER BY tenant_id, tag, hour, digest
    ON CONFLICT (tenant_id, tag, hour, digest) DO UPDATE SET
        {", ".join(f"{name} = row.{name} + excluded.{name}" for name in MEASURES)},
        longest = greatest(row.longest, excluded.longest)
"""

_ALL = """
    WITH fresh_lines AS (SELECT * FROM billing_ledgerentry WHERE tenant_id = %(tenant)s),
         fresh_requests AS (SELECT *, 1 AS sign FROM billing_requestrecord WHERE tenant_id = %(tenant)s)
"""


def rebuild(tenant: Tenant | UUID) -> None:
    """All of a tenant's rollups from its ledger; needed when its time zone changes."""
    with within(tenant), connection.cursor() as cursor:
        exclusive.wait()
        tenant_id = tenant if isinstance(tenant, UUID) else tenant.pk
        cursor.execute("DELETE FROM billing_rollup WHERE tenant_id = %s", [tenant_id])
        cursor.execute(_ALL + ADD, {"tenant": tenant_id})


def differences(tenant: Tenant) -> int:
    """Rows in which the rollups are not the ledger's sums: 0, or something is badly wrong."""
    columns = f"{_ROW}, {_MEASURES}"
    not_empty = " OR ".join(f"{name} <> 0" for name in MEASURES)
    with within(tenant), connection.cursor() as cursor:
        cursor.execute(
            f"""{_ALL}, summed AS (SELECT {columns} FROM ({SUMS}) AS sums WHERE {not_empty}),
                kept AS (SELECT {columns} FROM billing_rollup
                         WHERE tenant_id = %(tenant)s AND ({not_empty}))
                SELECT (SELECT count(*) FROM (TABLE summed EXCEPT ALL TABLE kept) AS missing)
                     + (SELECT count(*) FROM (TABLE kept EXCEPT ALL TABLE summed) AS surplus)""",  # noqa: S608
            {"tenant": tenant.pk},
        )
        (count,) = cursor.fetchone() or (0,)
    return int(count)
