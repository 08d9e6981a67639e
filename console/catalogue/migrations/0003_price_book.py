import django.core.serializers.json
import django.db.models.deletion
from django.db import migrations, models

from console.tenancy import TenantPolicy

JSON = django.core.serializers.json.DjangoJSONEncoder


class Migration(migrations.Migration):

    dependencies = [("catalogue", "0002_model_kind"), ("tenants", "0001_initial")]

    operations = [
        migrations.CreateModel(
            name="PriceEdition",
            fields=[
                ("digest", models.CharField(max_length=64, primary_key=True, serialize=False)),
                ("source", models.CharField(max_length=100)),
                ("prices", models.JSONField(encoder=JSON)),
                ("installed_at", models.DateTimeField(auto_now_add=True)),
            ],
        ),
        migrations.CreateModel(
            name="PriceBook",
            fields=[
                ("tenant", models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name="price_book", serialize=False, to="tenants.tenant")),
                ("told", models.CharField(blank=True, max_length=64)),
                ("edition", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="catalogue.priceedition")),
            ],
            options={"abstract": False},
        ),
        migrations.CreateModel(
            name="PriceDecision",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("model_id", models.CharField(max_length=200)),
                ("price", models.JSONField(encoder=JSON)),
                ("accepted", models.BooleanField()),
                ("decided_by", models.CharField(max_length=254)),
                ("decided_at", models.DateTimeField(auto_now_add=True)),
                ("tenant", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="price_decisions", to="tenants.tenant")),
            ],
            options={"ordering": ("-id",)},
        ),
        TenantPolicy("catalogue_pricebook"),
        TenantPolicy("catalogue_pricedecision"),
    ]
