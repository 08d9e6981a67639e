"""Compares the catalogue's rows with the price lists and with each other."""

from datetime import UTC, datetime
from typing import Any

import msgspec
from django.core.management.base import BaseCommand, CommandError

from console.catalogue import builtin, check


class Command(BaseCommand):
    help = "Says what is wrong with the rows of gateway/catalogue, where, and how to mend it."
    requires_system_checks = ()

    def handle(self, *_: Any, **__: Any) -> None:
        try:
            rows = builtin.rows()
        except msgspec.DecodeError as wrong:
            raise CommandError(f"gateway/catalogue cannot be read: {wrong}") from None
        found = list(check.findings(rows, today=datetime.now(UTC).date()))
        for finding in found:
            self.stderr.write(str(finding))
        models = sum(map(len, rows.entries.values()))
        if found:
            raise CommandError(f"{len(found)} to mend, of {len(rows.vendors)} providers and {models} models.")
        self.stdout.write(f"{len(rows.vendors)} providers and {models} models: nothing to mend.")
