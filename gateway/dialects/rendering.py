"""Texts within bounds: an error's message is cut until what is rendered fits, and so are names of fields."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from gateway.errors import echo

MAX_ERROR = 2_048  # bytes
MAX_NAMED = 32  # fields


def fitting(render: Callable[[str], bytes], message: str) -> bytes:
    rendered = render(message)
    while len(rendered) > MAX_ERROR and message:
        message = message[: len(message) // 2]
        rendered = render(f"{message}…" if message else "")
    return rendered


def named(fields: Sequence[str]) -> tuple[str, ...]:
    """Each once, and no more than a header may hold; the names are the caller's own."""
    if not fields:
        return ()
    return tuple(map(echo, list(dict.fromkeys(fields))[:MAX_NAMED]))
