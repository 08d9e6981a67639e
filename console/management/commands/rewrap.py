"""After a new master key was put first in MASTER_KEYS: seals every provider key and second factor under it."""

from typing import Any

from django.core.management.base import BaseCommand

from console.keys import second_factor
from console.keys.actions import provider_keys


class Command(BaseCommand):
    help = "Seals all secrets under the first of MASTER_KEYS; then the others can be taken out."

    def handle(self, *_: Any, **__: Any) -> None:
        moved = provider_keys.rewrap_all() + second_factor.rewrap_all()
        self.stdout.write(f"{moved} sealed anew; all others were under the first master key already.")
