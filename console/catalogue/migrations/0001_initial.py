import django.contrib.postgres.fields
import django.core.serializers.json
import django.db.models.deletion
from django.db import migrations, models

from console.tenancy import TenantPolicy


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('tenants', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='Bounds',
            fields=[
                ('tenant', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='bounds', serialize=False, to='tenants.tenant')),
                ('whitelist', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=200), null=True)),
                ('floors', models.JSONField(default=list)),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='CustomModel',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('model_id', models.CharField(max_length=200)),
                ('provider_key', models.CharField(blank=True, max_length=100)),
                ('upstream_model', models.CharField(blank=True, max_length=200)),
                ('tier', models.CharField(blank=True, max_length=12)),
                ('context', models.PositiveIntegerField(null=True)),
                ('max_output', models.PositiveIntegerField(null=True)),
                ('can', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=16), null=True)),
                ('prices', models.JSONField(default=list, encoder=django.core.serializers.json.DjangoJSONEncoder)),
                ('updated_at', models.DateTimeField(auto_now=True)),
                ('tenant', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='custom_models', to='tenants.tenant')),
            ],
            options={
                'ordering': ('model_id',),
                'constraints': [models.UniqueConstraint(fields=('tenant', 'model_id'), name='one_custom_model_an_id')],
            },
        ),
        TenantPolicy("catalogue_bounds"),
        TenantPolicy("catalogue_custommodel"),
    ]
