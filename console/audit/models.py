"""Who did what to which thing, written once and never changed."""

from django.conf import settings
from django.db import models

from console.tenancy import Owned


class AuditEntry(Owned):
    """A trigger refuses UPDATE and DELETE, so a tenant with a history is closed, not deleted."""

    tenant = models.ForeignKey("tenants.Tenant", on_delete=models.PROTECT, related_name="audit_entries")
    at = models.DateTimeField(auto_now_add=True)
    actor_kind = models.CharField(max_length=8)
    actor = models.CharField(max_length=254)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.DO_NOTHING,
        db_constraint=False,  # a history outlives its people
        related_name="+",
    )
    verb = models.CharField(max_length=64)
    subject = models.CharField(max_length=254)
    changes = models.JSONField(default=dict)

    class Meta:
        indexes = (
            models.Index(fields=["tenant", "-id"], name="audit_newest"),
            models.Index(fields=["tenant", "actor", "-id"], name="audit_by_actor"),
            models.Index(fields=["tenant", "verb", "-id"], name="audit_by_verb"),
        )

    def __str__(self) -> str:
        return f"{self.actor} {self.verb} {self.subject}"
