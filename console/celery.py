"""The Celery application. Tasks fetch and call; what they run when is a static table in the settings."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "console.settings")

app = Celery("rungway")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
