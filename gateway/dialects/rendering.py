"""Errors within bounds: a message is cut until what is rendered fits."""

from __future__ import annotations

from collections.abc import Callable

MAX_ERROR = 2_048  # bytes


def fitting(render: Callable[[str], bytes], message: str) -> bytes:
    rendered = render(message)
    while len(rendered) > MAX_ERROR and message:
        message = message[: len(message) // 2]
        rendered = render(f"{message}…" if message else "")
    return rendered
