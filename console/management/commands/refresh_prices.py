"""Compares each tenant's price book with the price lists that are installed, and says what it proposes."""

from typing import Any

from django.core.management.base import BaseCommand

from console.catalogue import price_actions
from console.catalogue.price_book import installed_source
from console.catalogue.tasks import PRICES
from console.tenancy import within
from console.tenants.models import Tenant
from gateway.core.money import usd
from gateway.core.price import Price


class Command(BaseCommand):
    help = "Proposes the prices that differ; nobody pays another price until it is accepted on the page of prices."

    def handle(self, *_: Any, **__: Any) -> None:
        for tenant in Tenant.objects.order_by("slug"):
            with within(tenant):
                found = price_actions.refresh(tenant, acting=PRICES)
            self.stdout.write(f"{tenant.slug}: {len(found)} proposed by {installed_source()}")
            for one in found:
                self.stdout.write(
                    f"  {one.model}: {_said(one.old)} -> {_said(one.new)}, from {one.new.since}"
                )


def _said(price: Price | None) -> str:
    return "unknown" if price is None else f"{usd(price.input)} in, {usd(price.output)} out"
