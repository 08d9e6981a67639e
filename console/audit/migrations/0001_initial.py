import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from console.tenancy import TenantPolicy


APPEND_ONLY = """
    CREATE FUNCTION audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION 'the audit trail is append-only' USING ERRCODE = 'restrict_violation';
    END $$;
    CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON audit_auditentry
        FOR EACH ROW EXECUTE FUNCTION audit_is_append_only();
"""
CHANGEABLE = "DROP TRIGGER append_only ON audit_auditentry; DROP FUNCTION audit_is_append_only();"


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('tenants', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='AuditEntry',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField(auto_now_add=True)),
                ('actor_kind', models.CharField(max_length=8)),
                ('actor', models.CharField(max_length=254)),
                ('verb', models.CharField(max_length=64)),
                ('subject', models.CharField(max_length=254)),
                ('changes', models.JSONField(default=dict)),
                ('tenant', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='audit_entries', to='tenants.tenant')),
                ('user', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'indexes': [models.Index(fields=['tenant', '-id'], name='audit_newest'), models.Index(fields=['tenant', 'actor', '-id'], name='audit_by_actor'), models.Index(fields=['tenant', 'verb', '-id'], name='audit_by_verb')],
            },
        ),
        TenantPolicy("audit_auditentry"),
        migrations.RunSQL(sql=APPEND_ONLY, reverse_sql=CHANGEABLE),
    ]
