from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("catalogue", "0001_initial")]

    operations = [
        migrations.AddField(
            "custommodel", "kind", models.CharField(blank=True, db_default="", max_length=12)
        ),
    ]
