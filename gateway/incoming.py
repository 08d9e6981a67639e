"""Reads one call from the wire, within its limits: sizes, encodings and the pace at which a body comes."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from time import monotonic
from typing import Any

from gateway.authenticate import KEY_HEADERS
from gateway.errors import (
    ExpectationFailed,
    HeadersTooLarge,
    RequestTimedOut,
    TargetTooLong,
    TooLarge,
    UnsupportedEncoding,
    UnsupportedMediaType,
)
from gateway.exchange import Call, Endpoint

MAX_BODY = 32 * 1024 * 1024  # bytes
MAX_TARGET = 8 * 1024
MAX_HEADERS = 16 * 1024
MAX_FIELDS = 64
BODY_IDLE = 15.0  # seconds without a byte of the body


class Gone(Exception):
    """The caller left before it was answered."""


async def read_call(
    endpoint: Endpoint,
    request_id: str,
    scope: MutableMapping[str, Any],
    receive: Callable[[], Awaitable[MutableMapping[str, Any]]],
) -> Call:
    arrived = monotonic()
    fields: Sequence[tuple[bytes, bytes]] = scope["headers"]
    check_head(scope, fields)
    headers = dict(reversed(fields))
    if endpoint.method == "POST":
        check_encodings(headers)
    return Call(
        method=scope["method"],
        endpoint=endpoint,
        headers=headers,
        credentials=tuple(value for name, value in fields if name in KEY_HEADERS),
        body=await read_body(headers, receive) if endpoint.method == "POST" else b"",
        request_id=request_id,
        arrived=arrived,
    )


def check_head(scope: MutableMapping[str, Any], fields: Sequence[tuple[bytes, bytes]]) -> None:
    if len(scope.get("raw_path") or b"") + len(scope["query_string"]) > MAX_TARGET:
        raise TargetTooLong()
    if len(fields) > MAX_FIELDS or sum(len(name) + len(value) for name, value in fields) > MAX_HEADERS:
        raise HeadersTooLarge()


def check_encodings(headers: dict[bytes, bytes]) -> None:
    kind, _, parameters = headers.get(b"content-type", b"").partition(b";")
    charset = parameters.replace(b" ", b"").lower()
    if kind.strip().lower() != b"application/json" or (
        b"charset=" in charset and b"charset=utf-8" not in charset
    ):
        raise UnsupportedMediaType()
    if headers.get(b"content-encoding", b"identity").lower() != b"identity":
        raise UnsupportedEncoding()
    if headers.get(b"expect", b"100-continue").lower() != b"100-continue":
        raise ExpectationFailed()


async def read_body(
    headers: dict[bytes, bytes], receive: Callable[[], Awaitable[MutableMapping[str, Any]]]
) -> bytes:
    if int(headers.get(b"content-length", b"0")) > MAX_BODY:
        raise TooLarge()
    message = await _next(receive)
    if not message.get("more_body"):
        return bytes(message.get("body", b""))
    parts, size = [message["body"]], len(message["body"])
    while message.get("more_body"):
        message = await _next(receive)
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > MAX_BODY:
            raise TooLarge()
    return b"".join(parts)


async def _next(receive: Callable[[], Awaitable[MutableMapping[str, Any]]]) -> MutableMapping[str, Any]:
    try:
        async with asyncio.timeout(BODY_IDLE):
            message = await receive()
    except TimeoutError:
        raise RequestTimedOut()
    if message["type"] == "http.disconnect":
        raise Gone
    return message
