"""Names of fields: this protocol takes each in two spellings, `systemInstruction` and `system_instruction`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import Any

from gateway.dialects.fields import Check, wrong


def said(of: Mapping[str, Any], name: str) -> Any:
    """The value of a field, whichever way its name is spelled; None where it is not said."""
    value = of.get(name)
    return of.get(snake(name)) if value is None else value


@cache
def snake(name: str) -> str:
    return re.sub(r"[A-Z]", lambda found: f"_{found[0].lower()}", name)


def both(checks: Mapping[str, Check]) -> dict[str, Check]:
    return {spelling: check for name, check in checks.items() for spelling in (name, snake(name))}


def refuse_twice_said(place: str, of: Mapping[str, Any]) -> None:
    """What two readers could understand differently."""
    for name in of:
        if name != (other := snake(name)) and other in of:
            raise wrong(f"{place}{name}", f"and '{other}' are one field: say it once")


def objects(value: Any) -> list[dict[str, Any]]:
    """A list of objects, of which one alone may stand for itself."""
    if type(value) is dict:
        return [value]
    return value if type(value) is list else []
