"""Which paths there are. A surface's own paths work with and without a router in front."""

from __future__ import annotations

import re

from gateway.exchange import Endpoint

_OPERATIONS: dict[str, tuple[str, str, str]] = {  # path → surface, operation, method
    "/v1/chat/completions": ("openai_chat", "chat", "POST"),
    "/chat/completions": ("openai_chat", "chat", "POST"),
    "/v1/messages": ("anthropic", "chat", "POST"),
    "/v1/models": ("openai_chat", "models", "GET"),
    "/models": ("openai_chat", "models", "GET"),
}
_ROUTER = re.compile(rb"/router/([A-Za-z0-9][A-Za-z0-9_.-]{0,63})(/.*)\Z")
_KNOWN: dict[bytes, Endpoint] = {
    path.encode(): Endpoint(surface=surface, operation=operation, method=method)
    for path, (surface, operation, method) in _OPERATIONS.items()
}


def find(path: bytes) -> tuple[Endpoint | None, str]:
    """The endpoint at a raw path, or None; and the surface in whose shape an error is told."""
    if known := _KNOWN.get(path):
        return known, known.surface
    match = _ROUTER.match(path)
    below = _KNOWN.get(match[2]) if match else None
    if match is None or below is None:
        return None, "anthropic" if b"/v1/messages" in path else "openai_chat"
    endpoint = Endpoint(
        surface=below.surface, operation=below.operation, method=below.method, router=match[1].decode()
    )
    return endpoint, below.surface
