"""Prints a tenant as the YAML that `apply` reads."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from console.configuration.document import render
from console.configuration.export import document_of
from console.tenancy import within
from console.tenants.models import Tenant


class Command(BaseCommand):
    help = "Prints a tenant's configuration as YAML; secrets read {keep: true}."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("tenant", help="its slug")

    def handle(self, *_: Any, tenant: str, **__: Any) -> None:
        found = Tenant.objects.filter(slug=tenant).first()
        if found is None:
            raise CommandError(f"There is no tenant {tenant}.")
        with within(found):
            self.stdout.write(render(document_of(found)), ending="")
