import django.db.models.deletion
from django.db import migrations, models

from console.tenancy import TenantPolicy


class Migration(migrations.Migration):

    dependencies = [
        ("billing", "0001_initial"),
        ("tenants", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Budget",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=64)),
                ("nano", models.PositiveBigIntegerField()),
                ("per", models.CharField(max_length=8)),
                ("at_limit", models.CharField(max_length=16)),
                ("limits", models.JSONField(default=dict)),
                (
                    "tenant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="budgets", to="tenants.tenant"
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("tenant", "name"), name="one_budget_a_name")],
            },
        ),
        TenantPolicy("billing_budget"),
    ]
