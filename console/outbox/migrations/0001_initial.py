import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

from console.tenancy import TenantPolicy


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('tenants', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='StaleTenant',
            fields=[
                ('tenant', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='stale', serialize=False, to='tenants.tenant')),
                ('marked_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('due_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('failures', models.PositiveIntegerField(db_default=0)),
            ],
            options={
                'abstract': False,
            },
        ),
        TenantPolicy("outbox_staletenant"),
    ]
