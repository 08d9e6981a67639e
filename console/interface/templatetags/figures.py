"""Filters that write figures; the rules are in `console.interface.formatting`."""

from __future__ import annotations

from datetime import datetime

from django import template
from django.utils import timezone

from console.interface import formatting

register = template.Library()

for name, write in (
    ("usd", formatting.usd),
    ("usd_exact", formatting.usd_exact),
    ("usd_short", formatting.usd_short),
    ("count", formatting.count),
    ("tokens", formatting.tokens),
    ("percent", formatting.percent),
    ("signed_percent", formatting.signed_percent),
    ("ms", formatting.milliseconds),
    ("words", formatting.words),
    ("day", formatting.day),
):
    register.filter(name, write)


@register.filter
def ago(moment: datetime | None) -> str:
    return formatting.ago(moment, now=timezone.now())
