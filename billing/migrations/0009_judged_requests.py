import django.db.models.deletion
from django.db import migrations, models

from console.tenancy import TenantPolicy


class Migration(migrations.Migration):

    dependencies = [("billing", "0008_declared_baselines"), ("tenants", "0001_initial")]

    operations = [
        migrations.CreateModel(
            name="Judged",
            fields=[
                ("request_id", models.TextField(primary_key=True, serialize=False)),
                ("at", models.DateTimeField()),
                ("sketch", models.BinaryField()),
                ("keys", models.JSONField()),
                ("scores", models.JSONField()),
                ("tenant", models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.CASCADE, related_name="judged", to="tenants.tenant")),
            ],
            options={"indexes": [models.Index(fields=["tenant", "-at"], name="judged_newest")]},
        ),
        TenantPolicy("billing_judged"),
        migrations.CreateModel(
            name="KnownQuality",
            fields=[
                ("tenant", models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name="known_quality", serialize=False, to="tenants.tenant")),
                ("content", models.BinaryField()),
                ("outcomes", models.PositiveIntegerField()),
                ("newest", models.DateTimeField()),
                ("learnt_at", models.DateTimeField()),
            ],
        ),
        TenantPolicy("billing_knownquality"),
    ]
