"""Hours tell all tags at once, end users, how long attempts took, and what providers' caches saved and cost.

They are made anew from the ledger, as far back as that goes; days are summed once more.
"""

from django.db import migrations, models
from django.db.models import Q

DIMENSIONS = (
    "router", "gateway_key", "provider", "model", "requested_model", "request_class", "rule", "tier",
    "outcome", "part", "known", "verified", "fit", "called_for", "needs",
)
OF_MANY = ("router", "provider", "model", "tier", "outcome", "part", "known", "verified")
TOKENS = (
    "input_tokens", "cache_read_tokens", "cache_write_tokens", "cache_write_1h_tokens", "output_tokens",
    "reasoning_tokens", "audio_input_tokens", "audio_output_tokens", "audio_cache_read_tokens",
    "image_input_tokens", "image_output_tokens", "tool_input_tokens", "searches",
)
DISJOINT = tuple(name for name in TOKENS if name not in ("reasoning_tokens", "searches"))
ADDED = ("took_ms", "cache_saved_nano", "cache_paid_nano")
OF_LINES = ("attempts", *TOKENS, "cost_nano", "unpriced_attempts", *ADDED)
MEASURES = (*OF_LINES, "requests", "baseline_nano", "second_nano", "second_unknown")

INTO = "(price ->> 'input')::numeric"
SAVED = f"""
    CASE WHEN cache_read_tokens + audio_cache_read_tokens > 0 AND cost_nano > 0 THEN coalesce(sign * round((
        cache_read_tokens * ({INTO} - coalesce(price ->> 'cache_read', price ->> 'input')::numeric)
        + audio_cache_read_tokens * (
            coalesce(price ->> 'audio_input', price ->> 'input')::numeric
            - coalesce(price ->> 'audio_cache_read', price ->> 'cache_read', price ->> 'input')::numeric
        )
    ) / 1e6), 0) ELSE 0 END::bigint
"""
PAID = f"""
    CASE WHEN cache_write_tokens + cache_write_1h_tokens > 0 AND cost_nano > 0 THEN coalesce(sign * round((
        cache_write_tokens * (coalesce(price ->> 'cache_write', price ->> 'input')::numeric - {INTO})
        + cache_write_1h_tokens * (
            coalesce(price ->> 'cache_write_1h', price ->> 'cache_write', price ->> 'input')::numeric - {INTO}
        )
    ) / 1e6), 0) ELSE 0 END::bigint
"""
COUNTED = f"""
    SELECT tenant_id, at, tags, end_user, {", ".join(DIMENSIONS)}, sign AS attempts,
           {", ".join(f"sign * {name} AS {name}" for name in TOKENS)},
           sign * coalesce(cost_nano, 0) AS cost_nano, sign * (cost_nano IS NULL)::int AS unpriced_attempts,
           sign * total_ms AS took_ms, {SAVED} AS cache_saved_nano, {PAID} AS cache_paid_nano,
           0 AS requests, 0::bigint AS baseline_nano, 0::bigint AS second_nano, 0 AS second_unknown,
           {" + ".join(DISJOINT)} AS longest
    FROM billing_ledgerentry
    UNION ALL
    SELECT tenant_id, at, tags, end_user, {", ".join(DIMENSIONS)}, {", ".join("0" for _ in OF_LINES)},
           1, coalesce(baseline_nano, 0), CASE WHEN known THEN coalesce(second_nano, 0) ELSE 0 END,
           CASE WHEN known THEN (second_nano IS NULL)::int ELSE 0 END, 0
    FROM billing_requestrecord
"""
TOLD = ", ".join(
    name if name in OF_MANY else f"CASE WHEN is_of_many THEN '' ELSE {name} END AS {name}"
    for name in DIMENSIONS
)
ROW = f"tenant_id, hour, tag, value, {', '.join(DIMENSIONS)}"
DIGEST = "md5(" + " || E'\\x1f' || ".join(f"{name}::text" for name in ("tag", "value", *DIMENSIONS)) + ")::uuid"

# Hours whose lines may have been dropped keep the sums that they have.
SUMMED_ANEW = f"""
    SELECT set_config('app.tenant_id', '*', true);
    CREATE TEMP TABLE whole_hours ON COMMIT DROP AS
        SELECT tenant.id AS tenant_id, time_zone,
               date_trunc('hour', oldest - interval '1 microsecond', time_zone) + interval '1 hour' AS since
        FROM tenants_tenant AS tenant, (
            SELECT min(to_date(right(inhrelid::regclass::text, 8), 'YYYYMMDD'))::timestamp AT TIME ZONE 'UTC' AS oldest
            FROM pg_inherits WHERE inhparent = 'billing_ledgerentry'::regclass
        ) AS partitions;
    DELETE FROM billing_rollup AS row USING whole_hours
    WHERE row.tenant_id = whole_hours.tenant_id AND hour >= since;
    INSERT INTO billing_rollup ({ROW}, digest, {", ".join(MEASURES)}, longest)
    SELECT {ROW}, {DIGEST}, {", ".join(f"sum({name})" for name in MEASURES)}, max(longest)
    FROM (
        SELECT told.*, date_trunc('hour', at, time_zone) AS hour
        FROM (
            SELECT tenant_id, at, tag, value, {TOLD}, {", ".join(MEASURES)}, longest
            FROM ({COUNTED}) AS counted CROSS JOIN LATERAL (
                SELECT '' AS tag, '' AS value, false AS is_of_many
                UNION ALL SELECT key, jsonb_each_text.value, false FROM jsonb_each_text(tags)
                UNION ALL SELECT '*', tags::text, true WHERE tags <> '{{}}'
                UNION ALL SELECT '@', end_user, true WHERE end_user <> ''
            ) AS tagged
        ) AS told JOIN whole_hours USING (tenant_id) WHERE at >= since
    ) AS clocked
    GROUP BY {ROW};
    UPDATE billing_rolledday SET summed = false;
"""


def added(table):
    return [migrations.AddField(table, name, models.BigIntegerField(db_default=0)) for name in ADDED]


def found(model, table):
    return [
        migrations.AddIndex(
            model,
            models.Index(fields=["tenant", field, "-at"], condition=~Q(**{field: ""}), name=f"{table}_of_{name}"),
        )
        for field, name in (("session", "session"), ("end_user", "user"))
    ]


class Migration(migrations.Migration):

    dependencies = [("billing", "0010_alerts")]

    operations = [
        *added("rollup"),
        *added("dailyrollup"),
        *found("ledgerentry", "ledger"),
        *found("requestrecord", "request"),
        migrations.RunSQL(SUMMED_ANEW, migrations.RunSQL.noop),
    ]
