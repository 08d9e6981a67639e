"""Three kinds of key: the tenant's at a provider, an application's at our gateway, a program's at our API.

Of the last two only a digest is kept. The first is sealed: the gateway has to show it to the provider.
"""

from __future__ import annotations

from datetime import datetime
from uuid import uuid4

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from console.keys.sealing import Secret, open_sealed
from console.tenancy import Owned, Role
from console.tenants.models import Tenant
from gateway.core.sealed import Sealed


class KeyState(models.TextChoices):
    """What the last test of a provider key said."""

    UNTESTED = "untested"
    WORKING = "working"
    FAILING = "failing"


class ProviderKey(Owned):
    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="provider_keys")
    name = models.CharField(max_length=64)
    provider = models.CharField(max_length=64)  # id in the provider catalogue
    base_url = models.CharField(max_length=500, blank=True)  # empty: the provider's own
    region = models.CharField(max_length=40, blank=True, db_default="")  # by which it is priced; empty: any
    master_key = models.CharField(max_length=64, blank=True)  # id of the one that seals; empty: no secret
    sealed_data_key = models.BinaryField(default=b"")
    sealed_secret = models.BinaryField(default=b"")
    last4 = models.CharField(max_length=4, blank=True)
    fingerprint = models.CharField(max_length=16, blank=True)
    state = models.CharField(max_length=8, choices=KeyState.choices, default=KeyState.UNTESTED)
    state_reason = models.CharField(max_length=200, blank=True)
    tested_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)
    rotated_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("name",)
        constraints = (models.UniqueConstraint(fields=["tenant", "name"], name="one_provider_key_a_name"),)

    def __str__(self) -> str:
        return self.name

    @property
    def sealed(self) -> Sealed | None:
        """None for a provider that wants no key."""
        if not self.master_key:
            return None
        return Sealed(
            master_key=self.master_key,
            data_key=bytes(self.sealed_data_key),
            secret=bytes(self.sealed_secret),
        )

    @sealed.setter
    def sealed(self, sealed: Sealed | None) -> None:
        self.master_key = sealed.master_key if sealed else ""
        self.sealed_data_key = sealed.data_key if sealed else b""
        self.sealed_secret = sealed.secret if sealed else b""

    @property
    def anchor(self) -> str:
        return f"key-{self.pk}"

    def open(self) -> Secret | None:
        """Raises `Unopenable`."""
        if (sealed := self.sealed) is None:
            return None
        return open_sealed(sealed, tenant=self.tenant_id, secret_id=self.pk)


class Issued(Owned):
    """A credential that we made, showed once, and know again by its digest."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    name = models.CharField(max_length=64)
    digest = models.CharField(max_length=64, unique=True)
    prefix = models.CharField(max_length=8)
    last4 = models.CharField(max_length=4)
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.CharField(max_length=254)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.name

    @property
    def anchor(self) -> str:
        return f"key-{self.pk}"

    @property
    def hint(self) -> str:
        """As much of it as may be shown."""
        return f"{self.prefix}…{self.last4}"

    def is_live(self, *, now: datetime) -> bool:
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)


class GatewayKey(Issued):
    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="gateway_keys")
    routers = ArrayField(models.CharField(max_length=64), null=True, blank=True)  # None: all of the tenant's
    tags = models.JSONField(default=dict, blank=True)
    requests_per_minute = models.PositiveBigIntegerField(null=True, blank=True)
    tokens_per_minute = models.PositiveBigIntegerField(null=True, blank=True)

    class Meta(Issued.Meta):
        ordering = ("name",)
        constraints = (
            models.UniqueConstraint(
                fields=["tenant", "name"],
                condition=Q(revoked_at=None),
                name="one_live_gateway_key_a_name",
            ),
        )


class AdminToken(Issued):
    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="admin_tokens")
    role = models.CharField(max_length=8, choices=Role.choices)
    last_used_at = models.DateTimeField(null=True, blank=True)

    class Meta(Issued.Meta):
        ordering = ("name",)
        constraints = (
            models.UniqueConstraint(
                fields=["tenant", "name"], condition=Q(revoked_at=None), name="one_live_admin_token_a_name"
            ),
        )
