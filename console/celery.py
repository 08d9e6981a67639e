"""The Celery application. Tasks fetch and call; what they run when is a static table in the settings."""

import os
import warnings
from pathlib import Path

from celery import Celery
from celery.exceptions import SecurityWarning
from celery.signals import beat_init, celeryd_init, worker_ready

from console import preflight

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "console.settings")

app = Celery("rungway")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@celeryd_init.connect
@beat_init.connect
def refuse_unsafe(**_: object) -> None:
    """When a worker or beat starts, not when a page imports this to send a task."""
    preflight.refuse_unsafe()
    # Celery warns root of pickled tasks; ours are JSON and nothing else is accepted.
    warnings.simplefilter("ignore", SecurityWarning)


@worker_ready.connect
@beat_init.connect
def tell_ready(**_: object) -> None:
    if path := os.environ.get("READY_FILE"):
        Path(path).touch()
