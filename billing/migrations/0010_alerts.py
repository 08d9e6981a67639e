import django.contrib.postgres.functions
import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

import billing.models
from console.tenancy import TenantPolicy


class Migration(migrations.Migration):

    dependencies = [("billing", "0009_judged_requests"), ("tenants", "0001_initial")]

    operations = [
        migrations.AddField(
            model_name="budget", name="alert_at", field=models.JSONField(default=billing.models.percents)
        ),
        migrations.CreateModel(
            name="Alert",
            fields=[
                ("id", models.UUIDField(db_default=django.contrib.postgres.functions.RandomUUID(), primary_key=True, serialize=False)),
                ("at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("kind", models.CharField(max_length=32)),
                ("key", models.CharField(max_length=300)),
                ("title", models.TextField()),
                ("text", models.TextField()),
                ("facts", models.JSONField()),
                ("tenant", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="alerts", to="tenants.tenant")),
            ],
            options={
                "indexes": [models.Index(fields=["tenant", "-at"], name="alerts_newest")],
                "constraints": [models.UniqueConstraint("tenant", "key", name="one_alert_a_key")],
            },
        ),
        TenantPolicy("billing_alert"),
    ]
