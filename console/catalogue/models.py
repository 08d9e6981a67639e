"""What a tenant adds to the built-in catalogue, and what bounds all of its routers."""

from django.contrib.postgres.fields import ArrayField
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models

from console.tenancy import Owned

PATTERN_LENGTH = 200
MODEL_ID_LENGTH = 200


class Bounds(Owned):
    """Over every router of the tenant: which models may answer at all, and what never goes below a tier."""

    tenant = models.OneToOneField(
        "tenants.Tenant", on_delete=models.CASCADE, primary_key=True, related_name="bounds"
    )
    whitelist = ArrayField(models.CharField(max_length=PATTERN_LENGTH), null=True)  # null: every model
    floors = models.JSONField(default=list)  # core.policy.Floor, in the order they are shown

    def __str__(self) -> str:
        return f"of {self.tenant_id}"


class CustomModel(Owned):
    """A model of the tenant's own, or what it says differently of one in the catalogue.

    What is null or empty stays as the catalogue has it.
    """

    tenant = models.ForeignKey("tenants.Tenant", on_delete=models.CASCADE, related_name="custom_models")
    model_id = models.CharField(max_length=MODEL_ID_LENGTH)  # provider/model
    provider_key = models.CharField(max_length=100, blank=True)  # a name: the key may come later
    upstream_model = models.CharField(max_length=MODEL_ID_LENGTH, blank=True)
    dialect = models.CharField(max_length=32, blank=True, db_default="")
    tier = models.CharField(max_length=12, blank=True)
    kind = models.CharField(max_length=12, blank=True, db_default="")
    context = models.PositiveIntegerField(null=True)
    max_output = models.PositiveIntegerField(null=True)
    can = ArrayField(models.CharField(max_length=16), null=True)
    prices = models.JSONField(default=list, encoder=DjangoJSONEncoder)  # core.price.Price, oldest first
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ("model_id",)
        constraints = (models.UniqueConstraint(fields=["tenant", "model_id"], name="one_custom_model_an_id"),)

    def __str__(self) -> str:
        return self.model_id


class PriceEdition(models.Model):
    """The public price lists as they were installed once; the same for all tenants, and never changed."""

    digest = models.CharField(max_length=64, primary_key=True)  # SHA-256 of the prices
    source = models.CharField(max_length=100)
    prices = models.JSONField(encoder=DjangoJSONEncoder)  # model → core.price.Price, oldest first
    installed_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"{self.source} of {self.installed_at:%Y-%m-%d}"


class PriceBook(Owned):
    """By which edition a tenant pays, apart from the prices it accepted since."""

    tenant = models.OneToOneField(
        "tenants.Tenant", on_delete=models.CASCADE, primary_key=True, related_name="price_book"
    )
    edition = models.ForeignKey(PriceEdition, on_delete=models.PROTECT, related_name="+")
    told = models.CharField(max_length=64, blank=True)  # edition whose changes the audit trail has told of

    def __str__(self) -> str:
        return f"of {self.tenant_id}"


class PriceDecision(Owned):
    """A price that a newer edition proposed, accepted or rejected. Rows are added, never changed."""

    tenant = models.ForeignKey("tenants.Tenant", on_delete=models.CASCADE, related_name="price_decisions")
    model_id = models.CharField(max_length=MODEL_ID_LENGTH)
    price = models.JSONField(encoder=DjangoJSONEncoder)  # core.price.Price, with the day it begins
    accepted = models.BooleanField()
    decided_by = models.CharField(max_length=254)
    decided_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("-id",)

    def __str__(self) -> str:
        return f"{self.model_id} {'accepted' if self.accepted else 'rejected'}"
