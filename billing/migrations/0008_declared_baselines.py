import django.db.models.deletion
from django.db import migrations, models

from console.tenancy import TenantPolicy


class Migration(migrations.Migration):

    dependencies = [("billing", "0007_days_summed_by_size"), ("tenants", "0001_initial")]

    operations = [
        migrations.CreateModel(
            name="DeclaredBaseline",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("router", models.TextField()),
                ("since", models.DateField()),
                ("basis", models.TextField()),
                ("mix", models.JSONField()),
                ("policy_version", models.PositiveBigIntegerField()),
                ("declared_at", models.DateTimeField()),
                ("tenant", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="declared_baselines", to="tenants.tenant")),
            ],
            options={"indexes": [models.Index(fields=["tenant", "router", "since"], name="baselines_of_router")]},
        ),
        TenantPolicy("billing_declaredbaseline"),
    ]
