"""Keeps what the gateways serve abreast of what the console holds."""

from celery import shared_task

from console.outbox import actions as outbox
from console.publishing import actions, learning


@shared_task(name="console.publishing.tasks.drain")
def drain() -> None:
    """Woken by every commit that changes a tenant, and by the beat in case the wake-up was lost."""
    outbox.drain(actions.publish_tenant)


@shared_task(name="console.publishing.tasks.sweep")
def sweep() -> None:
    actions.publish_those_behind()


@shared_task(name="console.publishing.tasks.learn_quality")
def learn_quality() -> None:
    """What judged requests say of a tenant's models, on its way to the gateways."""
    learning.learn()


@shared_task(name="console.publishing.tasks.learn_lengths")
def learn_lengths() -> None:
    """How long a tenant's answers are, where that has changed, on its way to the gateways."""
    learning.learn_lengths()
