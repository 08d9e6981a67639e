import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

from console.tenancy import TenantPolicy

UNCHANGING = """
    CREATE FUNCTION policy_versions_never_change() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION 'a published policy never changes' USING ERRCODE = 'restrict_violation';
    END $$;
    CREATE TRIGGER never_changes BEFORE UPDATE ON routers_policyversion
        FOR EACH ROW EXECUTE FUNCTION policy_versions_never_change();
"""
CHANGEABLE = "DROP TRIGGER never_changes ON routers_policyversion; DROP FUNCTION policy_versions_never_change();"


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('tenants', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='PolicyVersion',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField()),
                ('content', models.JSONField()),
                ('published_by', models.CharField(max_length=254)),
                ('at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('note', models.CharField(blank=True, max_length=500)),
                ('tenant', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='policy_versions', to='tenants.tenant')),
            ],
            options={
                'ordering': ('-number',),
            },
        ),
        migrations.CreateModel(
            name='Router',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('slug', models.CharField(max_length=64)),
                ('enabled', models.BooleanField(default=True)),
                ('draft', models.JSONField(default=dict)),
                ('draft_updated_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('draft_updated_by', models.CharField(blank=True, max_length=254)),
                ('version', models.PositiveIntegerField(default=1)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('current', models.ForeignKey(null=True, on_delete=django.db.models.deletion.RESTRICT, related_name='+', to='routers.policyversion')),
                ('tenant', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='routers', to='tenants.tenant')),
            ],
            options={
                'ordering': ('slug',),
            },
        ),
        migrations.AddField(
            model_name='policyversion',
            name='router',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='versions', to='routers.router'),
        ),
        migrations.AddConstraint(
            model_name='router',
            constraint=models.UniqueConstraint(fields=('tenant', 'slug'), name='one_router_an_id'),
        ),
        migrations.AddConstraint(
            model_name='policyversion',
            constraint=models.UniqueConstraint(fields=('router', 'number'), name='one_version_a_number'),
        ),
        TenantPolicy("routers_router"),
        TenantPolicy("routers_policyversion"),
        migrations.RunSQL(sql=UNCHANGING, reverse_sql=CHANGEABLE),
    ]
