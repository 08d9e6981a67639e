"""Rollups are found by what they are sums of; sequences know what has had its time to come."""

from django.db import migrations, models
from django.db.models.functions import Now

KEYED = """
    ALTER TABLE billing_rollup DROP COLUMN id;
    DROP INDEX rollup_row;
    ALTER TABLE billing_rollup ADD PRIMARY KEY (tenant_id, tag, hour, digest);
"""


class Migration(migrations.Migration):

    dependencies = [("billing", "0004_partitioned_ledger")]

    operations = [
        migrations.SeparateDatabaseAndState(
            [migrations.RunSQL(KEYED)],
            [
                migrations.RemoveConstraint("rollup", "rollup_row"),
                migrations.RemoveField("rollup", "id"),
                migrations.AlterField("rollup", "digest", models.UUIDField(primary_key=True, serialize=False)),
            ],
        ),
        migrations.AddField("sequence", "settled", models.BigIntegerField(db_default=1)),
        migrations.AddField("sequence", "upcoming", models.BigIntegerField(db_default=1)),
        migrations.AddField("sequence", "moved_at", models.DateTimeField(db_default=Now())),
    ]
