from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [("keys", "0001_initial")]

    operations = [
        migrations.AddField(
            "providerkey", "region", models.CharField(blank=True, db_default="", max_length=40)
        ),
    ]
