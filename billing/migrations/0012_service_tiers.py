from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [("billing", "0011_sums_by_all_tags")]

    operations = [
        migrations.AddField("ledgerentry", "service_tier", models.TextField(null=True)),
        migrations.AddField("ledgerentry", "region", models.TextField(null=True)),
    ]
