"""JSON in and out by msgspec, and nothing else: what the database could not keep is refused at the door."""

from __future__ import annotations

from collections.abc import Mapping
from typing import IO, Any

import msgspec
from rest_framework.exceptions import APIException, NotAcceptable, ParseError
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer

MAX_BYTES = 4_000_000


class TooLarge(APIException):
    status_code = 413
    default_code = "too_large"
    default_detail = f"The body is longer than {MAX_BYTES:,} bytes."


class JsonParser(BaseParser):
    media_type = "application/json"

    def parse(
        self,
        stream: IO[bytes],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        try:
            value = msgspec.json.decode(body_of(stream))
            is_clean = not _holds_nul(value)
        except (msgspec.MsgspecError, RecursionError):
            raise ParseError("The body is not JSON.", code="not_json") from None
        if not is_clean:
            raise ParseError("The body holds a NUL character.", code="not_json")
        return value


class JsonRenderer(BaseRenderer):
    media_type = "application/json"
    format = "json"
    charset = None

    def render(
        self,
        data: object,
        accepted_media_type: str | None = None,
        renderer_context: Mapping[str, Any] | None = None,
    ) -> bytes:
        no_body = renderer_context is not None and renderer_context["response"].status_code == 204
        return b"" if no_body else msgspec.json.encode(data)


class Negotiation(DefaultContentNegotiation):
    """`?format=` asks for the same as `Accept`, and is told no in the same way."""

    def filter_renderers(self, renderers: Any, format: str) -> Any:  # noqa: A002 - DRF's name
        found = [renderer for renderer in renderers if renderer.format == format]
        if not found:
            raise NotAcceptable(available_renderers=renderers)
        return found


def body_of(stream: IO[bytes]) -> bytes:
    body = stream.read(MAX_BYTES + 1)
    if len(body) > MAX_BYTES:
        raise TooLarge
    return body


def _holds_nul(value: object) -> bool:
    match value:
        case str():
            return "\0" in value
        case dict():
            return any("\0" in name or _holds_nul(item) for name, item in value.items())
        case list():
            return any(map(_holds_nul, value))
        case _:
            return False
