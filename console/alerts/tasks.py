import structlog
from celery import shared_task
from django.utils import timezone

from console.alerts import delivery, watching
from console.tenancy import within
from console.tenants.models import Tenant

log = structlog.get_logger(__name__)


@shared_task(name="console.alerts.tasks.watch")
def watch() -> None:
    now = timezone.now()
    for tenant in Tenant.objects.filter(suspended=False):
        try:
            with within(tenant):
                watching.look(tenant, now=now)
        except Exception:
            # Whatever it is, it is this tenant's: the others are looked at all the same.
            log.exception("watching_failed", tenant=str(tenant.pk))


@shared_task(name="console.alerts.tasks.deliver")
def deliver() -> None:
    delivery.deliver(now=timezone.now())
