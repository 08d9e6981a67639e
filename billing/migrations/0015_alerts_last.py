"""Alerts of what lasts are episodes: told when they begin, and over when they have not been seen for a while."""

from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):

    dependencies = [("billing", "0014_heard_of_answers")]

    operations = [
        migrations.AddField("alert", "subject", models.CharField(db_default="", max_length=300)),
        migrations.AddField("alert", "seen_at", models.DateTimeField(null=True)),
        migrations.AddField("alert", "ended_at", models.DateTimeField(null=True)),
        migrations.AddConstraint(
            "alert",
            models.UniqueConstraint(
                fields=("tenant", "kind", "subject"),
                condition=Q(ended_at=None, seen_at__isnull=False),
                name="one_episode_at_a_time",
            ),
        ),
    ]
