"""`correct_price`: what a model really cost, over days that are on the books with another price."""

from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from django.apps import apps
from django.core.management.base import BaseCommand, CommandError, CommandParser

from billing.periods import midnight
from billing.rerate import rerate
from gateway.core.money import nano, usd
from gateway.core.price import Price

AMOUNTS = (
    "input", "output", "cache_read", "cache_write", "cache_write_1h", "audio_input", "audio_output",
    "audio_cache_read", "image_input", "image_output", "per_request", "per_search",
)  # fmt: skip


class Command(BaseCommand):
    help = "Reckons a tenant's history anew by further lines; the old ones stay, taken back. USD per million tokens."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("tenant", help="its name in addresses")
        parser.add_argument("model", help="as provider/model")
        parser.add_argument(
            "--since", type=date.fromisoformat, required=True, help="the first day, the tenant's own"
        )
        parser.add_argument("--until", type=date.fromisoformat, required=True, help="the day after the last")
        parser.add_argument("--service-tier", default="", help="left out: the standard one")
        parser.add_argument("--region", default="", help="left out: where no region has a price of its own")
        for name in AMOUNTS:
            needed = name in {"input", "output"}
            parser.add_argument(f"--{name.replace('_', '-')}", type=_amount, required=needed, metavar="USD")

    def handle(self, *_: object, tenant: str, model: str, since: date, until: date, **given: Any) -> None:
        found = apps.get_model("tenants", "Tenant").objects.filter(slug=tenant).first()
        if found is None:
            raise CommandError(f"There is no tenant {tenant!r}.")
        zone = ZoneInfo(found.time_zone)
        told = {name: given[name] for name in AMOUNTS if given.get(name) is not None}
        told |= {name: given[name] for name in ("service_tier", "region")}
        done = rerate(
            found,
            model,
            msgspec.convert({"since": since, **told}, Price),
            start=midnight(since, zone),
            end=midnight(until, zone),
        )
        self.stdout.write(
            f"{done.requests} requests, {done.lines} lines: {usd(done.before)} USD before, {usd(done.after)} USD now."
        )


def _amount(text: str) -> int:
    """Nano-dollars."""
    amount = nano(text)
    if amount < 0:
        raise ValueError("a price is not below zero")
    return amount
