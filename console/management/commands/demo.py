"""Makes the demo company and its six weeks of traffic."""

from argparse import ArgumentParser
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from console.demo.make import make
from console.tenants.models import Tenant

SLUG = "halcyon"


class Command(BaseCommand):
    help = "Makes Halcyon Travel: three teams, four routers, six weeks of traffic on simulated providers."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--now", type=datetime.fromisoformat, help="when the six weeks end; the present if left out"
        )

    def handle(self, *_: Any, now: datetime | None, **__: Any) -> None:
        if Tenant.objects.filter(slug=SLUG).exists():
            raise CommandError(f"The tenant {SLUG} is there already.")
        done = 0
        for done in make(now=now or timezone.now()):
            if done % 5000 == 0:
                self.stdout.write(f"demo: {done:,} requests")
        self.stdout.write(f"demo: {done:,} requests over six weeks")
