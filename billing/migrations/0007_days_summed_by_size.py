"""Days are summed once more, by the dimensions that overkill is told by."""

from django.db import migrations

UNSETTLED = """
    SELECT set_config('app.tenant_id', '*', true);
    UPDATE billing_rolledday SET summed = false;
"""


class Migration(migrations.Migration):

    dependencies = [("billing", "0006_dead_letters_are_kept")]

    operations = [migrations.RunSQL(UNSETTLED, migrations.RunSQL.noop)]
