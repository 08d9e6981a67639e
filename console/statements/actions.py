"""Closing a month: what its statements say then, they say for good."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

import msgspec
from django.db import IntegrityError, transaction

from billing.periods import zone_of
from billing.statements import drawn_up, is_over, month_of
from console.audit import actions as audit
from console.audit.actor import Actor
from console.refusals import Refused
from console.statements.selectors import unclosed
from console.tenancy import within
from console.tenants.models import Tenant as Tenants

if TYPE_CHECKING:
    from console.tenants.models import Tenant

GRACE = timedelta(days=3)  # that events which come late have, before a month is closed by itself
CLERK = "closing of months"


class CannotBeClosed(Refused):
    """Said to the person who asked."""


@transaction.atomic
def close(tenant: Tenant, month: date, *, now: datetime, acting: Actor) -> None:
    """The whole month, and each tag that is declared now."""
    span = month_of(month, zone_of(tenant.time_zone))
    if not is_over(span, now):
        raise CannotBeClosed("The month is not over: what is yet to come belongs to it.")
    try:
        with transaction.atomic():
            for tag in ("", *tenant.tags):
                lines = drawn_up(tenant, span, tag=tag).lines
                tenant.closed_statements.create(
                    month=month, tag=tag, content=msgspec.to_builtins(lines), closed_by=acting.label
                )
    except IntegrityError:
        raise CannotBeClosed("The month is closed already.") from None
    audit.record(tenant, acting=acting, verb="month.closed", subject=f"{month:%Y-%m}")


def close_those_due(*, now: datetime) -> int:
    """Each tenant's months that have been over for some days; returns how many were closed."""
    done = 0
    for tenant in Tenants.objects.all():
        with within(tenant):
            today = (now - GRACE).astimezone(zone_of(tenant.time_zone)).date()
            for month in unclosed(tenant, before=today):
                close(tenant, month, now=now, acting=Actor.system(CLERK))
                done += 1
    return done
