"""What runs each second: fetch and call, nothing else. An outage is waited out, in one line a try."""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

import structlog
from celery import shared_task
from django.conf import settings
from django.db import InterfaceError, OperationalError
from redis import Redis, RedisError

from billing import ingest, rollup
from billing.reconcile import reconcile
from billing.stream import Stream

log = structlog.get_logger(__name__)


@shared_task(name="billing.tasks.drain")
def drain() -> None:
    with _stream() as stream:
        ingest.drain(stream)


@shared_task(name="billing.tasks.reconcile")
def reconcile_intents() -> None:
    with _stream() as stream:
        reconcile(stream)


@shared_task(name="billing.tasks.rebuild_rollups")
def rebuild_rollups(tenant: str) -> None:
    """After a change of the tenant's time zone, by whose hours its rollups are kept."""
    rollup.rebuild(UUID(tenant))


@contextmanager
def _stream() -> Iterator[Stream]:
    """The events stay where they are until Redis and PostgreSQL are back; the next try is a second away."""
    try:
        with Redis.from_url(settings.REDIS_URL, socket_timeout=10, socket_connect_timeout=5) as redis:
            yield Stream(redis)
    except (RedisError, OperationalError, InterfaceError) as error:
        log.warning("ledger_waits", because=type(error).__name__)
