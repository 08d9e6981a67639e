import django.contrib.postgres.fields
import django.db.models.deletion
import uuid
from django.db import migrations, models

from console.tenancy import TenantPolicy


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('tenants', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='AdminToken',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('name', models.CharField(max_length=64)),
                ('digest', models.CharField(max_length=64, unique=True)),
                ('prefix', models.CharField(max_length=8)),
                ('last4', models.CharField(max_length=4)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('created_by', models.CharField(max_length=254)),
                ('expires_at', models.DateTimeField(blank=True, null=True)),
                ('revoked_at', models.DateTimeField(blank=True, null=True)),
                ('role', models.CharField(choices=[('viewer', 'Viewer'), ('analyst', 'Analyst'), ('editor', 'Editor'), ('admin', 'Admin'), ('owner', 'Owner')], max_length=8)),
                ('last_used_at', models.DateTimeField(blank=True, null=True)),
                ('tenant', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='admin_tokens', to='tenants.tenant')),
            ],
            options={
                'ordering': ('name',),
                'abstract': False,
                'constraints': [models.UniqueConstraint(condition=models.Q(('revoked_at', None)), fields=('tenant', 'name'), name='one_live_admin_token_a_name')],
            },
        ),
        migrations.CreateModel(
            name='GatewayKey',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('name', models.CharField(max_length=64)),
                ('digest', models.CharField(max_length=64, unique=True)),
                ('prefix', models.CharField(max_length=8)),
                ('last4', models.CharField(max_length=4)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('created_by', models.CharField(max_length=254)),
                ('expires_at', models.DateTimeField(blank=True, null=True)),
                ('revoked_at', models.DateTimeField(blank=True, null=True)),
                ('routers', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=64), blank=True, null=True)),
                ('tags', models.JSONField(blank=True, default=dict)),
                ('requests_per_minute', models.PositiveBigIntegerField(blank=True, null=True)),
                ('tokens_per_minute', models.PositiveBigIntegerField(blank=True, null=True)),
                ('tenant', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='gateway_keys', to='tenants.tenant')),
            ],
            options={
                'ordering': ('name',),
                'abstract': False,
                'constraints': [models.UniqueConstraint(condition=models.Q(('revoked_at', None)), fields=('tenant', 'name'), name='one_live_gateway_key_a_name')],
            },
        ),
        migrations.CreateModel(
            name='ProviderKey',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('name', models.CharField(max_length=64)),
                ('provider', models.CharField(max_length=64)),
                ('base_url', models.CharField(blank=True, max_length=500)),
                ('master_key', models.CharField(blank=True, max_length=64)),
                ('sealed_data_key', models.BinaryField(default=b'')),
                ('sealed_secret', models.BinaryField(default=b'')),
                ('last4', models.CharField(blank=True, max_length=4)),
                ('fingerprint', models.CharField(blank=True, max_length=16)),
                ('state', models.CharField(choices=[('untested', 'Untested'), ('working', 'Working'), ('failing', 'Failing')], default='untested', max_length=8)),
                ('state_reason', models.CharField(blank=True, max_length=200)),
                ('tested_at', models.DateTimeField(null=True)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('rotated_at', models.DateTimeField(null=True)),
                ('tenant', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='provider_keys', to='tenants.tenant')),
            ],
            options={
                'ordering': ('name',),
                'constraints': [models.UniqueConstraint(fields=('tenant', 'name'), name='one_provider_key_a_name')],
            },
        ),
        TenantPolicy("keys_providerkey"),
        TenantPolicy("keys_gatewaykey"),
        TenantPolicy("keys_admintoken"),
    ]
