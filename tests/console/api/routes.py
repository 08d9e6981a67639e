"""The URL conf of the API, walked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.urls import URLResolver, get_resolver

from console.api.schema import Operation

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


@dataclass(frozen=True)
class View:
    name: str
    cls: Any

    @property
    def methods(self) -> dict[str, Operation | None]:
        there = {method: getattr(self.cls, method.lower(), None) for method in METHODS}
        return {method: getattr(handler, "operation", None) for method, handler in there.items() if handler}

    @property
    def is_documented(self) -> bool:
        return self.cls.schema is not None


def _walk(resolver: URLResolver, above: str = "") -> dict[str, View]:
    found: dict[str, View] = {}
    for pattern in resolver.url_patterns:
        path = above + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            found |= _walk(pattern, path)
        elif path.startswith("api/v1/"):
            found[path] = View(str(pattern.name), getattr(pattern.callback, "cls"))  # noqa: B009 - DRF's own
    return found


ROUTES = _walk(get_resolver())
