"""What runs by the clock: fetch and call, nothing else."""

import structlog
from celery import shared_task

from console.audit.actor import Actor
from console.catalogue import price_actions
from console.tenancy import within
from console.tenants.models import Tenant

log = structlog.get_logger(__name__)
PRICES = Actor.system("refresh_prices")


@shared_task(name="console.catalogue.tasks.refresh_prices")
def refresh_prices() -> None:
    for tenant in Tenant.objects.all():
        with within(tenant):
            found = price_actions.refresh(tenant, acting=PRICES)
        if found:
            log.info("prices_proposed", tenant=str(tenant.pk), prices=len(found))
