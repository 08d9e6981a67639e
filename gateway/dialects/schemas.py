"""Checks of the JSON schemas in a request: small enough, and with nothing that would have to be fetched."""

from __future__ import annotations

from typing import Any

import msgspec

from gateway.dialects.fields import wrong, wrong_type

MAX_SCHEMA = 524_288  # bytes
DOLLAR = ord("$")


def check_schema(place: str, schema: object) -> None:
    """The cheap part, for every schema."""
    if type(schema) is not dict:
        raise wrong_type(place, "a JSON schema")
    kind = schema.get("type", "object")
    if type(kind) is not str and type(kind) is not list:
        raise wrong_type(f"{place}.type", "a string")


def is_suspicious(body: bytes) -> bool:
    """Whether `check_deeply` could find something in a request's body."""
    # Most bodies have no such sign, which is told at once; where there is one, `rfind` is three times as fast as `in`.
    return len(body) > MAX_SCHEMA or (DOLLAR in body and body.rfind(b"$ref") >= 0)


def check_deeply(place: str, schema: object) -> None:
    if len(msgspec.json.encode(schema)) > MAX_SCHEMA:
        raise wrong(place, f"is larger than {MAX_SCHEMA // 1024} KiB")
    if _is_remote(schema):
        raise wrong(place, "refers to another document by '$ref', which is never fetched")


def _is_remote(schema: Any) -> bool:
    if type(schema) is list:
        return any(map(_is_remote, schema))
    if type(schema) is not dict:
        return False
    target = schema.get("$ref")
    return (type(target) is str and "//" in target) or any(map(_is_remote, schema.values()))
