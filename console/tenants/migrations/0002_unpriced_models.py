from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [("tenants", "0001_initial")]

    operations = [
        migrations.AddField(
            model_name="tenant",
            name="unpriced_models",
            field=models.CharField(choices=[("unknown", "unknown"), ("estimate", "estimate"), ("block", "block")], default="unknown", max_length=8),
        ),
    ]
