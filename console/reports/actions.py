"""The only things that these pages change: what becomes of an event that could not be stored."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.db import transaction
from redis import Redis, RedisError

from billing import dead
from billing.models import DeadLetter
from billing.stream import Stream
from console.audit import actions as audit
from console.audit.actor import Actor
from console.refusals import Refused

if TYPE_CHECKING:
    from console.tenants.models import Tenant


class CannotBeRetried(Refused):
    """Said to the person who asked."""


@transaction.atomic
def retry(tenant: Tenant, letter: DeadLetter, *, acting: Actor) -> None:
    """Sent before the row is gone: at worst it comes twice, and what is stored is stored once."""
    if letter.payload is None:
        raise CannotBeRetried("Nothing is left of this event to be tried.")
    try:
        with Redis.from_url(settings.REDIS_URL, socket_timeout=5, socket_connect_timeout=2) as redis:
            dead.retry(letter, Stream(redis))
    except RedisError:
        raise CannotBeRetried("Redis does not answer just now. Nothing was changed: try again.") from None
    audit.record(tenant, acting=acting, verb="event.retried", subject=letter.entry)


@transaction.atomic
def discard(tenant: Tenant, letter: DeadLetter, *, acting: Actor) -> None:
    changes = {"reason": letter.reason, "sha256": letter.sha256}
    letter.delete()
    audit.record(tenant, acting=acting, verb="event.discarded", subject=letter.entry, changes=changes)
