"""What a tenant watches for, whom it tells, and how the telling went. What is told is `billing.alerts.Alert`."""

from __future__ import annotations

from uuid import uuid4

from django.db import models
from django.db.models.functions import Now
from django.utils.crypto import salted_hmac

from billing.alerts import Alert
from console.tenancy import Owned


class Watch(Owned):
    """One row a tenant; without one, the defaults hold. An empty threshold watches for nothing."""

    tenant = models.OneToOneField(
        "tenants.Tenant", on_delete=models.CASCADE, related_name="watch", primary_key=True
    )
    unpriced = models.BooleanField(default=True)
    unusual_score = models.FloatField(null=True, default=6.0)
    overkill_nano = models.PositiveBigIntegerField(null=True, default=None)  # in 30 days

    def __str__(self) -> str:
        return f"what {self.tenant_id} watches for"


class Kind(models.TextChoices):
    EMAIL = "email"
    WEBHOOK = "webhook"


class Channel(Owned):
    """Where alerts go."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    tenant = models.ForeignKey("tenants.Tenant", on_delete=models.CASCADE, related_name="alert_channels")
    kind = models.CharField(max_length=8, choices=Kind.choices)
    target = models.CharField(max_length=500)  # an address of mail, or a URL
    created_by = models.CharField(max_length=254)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ("created_at",)
        constraints = (
            models.UniqueConstraint(fields=["tenant", "kind", "target"], name="one_channel_a_target"),
        )

    def __str__(self) -> str:
        return self.target

    @property
    def anchor(self) -> str:
        return f"channel-{self.pk}"

    @property
    def signing_secret(self) -> str:
        """Made from the installation's own secret, so that nothing has to be kept; gone with the channel."""
        return "whsec_" + salted_hmac("rungway.alerts.channel", str(self.pk), algorithm="sha256").hexdigest()


class State(models.TextChoices):
    WAITING = "waiting"
    SENT = "sent"
    FAILED = "failed"


class Delivery(Owned):
    tenant = models.ForeignKey("tenants.Tenant", on_delete=models.CASCADE, related_name="alert_deliveries")
    alert = models.ForeignKey(Alert, on_delete=models.CASCADE, related_name="deliveries")
    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="deliveries")
    state = models.CharField(max_length=8, choices=State.choices, default=State.WAITING)
    tries = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField(db_default=Now())
    problem = models.CharField(max_length=200, blank=True)
    sent_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["alert", "channel"], name="one_delivery_a_channel"),)
        indexes = (
            models.Index(fields=("due_at",), condition=models.Q(state="waiting"), name="deliveries_due"),
        )

    def __str__(self) -> str:
        return f"{self.alert_id} to {self.channel_id}: {self.state}"
