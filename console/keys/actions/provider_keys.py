"""The tenant's keys at providers. What is entered is sealed at once and never shown again."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID, uuid4

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from console.audit import actions as audit
from console.audit.actor import Actor
from console.catalogue import builtin
from console.catalogue.builtin import Vendor
from console.keys import entered, regions, trial
from console.keys.actions import twins
from console.keys.models import KeyState, ProviderKey
from console.keys.sealing import Secret, Unopenable, is_current, rewrap, seal
from console.outbox import actions as outbox
from console.tenancy import every_tenant
from console.tenants import names
from console.tenants.actions import lock, require
from console.tenants.models import Tenant

NAME_LENGTH = 64
TWINS = {"one_provider_key_a_name": ("name", "There is a provider key of this name already.")}


@transaction.atomic
def create(
    tenant: Tenant,
    *,
    name: str,
    provider: str,
    secret: str,
    acting: Actor,
    base_url: str = "",
    region: str = "",
    key_id: UUID | None = None,
) -> ProviderKey:
    """With a `key_id`, doing it twice does it once."""
    require(acting)
    lock(tenant)
    if key_id and (done := tenant.provider_keys.filter(pk=key_id).first()):
        return done
    vendor = vendor_of(provider)
    key = ProviderKey(
        id=key_id or uuid4(),
        tenant=tenant,
        name=names.field("name", name, at_most=NAME_LENGTH),
        provider=vendor.id,
        base_url=_field("base_url", entered.base_url, base_url, vendor),
    )
    _put(key, _field("secret", entered.provider_secret, secret, vendor), vendor, region)
    with twins.refused(TWINS):
        key.save(force_insert=True)
    changes = {"provider": key.provider, "base_url": key.base_url, "ends_in": key.last4, "region": key.region}
    audit.record(tenant, acting=acting, verb="provider_key.created", subject=key.name, changes=changes)
    outbox.mark(tenant)
    return key


@transaction.atomic
def replace(
    key: ProviderKey, *, secret: str, acting: Actor, base_url: str | None = None, region: str | None = None
) -> ProviderKey:
    """A new secret, and perhaps another address: a secret never goes where it was not entered for."""
    require(acting)
    vendor = vendor_of(key.provider)
    before = _shown(key)
    if base_url is not None:
        key.base_url = _field("base_url", entered.base_url, base_url, vendor)
    entered_region = region if region is not None else key.region if base_url is None else ""
    _put(key, _field("secret", entered.provider_secret, secret, vendor), vendor, entered_region)
    key.rotated_at = timezone.now()
    key.save()
    changes = audit.changed(before, _shown(key))
    audit.record(key.tenant, acting=acting, verb="provider_key.replaced", subject=key.name, changes=changes)
    outbox.mark(key.tenant)
    return key


@transaction.atomic
def set_region(key: ProviderKey, region: str, *, acting: Actor) -> bool:
    """By which prices it is paid from the next snapshot on; whether that is another than before."""
    require(acting)
    before, after = key.region, _region(region)
    if before == after:
        return False
    key.region = after
    key.save(update_fields=["region"])
    changes = audit.changed({"region": before}, {"region": after})
    audit.record(key.tenant, acting=acting, verb="provider_key.moved", subject=key.name, changes=changes)
    outbox.mark(key.tenant)
    return True


@transaction.atomic
def delete(key: ProviderKey, *, acting: Actor) -> None:
    """Models that are reached by this key only stop answering with the next snapshot."""
    require(acting)
    tenant, name = key.tenant, key.name
    key.delete()
    audit.record(tenant, acting=acting, verb="provider_key.deleted", subject=name)
    outbox.mark(tenant)


@transaction.atomic
def test(key: ProviderKey, *, acting: Actor) -> trial.Trial:
    """Asks the provider, and keeps what came out beside the key. The snapshot is not concerned."""
    require(acting)
    outcome = _try(key)
    key.state = {True: KeyState.WORKING, False: KeyState.FAILING, None: KeyState.UNTESTED}[outcome.working]
    key.state_reason = outcome.reason
    key.tested_at = timezone.now()
    key.save(update_fields=["state", "state_reason", "tested_at"])
    changes = {"state": key.state, "reason": outcome.reason}
    audit.record(key.tenant, acting=acting, verb="provider_key.tested", subject=key.name, changes=changes)
    return outcome


def rewrap_all() -> int:
    """Seals all under the first master key, a row a transaction: it may be stopped and begun again."""
    with every_tenant():
        keys = list(ProviderKey.objects.exclude(master_key="").values_list("pk", flat=True))
    return sum(_rewrap(pk) for pk in keys)


def holds(key: ProviderKey, secret: str) -> bool:
    """Whether this is the secret that it has, however it was entered."""
    given = _field("secret", entered.provider_secret, secret, vendor_of(key.provider))
    return key.fingerprint == (given.fingerprint(tenant=key.tenant_id) if given else "")


def vendor_of(provider: str) -> Vendor:
    try:
        return builtin.vendors()[provider]
    except KeyError:
        raise ValidationError({"provider": "There is no such provider in the catalogue."}) from None


def _shown(key: ProviderKey) -> dict[str, str]:
    names = ("base_url", "region", "fingerprint")
    return {"ends_in": key.last4, **{name: getattr(key, name) for name in names}}


def _put(key: ProviderKey, secret: Secret | None, vendor: Vendor, region: str) -> None:
    entered.check_region(secret, key.base_url, vendor)
    key.region = _region(region) or regions.told(key.base_url, secret, vendor)
    key.sealed = seal(secret, tenant=key.tenant_id, secret_id=key.pk) if secret else None
    key.last4 = secret.last4 if secret else ""
    key.fingerprint = secret.fingerprint(tenant=key.tenant_id) if secret else ""
    key.state, key.state_reason, key.tested_at = KeyState.UNTESTED, "", None


def _try(key: ProviderKey) -> trial.Trial:
    try:
        secret = key.open()
    except Unopenable as reason:
        return trial.Trial(working=False, reason=str(reason))
    return trial.attempt(vendor_of(key.provider), base_url=key.base_url, secret=secret)


def _rewrap(pk: UUID) -> bool:
    with every_tenant():
        key = ProviderKey.objects.select_for_update().select_related("tenant").filter(pk=pk).first()
        if key is None or (sealed := key.sealed) is None or is_current(sealed):
            return False
        key.sealed = rewrap(sealed, tenant=key.tenant_id, secret_id=key.pk)
        key.save(update_fields=["master_key", "sealed_data_key", "sealed_secret"])
        changes = audit.changed({"master_key": sealed.master_key}, {"master_key": key.master_key})
        acting = Actor.system("rewrap")
        audit.record(
            key.tenant, acting=acting, verb="provider_key.rewrapped", subject=key.name, changes=changes
        )
        outbox.mark(key.tenant)
    return True


def _region(text: str) -> str:
    try:
        return regions.region(text)
    except ValidationError as error:
        raise ValidationError({"region": error.messages}) from None


def _field[T](field: str, check: Callable[[str, Vendor], T], text: str, vendor: Vendor) -> T:
    try:
        return check(text, vendor)
    except ValidationError as error:
        raise ValidationError({field: error.messages}) from None
