"""What runs each second: fetch and call, nothing else."""

from celery import shared_task
from django.conf import settings
from redis import Redis

from billing import ingest, reconcile
from billing.stream import Stream


@shared_task(name="billing.tasks.drain")
def drain() -> None:
    with _redis() as redis:
        ingest.drain(Stream(redis))


@shared_task(name="billing.tasks.reconcile")
def reconcile_intents() -> None:
    with _redis() as redis:
        reconcile.reconcile(Stream(redis))


def _redis() -> Redis:
    return Redis.from_url(settings.REDIS_URL, socket_timeout=10, socket_connect_timeout=5)
