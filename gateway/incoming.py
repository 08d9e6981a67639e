"""What is checked of a call before its body is read, and the limits of both."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, MutableMapping, Sequence
from typing import Any

from gateway.errors import (
    ExpectationFailed,
    HeadersTooLarge,
    RequestTimedOut,
    TooLarge,
    UnsupportedEncoding,
    UnsupportedMediaType,
)

MAX_BODY = 32 * 1024 * 1024  # bytes
MAX_TARGET = 8 * 1024
MAX_HEADERS = 16 * 1024
MAX_FIELDS = 64
BODY_IDLE = 15.0  # seconds without a byte of the body


class Gone(Exception):
    """The caller left before it was answered."""


def check_fields(fields: Sequence[tuple[bytes, bytes]]) -> None:
    if len(fields) > MAX_FIELDS or sum([len(name) + len(value) for name, value in fields]) > MAX_HEADERS:
        raise HeadersTooLarge()


def check_encodings(headers: Mapping[bytes, bytes]) -> None:
    kind = headers.get(b"content-type", b"")
    if kind != b"application/json":
        kind, _, parameters = kind.partition(b";")
        charset = parameters.replace(b" ", b"").lower()
        if kind.strip().lower() != b"application/json" or (
            b"charset=" in charset and b"charset=utf-8" not in charset
        ):
            raise UnsupportedMediaType()
    if headers.get(b"content-encoding", b"identity").lower() != b"identity":
        raise UnsupportedEncoding()
    if headers.get(b"expect", b"100-continue").lower() != b"100-continue":
        raise ExpectationFailed()


def check_length(headers: Mapping[bytes, bytes]) -> None:
    if int(headers.get(b"content-length", b"0")) > MAX_BODY:
        raise TooLarge()


async def read_body(receive: Callable[[], Awaitable[MutableMapping[str, Any]]]) -> bytes:
    """From an ASGI server; `Gone`, `TooLarge`, or `RequestTimedOut` where it comes too slowly."""
    parts: list[bytes] = []
    size, more = 0, True
    while more:
        try:
            async with asyncio.timeout(BODY_IDLE):
                message = await receive()
        except TimeoutError:
            raise RequestTimedOut()
        if message["type"] == "http.disconnect":
            raise Gone
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > MAX_BODY:
            raise TooLarge()
        more = message.get("more_body", False)
    return b"".join(parts)
