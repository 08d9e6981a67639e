"""The ledger by day, chained, with a second baseline; daily sums beside the hourly ones.

What is there is copied line by line into the new tables and chained in the order of its recording.
"""

import billing.models
import django.contrib.postgres.functions
import django.db.models.deletion
from django.db import migrations, models

from console.tenancy import TenantPolicy

DIMENSIONS = (
    "router", "gateway_key", "provider", "model", "requested_model", "request_class", "rule", "tier",
    "outcome", "part", "known", "verified", "fit", "called_for", "needs",
)
TOKENS = (
    "input_tokens", "cache_read_tokens", "cache_write_tokens", "cache_write_1h_tokens", "output_tokens",
    "reasoning_tokens", "audio_input_tokens", "audio_output_tokens", "audio_cache_read_tokens",
    "image_input_tokens", "image_output_tokens", "tool_input_tokens", "searches",
)
DISJOINT = tuple(name for name in TOKENS if name not in ("reasoning_tokens", "searches"))
OF_LINES = ("attempts", *TOKENS, "cost_nano", "unpriced_attempts")
MEASURES = (*OF_LINES, "requests", "baseline_nano", "second_unknown")

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

FUNCTIONS = """
    CREATE FUNCTION billing_partition(parent text, day date) RETURNS void LANGUAGE plpgsql AS $$
    DECLARE
        name text := parent || to_char(day, '_YYYYMMDD');
    BEGIN
        EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING ALL)', name, parent);
        EXECUTE format('REVOKE ALL ON %I FROM PUBLIC, CURRENT_USER', name);
        EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', parent, name,
                       day::timestamp AT TIME ZONE 'UTC', (day + 1)::timestamp AT TIME ZONE 'UTC');
    END $$;
    CREATE FUNCTION ledger_next(hash bytea, first bytea, digest bytea) RETURNS bytea
        LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
    BEGIN
        RETURN sha256(coalesce(hash, first) || digest);
    END $$;
    CREATE AGGREGATE ledger_link(first bytea, digest bytea) (SFUNC = ledger_next, STYPE = bytea);
"""

# Everybody's rows are moved: the policies of row-level security bind the owner too.
PARTITIONED = """
    SELECT set_config('app.tenant_id', '*', true);
    DROP TRIGGER append_only ON billing_ledgerentry;
    CREATE TEMP TABLE kept_line ON COMMIT DROP AS SELECT * FROM billing_ledgerentry;
    CREATE TEMP TABLE kept_request ON COMMIT DROP AS SELECT * FROM billing_requestrecord;

    ALTER TABLE billing_ledgerentry RENAME TO ledger_before;
    ALTER TABLE billing_requestrecord RENAME TO requests_before;
    CREATE TABLE billing_ledgerentry (LIKE ledger_before INCLUDING DEFAULTS INCLUDING CONSTRAINTS)
        PARTITION BY RANGE (at);
    CREATE TABLE billing_requestrecord (LIKE requests_before INCLUDING DEFAULTS INCLUDING CONSTRAINTS)
        PARTITION BY RANGE (at);
    DROP TABLE ledger_before, requests_before;

    ALTER TABLE billing_ledgerentry
        DROP COLUMN id,
        ADD COLUMN verified boolean NOT NULL DEFAULT true,
        ADD COLUMN reason text,
        ADD COLUMN second_model text NOT NULL DEFAULT '',
        ADD COLUMN second_nano bigint CHECK (second_nano >= 0),
        ADD COLUMN place bigint NOT NULL,
        ADD COLUMN hash bytea NOT NULL,
        ADD PRIMARY KEY (attempt_id, at);
    ALTER TABLE billing_requestrecord
        DROP COLUMN id,
        ADD COLUMN verified boolean NOT NULL DEFAULT true,
        ADD COLUMN second_model text NOT NULL DEFAULT '',
        ADD COLUMN second_nano bigint CHECK (second_nano >= 0),
        ADD PRIMARY KEY (request_id, at);
    CREATE INDEX ledger_of_request ON billing_ledgerentry (request_id);
    CREATE INDEX ledger_newest ON billing_ledgerentry (tenant_id, at DESC);
    CREATE INDEX request_newest ON billing_requestrecord (tenant_id, at DESC, request_id DESC);
    CREATE INDEX request_by_router ON billing_requestrecord (tenant_id, router, at DESC);
    CREATE INDEX request_unknown ON billing_requestrecord (tenant_id, at DESC) WHERE NOT known;

    SELECT billing_partition(parent, day)
    FROM (SELECT DISTINCT (at AT TIME ZONE 'UTC')::date AS day FROM kept_request
          UNION SELECT (at AT TIME ZONE 'UTC')::date FROM kept_line
          UNION SELECT current_date + n FROM generate_series(0, 7) AS n) AS days,
         unnest(ARRAY['billing_ledgerentry', 'billing_requestrecord']) AS parent;
"""

COPIED = """
    CREATE TEMP TABLE verified_request ON COMMIT DROP AS
        SELECT request_id, bool_and(usage_source IN ('provider_final', 'none')) AS verified
        FROM kept_line WHERE sign > 0 GROUP BY request_id;
    INSERT INTO billing_requestrecord ({requests}, verified)
    SELECT {requests}, coalesce(verified_request.verified, true)
    FROM kept_request LEFT JOIN verified_request USING (request_id);

    WITH placed AS (
        SELECT {lines}, coalesce(verified_request.verified, true) AS verified, NULL::text AS reason,
               ''::text AS second_model, NULL::bigint AS second_nano,
               row_number() OVER (PARTITION BY tenant_id, (at AT TIME ZONE 'UTC')::date ORDER BY id) AS place
        FROM kept_line LEFT JOIN verified_request USING (request_id)
    )
    INSERT INTO billing_ledgerentry ({lines}, verified, reason, second_model, second_nano, place, hash)
    SELECT {lines}, verified, reason, second_model, second_nano, place, ledger_link(
        sha256((tenant_id || ' ' || (at AT TIME ZONE 'UTC')::date)::bytea),
        sha256(convert_to(json_build_array({hashed})::text, 'UTF8'))
    ) OVER (PARTITION BY tenant_id, (at AT TIME ZONE 'UTC')::date ORDER BY place)
    FROM placed;

    INSERT INTO billing_ledgerday (tenant_id, day, lines, hash)
    SELECT DISTINCT ON (1, 2) tenant_id, (at AT TIME ZONE 'UTC')::date, place, hash
    FROM billing_ledgerentry ORDER BY 1, 2, place DESC;
"""

# The role that owns the table is the product's own: what it has taken from itself it does not have.
APPEND_ONLY = """
    REVOKE UPDATE, DELETE ON billing_ledgerentry FROM PUBLIC, CURRENT_USER;
    CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON billing_ledgerentry
        FOR EACH STATEMENT EXECUTE FUNCTION ledger_is_append_only();
"""


def copy(apps, schema_editor):
    with schema_editor.connection.cursor() as cursor:
        columns = {}
        for table in ("kept_request", "kept_line"):
            cursor.execute(
                "SELECT string_agg(attname, ', ' ORDER BY attnum) FROM pg_attribute"
                " WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped AND attname <> 'id'",
                [table],
            )
            (columns[table],) = cursor.fetchone()
        hashed = [f"extract(epoch FROM {name})" if name in ("at", "recorded_at") else name for name in HASHED]
        cursor.execute(
            COPIED.format(
                requests=columns["kept_request"], lines=columns["kept_line"], hashed=", ".join(hashed)
            )
        )


def sum_anew(apps, schema_editor):
    """A request may be verified or not: its sums are told apart from now on, so they are made anew."""
    dimensions, row = ", ".join(DIMENSIONS), ", ".join(("tenant_id", "hour", "tag", "value", *DIMENSIONS))
    digest = " || E'\\x1f' || ".join(f"{name}::text" for name in ("tag", "value", *DIMENSIONS))
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(f"""
            SELECT set_config('app.tenant_id', '*', true);
            DELETE FROM billing_rollup;
            INSERT INTO billing_rollup ({row}, digest, {", ".join(MEASURES)}, longest)
            SELECT {row}, md5({digest})::uuid, {", ".join(f"sum({name})" for name in MEASURES)}, max(longest)
            FROM (
                SELECT tenant_id, at, tags, {dimensions}, sign AS attempts,
                       {", ".join(f"sign * {name} AS {name}" for name in TOKENS)},
                       sign * coalesce(cost_nano, 0) AS cost_nano,
                       sign * (cost_nano IS NULL)::int AS unpriced_attempts, 0 AS requests,
                       0::bigint AS baseline_nano, 0 AS second_unknown, {" + ".join(DISJOINT)} AS longest
                FROM billing_ledgerentry
                UNION ALL
                SELECT tenant_id, at, tags, {dimensions}, {", ".join("0" for _ in OF_LINES)}, 1,
                       coalesce(baseline_nano, 0), (second_nano IS NULL)::int, 0
                FROM billing_requestrecord
            ) AS counted
            CROSS JOIN LATERAL (
                SELECT '' AS tag, '' AS value
                UNION ALL SELECT key, each.value FROM jsonb_each_text(tags) AS each
            ) AS tagged
            LEFT JOIN tenants_tenant AS tenant ON tenant.id = tenant_id
            CROSS JOIN LATERAL (SELECT date_trunc('hour', at, coalesce(tenant.time_zone, 'UTC')) AS hour) AS clock
            GROUP BY {row};
            INSERT INTO billing_rolledday (tenant_id, day)
            SELECT DISTINCT tenant_id, (hour AT TIME ZONE coalesce(tenant.time_zone, 'UTC'))::date
            FROM billing_rollup LEFT JOIN tenants_tenant AS tenant ON tenant.id = tenant_id;
            INSERT INTO billing_latencyrollup (tenant_id, of_day, at, ms, totals, first_bytes)
            SELECT tenant_id, false, date_trunc('hour', at, coalesce(tenant.time_zone, 'UTC')),
                   round(took, 1 - greatest(length(took::text), 2) + 1), sum(totals), sum(first_bytes)
            FROM billing_requestrecord LEFT JOIN tenants_tenant AS tenant ON tenant.id = tenant_id
            CROSS JOIN LATERAL (VALUES (total_ms::numeric, 1, 0), (first_byte_ms::numeric, 0, 1))
                AS each (took, totals, first_bytes)
            WHERE outcome NOT IN ('failed', 'cached') AND took IS NOT NULL GROUP BY 1, 3, 4;
        """)


def owned(related_name):
    return models.ForeignKey(
        "tenants.Tenant", db_constraint=False, on_delete=django.db.models.deletion.PROTECT, related_name=related_name
    )


def text():
    return models.TextField(db_default="")


def sums():
    counted = [name for name in MEASURES if name != "second_unknown"]
    return [
        ("tag", text()),
        ("value", text()),
        *((name, models.BigIntegerField(db_default=0) if name in TOKENS[8:] else models.BigIntegerField())
          for name in (*counted, "longest")),
        *((name, models.BigIntegerField(db_default=0)) for name in ("second_nano", "second_unknown")),
    ]


STATE = [
    migrations.RemoveField("ledgerentry", "id"),
    migrations.AlterField("ledgerentry", "attempt_id", models.TextField(primary_key=True, serialize=False)),
    migrations.AddField("ledgerentry", "verified", models.BooleanField(db_default=True)),
    migrations.AddField("ledgerentry", "reason", models.TextField(null=True)),
    migrations.AddField("ledgerentry", "second_model", text()),
    migrations.AddField("ledgerentry", "second_nano", models.PositiveBigIntegerField(null=True)),
    migrations.AddField("ledgerentry", "place", models.BigIntegerField(default=0), preserve_default=False),
    migrations.AddField("ledgerentry", "hash", models.BinaryField(default=b""), preserve_default=False),
    migrations.RemoveField("requestrecord", "id"),
    migrations.AlterField("requestrecord", "request_id", models.TextField(primary_key=True, serialize=False)),
    migrations.AddField("requestrecord", "verified", models.BooleanField(db_default=True)),
    migrations.AddField("requestrecord", "second_model", text()),
    migrations.AddField("requestrecord", "second_nano", models.PositiveBigIntegerField(null=True)),
]


class Migration(migrations.Migration):

    dependencies = [("billing", "0003_more_buckets"), ("tenants", "0001_initial")]

    operations = [
        migrations.CreateModel(
            name="LedgerDay",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("day", models.DateField()),
                ("lines", models.BigIntegerField()),
                ("hash", models.BinaryField()),
                ("tenant", owned("ledger_days")),
            ],
            options={"constraints": [models.UniqueConstraint(models.F("tenant"), models.F("day"), name="one_chain_a_day")]},
        ),
        migrations.CreateModel(
            name="DailyRollup",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                *((name, models.BooleanField(db_default=True) if name in ("known", "verified") else text())
                  for name in DIMENSIONS),
                *sums(),
                ("day", models.DateField()),
                ("grain", models.CharField(max_length=8)),
                ("tenant", owned("daily_rollups")),
            ],
            options={"indexes": [models.Index(fields=["tenant", "grain", "tag", "day"], name="daily_rollup_rows")]},
        ),
        migrations.CreateModel(
            name="LatencyRollup",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("of_day", models.BooleanField()),
                ("at", models.DateTimeField()),
                ("ms", models.BigIntegerField()),
                ("totals", models.BigIntegerField()),
                ("first_bytes", models.BigIntegerField()),
                ("tenant", owned("latency_rollups")),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        models.F("tenant"), models.F("of_day"), models.F("at"), models.F("ms"), name="latency_row"
                    )
                ]
            },
        ),
        migrations.CreateModel(
            name="RolledDay",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("day", models.DateField()),
                ("summed", models.BooleanField(db_default=False)),
                ("tenant", owned("rolled_days")),
            ],
            options={"constraints": [models.UniqueConstraint(models.F("tenant"), models.F("day"), name="rolled_day")]},
        ),
        migrations.CreateModel(
            name="Sequence",
            fields=[
                ("process", models.TextField(primary_key=True, serialize=False)),
                ("seen", billing.models.Multirange()),
                ("changed_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="SelfCheck",
            fields=[
                ("id", models.UUIDField(db_default=django.contrib.postgres.functions.RandomUUID(), primary_key=True, serialize=False)),
                ("at", models.DateTimeField(db_index=True)),
                ("since", models.DateTimeField()),
                ("findings", models.JSONField()),
                ("examples", models.JSONField()),
                ("took_ms", models.PositiveIntegerField()),
            ],
        ),
        *(
            migrations.AddField("rollup", name, field)
            for name, field in (
                ("verified", models.BooleanField(db_default=True)),
                ("second_nano", models.BigIntegerField(db_default=0)),
                ("second_unknown", models.BigIntegerField(db_default=0)),
            )
        ),
        *map(TenantPolicy, (
            "billing_ledgerday", "billing_dailyrollup", "billing_latencyrollup", "billing_rolledday",
        )),
        migrations.RunSQL(FUNCTIONS),
        migrations.SeparateDatabaseAndState([migrations.RunSQL(PARTITIONED)], STATE),
        TenantPolicy("billing_ledgerentry"),
        TenantPolicy("billing_requestrecord"),
        migrations.RunPython(copy),
        migrations.RunSQL(APPEND_ONLY),
        migrations.RunPython(sum_anew),
    ]
