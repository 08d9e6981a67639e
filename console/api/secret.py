"""Secrets as they come in: a text, or a document's `{value: …}`. No answer has such a field."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct


class Value(Struct, frozen=True, forbid_unknown_fields=True):
    value: str

    def __repr__(self) -> str:
        return "***"


type Given = Annotated[str | Value, Meta(extra_json_schema={"writeOnly": True})]


def revealed(given: str | Value) -> str:
    return given.value if isinstance(given, Value) else given
