"""What runs by the clock: fetch and call, nothing else. An outage is waited out, in one line a try."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from uuid import UUID

import structlog
from celery import shared_task
from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.utils import timezone
from redis import Redis, RedisError

from billing import daily, exclusive, heard, holding, ingest, partitions, rollup, self_check, sequences
from billing.reconcile import reconcile
from billing.stream import Stream
from console.tenancy import every_tenant

log = structlog.get_logger(__name__)


@shared_task(name="billing.tasks.drain")
def drain() -> None:
    with _stream() as stream:
        ingest.drain(stream)


@shared_task(name="billing.tasks.reconcile")
def reconcile_intents() -> None:
    with _stream() as stream:
        reconcile(stream)


@shared_task(name="billing.tasks.sum_days")
def sum_days() -> None:
    daily.sum_days(now=timezone.now())


@shared_task(name="billing.tasks.keep_budgets")
def keep_budgets(*, all_of_them: bool = False) -> None:
    """What gateways hold calls to is what the ledger says; all of them now and then, for prices may be corrected."""
    now = timezone.now()
    with _redis() as redis:
        holding.Books(redis, now=now).keep(all_of_them=all_of_them)


@shared_task(name="billing.tasks.keep_partitions")
def keep_partitions() -> None:
    """Days to come have a place; days whose time is over, where that is limited, are dropped."""
    today = timezone.now().date()
    with every_tenant():
        exclusive.wait()
        partitions.make_ahead(today)
        if settings.LEDGER_DAYS:
            partitions.drop_before(today - timedelta(days=settings.LEDGER_DAYS))


@shared_task(name="billing.tasks.keep_statistics")
def keep_statistics() -> None:
    partitions.analyse()


@shared_task(name="billing.tasks.tell_gaps")
def tell_gaps() -> None:
    """A number that a gateway gave out and that did not come within a minute is an event lost, or held back."""
    for gap in sequences.new_gaps(now=timezone.now()):
        log.error("events_missing", process=gap.process, first=gap.first, last=gap.last)


@shared_task(name="billing.tasks.find_repeats")
def find_repeats() -> None:
    heard.find_repeats(now=timezone.now())


@shared_task(name="billing.tasks.check_the_books")
def check_the_books() -> None:
    self_check.check(now=timezone.now())


@shared_task(name="billing.tasks.rebuild_rollups")
def rebuild_rollups(tenant: str) -> None:
    """After a change of the tenant's time zone, by whose hours its rollups are kept."""
    rollup.rebuild(UUID(tenant))


@contextmanager
def _stream() -> Iterator[Stream]:
    """The events stay where they are until Redis and PostgreSQL are back; the next try is a second away."""
    with _redis() as redis:
        yield Stream(redis)


@contextmanager
def _redis() -> Iterator[Redis]:
    try:
        with Redis.from_url(settings.REDIS_URL, socket_timeout=10, socket_connect_timeout=5) as redis:
            yield redis
    except (RedisError, OperationalError, InterfaceError) as error:
        log.warning("ledger_waits", because=type(error).__name__)
