"""Makes a tenant what a YAML file says."""

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from console.audit.actor import Actor
from console.configuration.applied import Applied
from console.configuration.apply import apply
from console.configuration.document import WrongDocument, parse


class Command(BaseCommand):
    help = "Creates or updates a tenant and all that is in it from FILE.yaml, and prints what changed."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", help="a YAML file, or - for standard input")
        parser.add_argument(
            "--dry-run", action="store_true", help="print what would change, and change nothing"
        )
        parser.add_argument("--prune", action="store_true", help="also remove what the file does not list")

    def handle(self, *_: Any, file: str, dry_run: bool, prune: bool, **__: Any) -> None:
        try:
            document = parse(sys.stdin.read() if file == "-" else Path(file).read_text())
            applied = apply(document, acting=Actor.system("manage.py apply"), dry_run=dry_run, prune=prune)
        except (OSError, UnicodeDecodeError) as error:
            raise CommandError(f"{file} cannot be read: {error}") from None
        except WrongDocument as wrong:
            raise CommandError(f"{file}: {wrong}. Nothing was changed.") from None
        self.report(applied, dry_run=dry_run)

    def report(self, applied: Applied, *, dry_run: bool) -> None:
        for change in applied.changes:
            self.stdout.write(change)
        if not applied.changes:
            self.stdout.write("nothing to change")
        elif dry_run:
            self.stdout.write("dry run: nothing was changed")
        else:
            for name, secret in applied.made.items():
                self.stdout.write(f"gateway key {name}: {secret}   (shown this once)")
