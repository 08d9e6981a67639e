"""Tenants whose published snapshot no longer says what the console says."""

from django.db import models
from django.db.models.functions import Now

from console.tenancy import Owned


class StaleTenant(Owned):
    """One row a tenant, however many writes there were; gone once a snapshot is published."""

    tenant = models.OneToOneField(
        "tenants.Tenant", on_delete=models.CASCADE, primary_key=True, related_name="stale"
    )
    marked_at = models.DateTimeField(db_default=Now())
    due_at = models.DateTimeField(db_default=Now())
    failures = models.PositiveIntegerField(db_default=0)

    def __str__(self) -> str:
        return f"{self.tenant_id} since {self.marked_at:%H:%M:%S}"
