"""Routers, their drafts, and the versions of their policies that were ever in force."""

from __future__ import annotations

from typing import Any

import msgspec
from django.db import models
from django.db.models.functions import Now

from console.tenancy import Owned
from gateway.core.policy import Policy

SLUG_LENGTH = 64
NOTE_LENGTH = 500


class Router(Owned):
    """A base URL with a policy behind it: the draft is edited, the current version is served."""

    tenant = models.ForeignKey("tenants.Tenant", on_delete=models.CASCADE, related_name="routers")
    slug = models.CharField(max_length=SLUG_LENGTH)  # in the URL
    enabled = models.BooleanField(default=True)
    draft = models.JSONField(default=dict)
    draft_updated_at = models.DateTimeField(db_default=Now())
    draft_updated_by = models.CharField(max_length=254, blank=True)
    version = models.PositiveIntegerField(default=1)  # of the draft: who saves says which one was read
    current = models.ForeignKey("PolicyVersion", null=True, on_delete=models.RESTRICT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("slug",)
        constraints = (models.UniqueConstraint(fields=["tenant", "slug"], name="one_router_an_id"),)

    def __str__(self) -> str:
        return self.slug

    @property
    def policy(self) -> Policy:
        return decoded(self.draft)

    @policy.setter
    def policy(self, policy: Policy) -> None:
        self.draft = msgspec.to_builtins(policy)

    @property
    def has_changes(self) -> bool:
        """Whether the draft says anything else than what is served."""
        return self.current is None or self.current.policy != self.policy


class PolicyVersion(Owned):
    """A policy as it was published: never changed, or the past could not be explained."""

    tenant = models.ForeignKey("tenants.Tenant", on_delete=models.CASCADE, related_name="policy_versions")
    router = models.ForeignKey(Router, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    content = models.JSONField()
    published_by = models.CharField(max_length=254)
    at = models.DateTimeField(db_default=Now())
    note = models.CharField(max_length=NOTE_LENGTH, blank=True)

    class Meta:
        ordering = ("-number",)
        constraints = (models.UniqueConstraint(fields=["router", "number"], name="one_version_a_number"),)

    def __str__(self) -> str:
        return f"{self.router_id} version {self.number}"

    @property
    def policy(self) -> Policy:
        return decoded(self.content)


def decoded(content: dict[str, Any]) -> Policy:
    return msgspec.convert(content, Policy)
