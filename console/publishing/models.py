"""Every snapshot that was ever served, without its sealed secrets: what a past decision was decided on."""

from __future__ import annotations

import zlib
from typing import Self
from uuid import UUID

import msgspec
from django.db import models
from django.db.models.functions import Now

from console.publishing.snapshot import without_secrets
from console.tenancy import Owned
from gateway.core.snapshot import TenantSnapshot


class Publication(Owned):
    tenant = models.ForeignKey("tenants.Tenant", on_delete=models.CASCADE, related_name="publications")
    version = models.PositiveBigIntegerField()  # one counter a tenant, only up
    content = models.BinaryField()  # zlib over JSON
    at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ("-version",)
        constraints = (
            models.UniqueConstraint(fields=["tenant", "version"], name="one_publication_a_version"),
        )

    def __str__(self) -> str:
        return f"{self.tenant_id} version {self.version}"

    @classmethod
    def of(cls, snapshot: TenantSnapshot) -> Self:
        content = zlib.compress(msgspec.json.encode(without_secrets(snapshot)))
        return cls(
            tenant_id=UUID(snapshot.tenant),
            version=snapshot.version,
            content=content,
            at=snapshot.published_at,
        )

    @property
    def snapshot(self) -> TenantSnapshot:
        return msgspec.json.decode(zlib.decompress(self.content), type=TenantSnapshot)
