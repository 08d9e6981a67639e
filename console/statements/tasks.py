from celery import shared_task
from django.utils import timezone

from console.statements import actions


@shared_task(name="console.statements.tasks.close_months")
def close_months() -> None:
    actions.close_those_due(now=timezone.now())
