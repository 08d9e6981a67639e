"""Replays that were asked for: the question as it was asked, how far it has come, and the answer."""

from __future__ import annotations

from uuid import uuid4

import msgspec
from django.db import models
from django.db.models.functions import Now

from billing.replay import Projection
from console.tenancy import Owned
from gateway.core.policy import Policy
from gateway.core.price import Price


class State(models.TextChoices):
    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class WhatIfRun(Owned):
    """Of one router's requests from `start` up to but not including `end`."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    tenant = models.ForeignKey("tenants.Tenant", on_delete=models.CASCADE, related_name="what_if_runs")
    router = models.TextField()
    policy_content = models.JSONField()
    draft_version = models.PositiveIntegerField(null=True)  # None: another policy than the router's draft
    whitelist = models.JSONField(null=True)  # patterns in place of the tenant's; None: the tenant's
    price_content = models.JSONField(default=dict)  # model → a price in place of the known ones
    start = models.DateTimeField()
    end = models.DateTimeField()
    state = models.CharField(max_length=8, choices=State.choices, default=State.QUEUED)
    total = models.PositiveBigIntegerField(default=0)  # requests
    done = models.PositiveBigIntegerField(default=0)
    result = models.JSONField(null=True)
    problem = models.TextField(blank=True)
    asked_by = models.CharField(max_length=254)
    created_at = models.DateTimeField(db_default=Now())
    beat_at = models.DateTimeField(db_default=Now())  # when a worker last had it in hand
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-created_at",)
        indexes = (models.Index(fields=("tenant", "router", "-created_at"), name="what_if_newest"),)

    def __str__(self) -> str:
        return f"{self.router}: {self.state}"

    @property
    def policy(self) -> Policy:
        return msgspec.convert(self.policy_content, Policy)

    @property
    def prices(self) -> dict[str, Price]:
        return msgspec.convert(self.price_content, dict[str, Price])

    @property
    def projection(self) -> Projection | None:
        return None if self.result is None else msgspec.convert(self.result, Projection)

    @property
    def is_over(self) -> bool:
        return self.state in {State.DONE, State.FAILED}

    @property
    def share_done(self) -> float:
        if self.is_over:
            return 1.0
        return min(1.0, self.done / self.total) if self.total else 0.0
