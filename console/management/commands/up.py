"""Runs the whole product until Ctrl-C; see `console.supervisor`."""

import sys
from argparse import ArgumentParser
from io import TextIOWrapper
from typing import Any

from django.core.management.base import BaseCommand

from console.environment import Environment
from console.supervisor import story


class Command(BaseCommand):
    help = "Runs console, gateway, worker and the servers they need, until Ctrl-C."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--check", action="store_true", help="send one request, see it in the figures, and stop"
        )

    def handle(self, *_: Any, check: bool, **__: Any) -> None:
        if isinstance(sys.stdout, TextIOWrapper):
            sys.stdout.reconfigure(errors="replace")  # parts may say what this terminal cannot show
        sys.exit(story.up(Environment.from_environ(), checking=check))
