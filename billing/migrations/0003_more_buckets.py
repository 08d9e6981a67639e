from django.db import migrations, models

BUCKETS = ("audio_cache_read_tokens", "image_input_tokens", "image_output_tokens", "tool_input_tokens", "searches")


class Migration(migrations.Migration):

    dependencies = [("billing", "0002_budget")]

    operations = [
        *(
            migrations.AddField("ledgerentry", bucket, models.PositiveBigIntegerField(db_default=0))
            for bucket in BUCKETS
        ),
        *(migrations.AddField("rollup", bucket, models.BigIntegerField(db_default=0)) for bucket in BUCKETS),
    ]
