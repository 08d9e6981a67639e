"""`verify_ledger`: proves that no line of the ledger was changed, removed or slipped in, or names the first one."""

from datetime import date
from typing import Any

from django.apps import apps
from django.core.management.base import BaseCommand, CommandError, CommandParser

from billing.chain import Broken, verify


class Command(BaseCommand):
    help = (
        "Follows the hashes of every tenant and day. Fails with the first line that is not what was recorded."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("tenant", nargs="?", help="its name in addresses; all tenants without it")
        parser.add_argument("--since", type=date.fromisoformat, help="the first day (UTC), as 2026-03-10")
        parser.add_argument("--until", type=date.fromisoformat, help="the last day")

    def handle(self, *_: object, tenant: str | None = None, **options: Any) -> None:
        lines, broken = 0, list[Broken]()
        for day in verify(tenant=_named(tenant), since=_day(options["since"]), until=_day(options["until"])):
            lines += day.lines
            if day.broken:
                broken.append(day.broken)
            if day.lines or day.broken:
                state = "broken" if day.broken else "whole"
                self.stdout.write(
                    f"{day.day}  {_count(day.chains, 'chain')}, {_count(day.lines, 'line')}: {state}"
                )
        if broken:
            raise CommandError("\n".join(map(_told, broken)))
        self.stdout.write(f"{_count(lines, 'line')}, each as it was recorded.")


def _named(slug: str | None) -> Any:
    if slug is None:
        return None
    tenant = apps.get_model("tenants", "Tenant").objects.filter(slug=slug).first()
    if tenant is None:
        raise CommandError(f"There is no tenant {slug!r}.")
    return tenant.pk


def _day(given: date | str | None) -> date | None:
    return date.fromisoformat(given) if isinstance(given, str) else given


def _told(broken: Broken) -> str:
    return (
        f"{broken.day}, tenant {broken.tenant}, line {broken.place} ({broken.attempt_id}): {broken.because}."
    )


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
