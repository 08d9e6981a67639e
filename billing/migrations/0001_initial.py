import django.contrib.postgres.functions
import django.db.models.deletion
import django.db.models.expressions
import django.db.models.functions.datetime
from django.db import migrations, models

from console.tenancy import TenantPolicy


APPEND_ONLY = """
    CREATE FUNCTION ledger_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION 'the ledger is append-only: correct it by further lines'
            USING ERRCODE = 'restrict_violation';
    END $$;
    CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON billing_ledgerentry
        FOR EACH STATEMENT EXECUTE FUNCTION ledger_is_append_only();
"""
CHANGEABLE = "DROP TRIGGER append_only ON billing_ledgerentry; DROP FUNCTION ledger_is_append_only();"

# Rows of the current hour are updated with every batch: room for them on their page spares the index.
ROOMY = "ALTER TABLE billing_rollup SET (fillfactor = 70)"
FULL = "ALTER TABLE billing_rollup RESET (fillfactor)"


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('tenants', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='DeadLetter',
            fields=[
                ('id', models.UUIDField(db_default=django.contrib.postgres.functions.RandomUUID(), primary_key=True, serialize=False)),
                ('entry', models.TextField(unique=True)),
                ('reason', models.TextField()),
                ('sha256', models.CharField(max_length=64)),
                ('size', models.PositiveIntegerField()),
                ('at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
        ),
        migrations.CreateModel(
            name='OpenIntent',
            fields=[
                ('attempt_id', models.TextField(primary_key=True, serialize=False)),
                ('request_id', models.TextField(db_index=True)),
                ('at', models.DateTimeField()),
                ('due', models.DateTimeField(db_index=True)),
                ('intent', models.JSONField()),
                ('tenant', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.PROTECT, related_name='open_intents', to='tenants.tenant')),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='LedgerEntry',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('router', models.TextField(db_default='')),
                ('gateway_key', models.TextField(db_default='')),
                ('provider', models.TextField(db_default='')),
                ('model', models.TextField(db_default='')),
                ('requested_model', models.TextField(db_default='')),
                ('request_class', models.TextField(db_default='')),
                ('rule', models.TextField(db_default='')),
                ('tier', models.TextField(db_default='')),
                ('outcome', models.TextField(db_default='')),
                ('part', models.TextField(db_default='')),
                ('known', models.BooleanField(db_default=True)),
                ('fit', models.TextField(db_default='')),
                ('called_for', models.TextField(db_default='')),
                ('needs', models.TextField(db_default='')),
                ('input_tokens', models.PositiveBigIntegerField(db_default=0)),
                ('cache_read_tokens', models.PositiveBigIntegerField(db_default=0)),
                ('cache_write_tokens', models.PositiveBigIntegerField(db_default=0)),
                ('cache_write_1h_tokens', models.PositiveBigIntegerField(db_default=0)),
                ('output_tokens', models.PositiveBigIntegerField(db_default=0)),
                ('reasoning_tokens', models.PositiveBigIntegerField(db_default=0)),
                ('audio_input_tokens', models.PositiveBigIntegerField(db_default=0)),
                ('audio_output_tokens', models.PositiveBigIntegerField(db_default=0)),
                ('attempt_id', models.TextField(unique=True)),
                ('request_id', models.TextField()),
                ('n', models.PositiveSmallIntegerField()),
                ('at', models.DateTimeField()),
                ('sign', models.SmallIntegerField(db_default=1)),
                ('corrects', models.TextField(db_default='')),
                ('served_model', models.TextField(db_default='')),
                ('provider_key', models.TextField(db_default='')),
                ('difficulty', models.FloatField(null=True)),
                ('kind', models.TextField()),
                ('attempt_outcome', models.TextField()),
                ('status', models.PositiveSmallIntegerField()),
                ('because', models.TextField(db_default='')),
                ('usage_source', models.TextField()),
                ('needs_review', models.BooleanField()),
                ('cost_nano', models.PositiveBigIntegerField(null=True)),
                ('price', models.JSONField(null=True)),
                ('baseline_model', models.TextField(db_default='')),
                ('baseline_nano', models.PositiveBigIntegerField(null=True)),
                ('tags', models.JSONField()),
                ('end_user', models.TextField(db_default='')),
                ('session', models.TextField(db_default='')),
                ('policy_version', models.PositiveBigIntegerField()),
                ('snapshot_version', models.PositiveBigIntegerField()),
                ('started_ms', models.PositiveBigIntegerField()),
                ('first_byte_ms', models.PositiveBigIntegerField(null=True)),
                ('total_ms', models.PositiveBigIntegerField()),
                ('recorded_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('tenant', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.PROTECT, related_name='ledger', to='tenants.tenant')),
            ],
            options={
                'indexes': [models.Index(fields=['request_id'], name='ledger_of_request'), models.Index(fields=['tenant', '-at'], name='ledger_newest')],
                'constraints': [models.CheckConstraint(condition=models.Q(('sign__in', (1, -1))), name='ledger_sign'), models.CheckConstraint(condition=models.Q(('sign', 1), models.Q(('corrects', ''), _negated=True), _connector='OR'), name='ledger_takes_back_what_was_there')],
            },
        ),
        migrations.CreateModel(
            name='RequestRecord',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('router', models.TextField(db_default='')),
                ('gateway_key', models.TextField(db_default='')),
                ('provider', models.TextField(db_default='')),
                ('model', models.TextField(db_default='')),
                ('requested_model', models.TextField(db_default='')),
                ('request_class', models.TextField(db_default='')),
                ('rule', models.TextField(db_default='')),
                ('tier', models.TextField(db_default='')),
                ('outcome', models.TextField(db_default='')),
                ('part', models.TextField(db_default='')),
                ('known', models.BooleanField(db_default=True)),
                ('fit', models.TextField(db_default='')),
                ('called_for', models.TextField(db_default='')),
                ('needs', models.TextField(db_default='')),
                ('request_id', models.TextField(unique=True)),
                ('at', models.DateTimeField()),
                ('process', models.TextField()),
                ('seq', models.BigIntegerField()),
                ('status', models.PositiveSmallIntegerField()),
                ('error', models.TextField(db_default='')),
                ('decided_tier', models.TextField(db_default='')),
                ('floors', models.JSONField()),
                ('facts', models.JSONField(null=True)),
                ('difficulty', models.FloatField(null=True)),
                ('confidence', models.FloatField(null=True)),
                ('tags', models.JSONField()),
                ('end_user', models.TextField(db_default='')),
                ('session', models.TextField(db_default='')),
                ('policy_version', models.PositiveBigIntegerField()),
                ('snapshot_version', models.PositiveBigIntegerField()),
                ('attempts', models.PositiveSmallIntegerField()),
                ('cost_nano', models.PositiveBigIntegerField()),
                ('unpriced_attempts', models.PositiveSmallIntegerField()),
                ('baseline_model', models.TextField(db_default='')),
                ('baseline_nano', models.PositiveBigIntegerField(null=True)),
                ('saved_nano', models.BigIntegerField(null=True)),
                ('total_ms', models.PositiveBigIntegerField()),
                ('first_byte_ms', models.PositiveBigIntegerField(null=True)),
                ('decide_us', models.PositiveBigIntegerField()),
                ('interrupted', models.BooleanField()),
                ('corrected', models.BooleanField(db_default=False)),
                ('recorded_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('tenant', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.PROTECT, related_name='requests', to='tenants.tenant')),
            ],
            options={
                'indexes': [models.Index(fields=['tenant', '-at', '-request_id'], name='request_newest'), models.Index(fields=['tenant', 'router', '-at'], name='request_by_router'), models.Index(condition=models.Q(('known', False)), fields=['tenant', '-at'], name='request_unknown')],
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('known', True), ('saved_nano', django.db.models.expressions.CombinedExpression(models.F('baseline_nano'), '-', models.F('cost_nano')))), models.Q(('known', False), ('saved_nano__isnull', True)), _connector='OR'), name='request_saving_is_net'), models.CheckConstraint(condition=models.Q(('known', False), ('unpriced_attempts', 0), _connector='OR'), name='request_saving_knows_all_costs')],
            },
        ),
        migrations.CreateModel(
            name='Rollup',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('router', models.TextField(db_default='')),
                ('gateway_key', models.TextField(db_default='')),
                ('provider', models.TextField(db_default='')),
                ('model', models.TextField(db_default='')),
                ('requested_model', models.TextField(db_default='')),
                ('request_class', models.TextField(db_default='')),
                ('rule', models.TextField(db_default='')),
                ('tier', models.TextField(db_default='')),
                ('outcome', models.TextField(db_default='')),
                ('part', models.TextField(db_default='')),
                ('known', models.BooleanField(db_default=True)),
                ('fit', models.TextField(db_default='')),
                ('called_for', models.TextField(db_default='')),
                ('needs', models.TextField(db_default='')),
                ('hour', models.DateTimeField()),
                ('tag', models.TextField(db_default='')),
                ('value', models.TextField(db_default='')),
                ('digest', models.UUIDField()),
                ('requests', models.BigIntegerField()),
                ('attempts', models.BigIntegerField()),
                ('input_tokens', models.BigIntegerField()),
                ('cache_read_tokens', models.BigIntegerField()),
                ('cache_write_tokens', models.BigIntegerField()),
                ('cache_write_1h_tokens', models.BigIntegerField()),
                ('output_tokens', models.BigIntegerField()),
                ('reasoning_tokens', models.BigIntegerField()),
                ('audio_input_tokens', models.BigIntegerField()),
                ('audio_output_tokens', models.BigIntegerField()),
                ('cost_nano', models.BigIntegerField()),
                ('unpriced_attempts', models.BigIntegerField()),
                ('baseline_nano', models.BigIntegerField()),
                ('longest', models.BigIntegerField()),
                ('tenant', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.PROTECT, related_name='rollups', to='tenants.tenant')),
            ],
            options={
                'constraints': [models.UniqueConstraint(models.F('tenant'), models.F('tag'), models.F('hour'), models.F('digest'), name='rollup_row')],
            },
        ),
        TenantPolicy("billing_requestrecord"),
        TenantPolicy("billing_ledgerentry"),
        TenantPolicy("billing_rollup"),
        TenantPolicy("billing_openintent"),
        migrations.RunSQL(sql=APPEND_ONLY, reverse_sql=CHANGEABLE),
        migrations.RunSQL(sql=ROOMY, reverse_sql=FULL),
    ]
