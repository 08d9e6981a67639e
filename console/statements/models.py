"""Statements as they were when their month was closed: written once, never changed."""

from __future__ import annotations

import msgspec
from django.db import models
from django.db.models.functions import Now

from billing.statements import Line
from console.tenancy import Owned


class ClosedStatement(Owned):
    """`tag` is empty for the statement by router; a further one each is kept of every declared tag."""

    tenant = models.ForeignKey("tenants.Tenant", on_delete=models.PROTECT, related_name="closed_statements")
    month = models.DateField()  # its first day
    tag = models.TextField(blank=True)
    content = models.JSONField()
    closed_by = models.CharField(max_length=254)
    closed_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ("-month", "tag")
        constraints = (
            models.UniqueConstraint(fields=["tenant", "month", "tag"], name="one_statement_a_month"),
        )

    def __str__(self) -> str:
        return f"{self.month:%Y-%m} {self.tag}".strip()

    @property
    def lines(self) -> tuple[Line, ...]:
        return msgspec.convert(self.content, tuple[Line, ...])
