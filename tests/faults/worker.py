"""The ledger's worker without Celery: drains and reconciles until it is ended."""

import time

import django

django.setup()

from billing import tasks  # noqa: E402 (Django first)

if __name__ == "__main__":
    while True:
        tasks.drain()
        tasks.reconcile_intents()
        tasks.keep_budgets()
        time.sleep(0.1)
