"""What is heard of an answer after it was sent: that the same was asked again, and how good its caller found it."""

import django.db.models.deletion
from django.db import migrations, models

from console.tenancy import TenantPolicy


def of_answer(name, *fields, bound):
    tenant = models.ForeignKey(
        on_delete=django.db.models.deletion.CASCADE, db_constraint=bound, related_name=f"{name}s", to="tenants.tenant"
    )
    told = [(each, models.TextField()) for each in ("router", "rule", "request_class", "tier", "model")]
    return migrations.CreateModel(
        name=name.title(),
        fields=[
            ("request_id", models.TextField(primary_key=True, serialize=False)),
            ("at", models.DateTimeField()),
            *told,
            *fields,
            ("tenant", tenant),
        ],
        options={"indexes": [models.Index(fields=["tenant", "at"], name=f"{name}s_by_time")]},
    )


class Migration(migrations.Migration):

    dependencies = [("billing", "0013_known_lengths"), ("tenants", "0001_initial")]

    operations = [
        of_answer("repeat", ("again", models.TextField()), bound=False),
        of_answer("outcome", ("score", models.FloatField()), ("said_at", models.DateTimeField()), bound=True),
        TenantPolicy("billing_repeat"),
        TenantPolicy("billing_outcome"),
    ]
