"""A dead letter keeps what was sent and for whom, so that it can be tried again."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [("billing", "0005_rollups_without_numbers")]

    operations = [
        migrations.AddField("deadletter", "tenant", models.UUIDField(null=True, db_index=True)),
        migrations.AddField("deadletter", "payload", models.BinaryField(null=True)),
    ]
