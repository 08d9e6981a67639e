"""Makes what a person needs to begin, and prints it for `up` as one line of JSON."""

import json
from dataclasses import asdict
from typing import Any

from django.core.management import call_command, get_commands
from django.core.management.base import BaseCommand

from console.environment import Environment
from console.supervisor.welcome import Welcome
from console.tenants.models import Tenant


class Command(BaseCommand):
    help = "On a first start makes the demo; then a one-time sign-in link and a key to try the gateway with."

    def handle(self, *_: Any, **__: Any) -> None:
        if self._is_first_start() and "demo" in get_commands():
            call_command("demo", stdout=self.stderr)
        self.stdout.write(json.dumps(asdict(self._welcome())))

    def _is_first_start(self) -> bool:
        return Environment.from_environ().demo_wanted and not Tenant.objects.exists()

    def _welcome(self) -> Welcome:
        return Welcome(sign_in=None, person=None, trial=None)
