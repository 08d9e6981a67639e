import django.db.models.deletion
from django.db import migrations, models

from console.tenancy import TenantPolicy


class Migration(migrations.Migration):

    dependencies = [("billing", "0012_service_tiers"), ("tenants", "0001_initial")]

    operations = [
        migrations.CreateModel(
            name="KnownLengths",
            fields=[
                ("tenant", models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name="known_lengths", serialize=False, to="tenants.tenant")),
                ("content", models.JSONField()),
                ("learnt_at", models.DateTimeField()),
            ],
        ),
        TenantPolicy("billing_knownlengths"),
    ]
