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
