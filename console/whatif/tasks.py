"""Replays run where they hold nobody up."""

from uuid import UUID

from celery import shared_task
from django.utils import timezone

from console.whatif import performing


@shared_task(name="console.whatif.tasks.perform")
def perform(tenant: str, run: str) -> None:
    performing.perform(UUID(tenant), UUID(run))


@shared_task(name="console.whatif.tasks.sweep")
def sweep() -> None:
    performing.sweep(now=timezone.now())
