"""What a provider says it is owed, as it was uploaded, summed by key, day and model."""

from __future__ import annotations

from datetime import date
from uuid import uuid4

import msgspec
from django.db import models
from django.db.models.functions import Now

from billing.invoices import Place
from console.tenancy import Owned


class ProviderInvoice(Owned):
    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    tenant = models.ForeignKey("tenants.Tenant", on_delete=models.CASCADE, related_name="provider_invoices")
    provider_key = models.TextField()
    file_name = models.TextField()
    first_day = models.DateField()
    last_day = models.DateField()
    content = models.JSONField()  # rows of provider key, day, model, nano-dollars
    uploaded_by = models.CharField(max_length=254)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ("-created_at",)
        indexes = (models.Index(fields=("tenant", "-created_at"), name="invoice_newest"),)

    def __str__(self) -> str:
        return self.file_name

    @property
    def places(self) -> dict[Place, int]:
        rows = msgspec.convert(self.content, list[tuple[str, date, str, int]])
        return {(key, day, model): amount for key, day, model, amount in rows}

    @property
    def amount(self) -> int:
        return sum(self.places.values())
