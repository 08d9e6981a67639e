"""The Celery application. Tasks fetch and call; what they run when is a static table in the settings."""

import os

from celery import Celery
from celery.signals import beat_init, worker_init

from console import preflight

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "console.settings")

app = Celery("rungway")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@worker_init.connect
@beat_init.connect
def refuse_unsafe(**_: object) -> None:
    """When a worker or beat starts, not when a page imports this to send a task."""
    preflight.refuse_unsafe()
