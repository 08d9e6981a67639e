"""What is watched for, and who is told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction

from billing.alerts import Alert, raise_alert
from console.alerts.delivery import boundary
from console.alerts.models import Channel, Kind, Watch
from console.audit import actions as audit
from console.audit.actor import Actor
from gateway.core.addresses import Url, UrlNotAllowed

if TYPE_CHECKING:
    from console.tenants.models import Tenant

MOST = 20
TEST = "test"


@transaction.atomic
def add_channel(tenant: Tenant, *, kind: str, target: str, acting: Actor) -> Channel:
    """`ValidationError` says what is wrong with the target."""
    if tenant.alert_channels.count() >= MOST:
        raise ValidationError({"target": f"At most {MOST} channels: remove one first."})
    _check(kind, target)
    try:
        with transaction.atomic():
            channel = tenant.alert_channels.create(kind=kind, target=target, created_by=acting.label)
    except IntegrityError:
        raise ValidationError({"target": "Alerts go there already."}) from None
    audit.record(tenant, acting=acting, verb="alert_channel.added", subject=target[:254])
    return channel


@transaction.atomic
def remove_channel(channel: Channel, *, acting: Actor) -> None:
    channel.delete()
    audit.record(channel.tenant, acting=acting, verb="alert_channel.removed", subject=channel.target[:254])


@transaction.atomic
def set_watch(
    tenant: Tenant, *, unpriced: bool, unusual_score: float | None, overkill_nano: int | None, acting: Actor
) -> None:
    Watch._base_manager.update_or_create(
        tenant=tenant,
        defaults={"unpriced": unpriced, "unusual_score": unusual_score, "overkill_nano": overkill_nano},
    )
    changes = {"unpriced": unpriced, "unusual_score": unusual_score, "overkill_nano": overkill_nano}
    audit.record(tenant, acting=acting, verb="alerts.changed", subject=tenant.slug, changes=changes)


@transaction.atomic
def try_out(tenant: Tenant, *, key: str, acting: Actor) -> Alert | None:
    """An alert of no consequence to every channel; `key` makes two clicks one."""
    return raise_alert(
        tenant,
        kind=TEST,
        key=key,
        title="This is a test of your alerts",
        text=f"{acting.label} asked for it. Nothing is wrong.",
        facts={},
    )


def _check(kind: str, target: str) -> None:
    try:
        if kind == Kind.EMAIL:
            validate_email(target)
        else:
            boundary().check(Url.parse(target))
    except UrlNotAllowed as reason:
        raise ValidationError({"target": f"This address cannot be used: {reason}."}) from None
    except ValidationError as wrong:
        raise ValidationError({"target": wrong.messages}) from None
