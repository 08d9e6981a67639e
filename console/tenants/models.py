"""People, tenants, and who of the former may do what in the latter."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar
from uuid import uuid4

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Lower

from console.audit.actor import Actor
from console.tenancy import Owned, Role, every_tenant
from gateway.core.price import Unpriced

SLUG_LENGTH = 50


class People(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        user = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)  # None makes it unusable: the person comes by link
        user.save(using=self._db)
        return user

    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(email=(username or "").lower())


class User(AbstractBaseUser):
    """A person, who may be a member of several tenants. Nobody is a superuser."""

    email = models.EmailField(unique=True)
    name = models.CharField(max_length=100, blank=True)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    objects: ClassVar[People] = People()

    class Meta:
        constraints = (
            models.CheckConstraint(condition=models.Q(email=Lower("email")), name="email_is_lower_case"),
        )

    def __str__(self) -> str:
        return self.email


class Plan(models.TextChoices):
    FREE = "free"
    PRO = "pro"
    TEAM = "team"
    ENTERPRISE = "enterprise"

    @property
    def includes_ai_inside(self) -> bool:
        return self != Plan.FREE


class Tenant(models.Model):
    """A customer. Its row is read before a tenant is chosen, so it holds nothing secret and has no policy."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    slug = models.SlugField(max_length=SLUG_LENGTH, unique=True)
    name = models.CharField(max_length=100)
    plan = models.CharField(max_length=12, choices=Plan.choices, default=Plan.FREE)
    time_zone = models.CharField(max_length=64, default="UTC")
    tags = ArrayField(models.CharField(max_length=64), default=list, blank=True)
    unpriced_models = models.CharField(
        max_length=8, choices=[(each.value, each.value) for each in Unpriced], default=Unpriced.UNKNOWN.value
    )
    suspended = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name

    @property
    def includes_ai_inside(self) -> bool:
        return Plan(self.plan).includes_ai_inside


class Membership(Owned):
    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=8, choices=Role.choices)
    joined_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["tenant", "user"], name="one_membership_a_person"),)

    def __str__(self) -> str:
        return f"{self.user}, {self.role} of {self.tenant}"

    @classmethod
    def find(cls, *, user: User, slug: str) -> Membership | None:
        with every_tenant():
            return cls.objects.select_related("tenant", "user").filter(user=user, tenant__slug=slug).first()

    @classmethod
    def all_of(cls, user: User) -> list[Membership]:
        with every_tenant():
            return list(cls.objects.select_related("tenant").filter(user=user).order_by("tenant__name"))

    def holds(self, role: Role) -> bool:
        return Role(self.role) >= role

    @property
    def anchor(self) -> str:
        """The id of what belongs to this member on a page."""
        return f"member-{self.pk}"

    @property
    def actor(self) -> Actor:
        return Actor.of(self.user, role=Role(self.role))


class Invitation(Owned):
    """Open until accepted, withdrawn or expired; its link is shown once and only a digest kept."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="invitations")
    email = models.EmailField()
    role = models.CharField(max_length=8, choices=Role.choices)
    digest = models.CharField(max_length=64, unique=True)
    invited_by = models.CharField(max_length=254)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["tenant", "email"], name="one_invitation_an_address"),)

    def __str__(self) -> str:
        return f"{self.email} as {self.role}"

    def is_open(self, *, now: datetime) -> bool:
        return now < self.expires_at


class SignInLink(models.Model):
    """Signs one person in, once. Of a person and not of a tenant: found by its digest alone."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="sign_in_links")
    digest = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"for {self.user} until {self.expires_at:%Y-%m-%d %H:%M}"
