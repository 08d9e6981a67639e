from django.apps import AppConfig
from django.core import checks

from console import preflight


class ConsoleConfig(AppConfig):
    name = "console"
    label = "console"

    def ready(self) -> None:
        checks.register(preflight.check)
