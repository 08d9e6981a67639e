from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("catalogue", "0003_price_book")]

    operations = [
        migrations.AddField(
            "custommodel", "dialect", models.CharField(blank=True, db_default="", max_length=32)
        ),
    ]
