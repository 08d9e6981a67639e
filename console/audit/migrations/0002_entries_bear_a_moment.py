import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    """The moment comes from who records: a history that is told afterwards has its own. No column changes."""

    dependencies = [("audit", "0001_initial")]

    operations = [
        migrations.AlterField(
            model_name="auditentry",
            name="at",
            field=models.DateTimeField(default=django.utils.timezone.now),
        ),
    ]
