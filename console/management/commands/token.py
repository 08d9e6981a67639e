"""Makes an admin token for the REST API and prints it, alone, on the last line."""

from argparse import ArgumentParser
from datetime import UTC, datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from console.audit.actor import Actor
from console.keys.actions import admin_tokens
from console.tenancy import Role, within
from console.tenants.models import Tenant


class Command(BaseCommand):
    help = "Makes an admin token of a tenant. It is printed once, and only a digest is kept."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("tenant", help="its slug")
        parser.add_argument("--role", choices=Role.values, default=Role.OWNER.value)
        parser.add_argument("--name", help="as the audit trail calls it; made up when left out")

    def handle(self, *_: Any, tenant: str, role: str, name: str | None, **__: Any) -> None:
        found = Tenant.objects.filter(slug=tenant).first()
        if found is None:
            raise CommandError(f"There is no tenant {tenant}.")
        called = name or f"command line {datetime.now(UTC):%Y-%m-%d %H:%M:%S.%f}"
        with within(found):
            made = admin_tokens.create(
                found, name=called, role=Role(role), acting=Actor.system("manage.py token")
            )
        self.stdout.write(made.secret.reveal)
