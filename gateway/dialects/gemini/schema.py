"""The protocol's own form of schemas, a part of OpenAPI's, → JSON Schema.

Source: https://ai.google.dev/api/caching#Schema
"""

from __future__ import annotations

from typing import Any

from gateway.dialects.gemini.spelling import snake

_OWN = frozenset({"nullable", "propertyOrdering", "example", "type", "format"})
_WHOLE = frozenset({"minItems", "maxItems", "minLength", "maxLength", "minProperties", "maxProperties"})
_NAMES = {snake(name): name for name in (*_WHOLE, "anyOf", "propertyOrdering", "additionalProperties")}
_SCHEMAS = frozenset({"items", "additionalProperties"})
_FORMATS = frozenset({"date-time", "date", "time", "duration", "email", "uuid", "uri"})


def json_schema(schema: Any) -> Any:
    if type(schema) is not dict:
        return schema
    fields: dict[str, Any] = schema
    said = {_NAMES.get(name) or name: value for name, value in fields.items()}
    result: dict[str, Any] = {}
    kind = str(said.get("type") or "").lower()
    if kind and kind != "type_unspecified":
        result["type"] = [kind, "null"] if said.get("nullable") is True else kind
    if said.get("format") in _FORMATS:
        result["format"] = said["format"]
    for name, value in said.items():
        if name not in _OWN:
            result[name] = _value(name, value)
    if said.get("nullable") is True:
        _allow_null(result)
    return result


def _value(name: str, value: Any) -> Any:
    if name in _SCHEMAS:
        return json_schema(value)
    if name == "anyOf" and type(value) is list:
        return [json_schema(variant) for variant in value]
    if name in {"properties", "defs", "$defs"} and type(value) is dict:
        return {key: json_schema(inner) for key, inner in value.items()}
    if name in _WHOLE and type(value) is str and value.isdigit():  # 64-bit numbers are written as strings
        return int(value)
    return value


def _allow_null(result: dict[str, Any]) -> None:
    if type(result.get("enum")) is list and None not in result["enum"]:
        result["enum"] = [*result["enum"], None]
    if type(result.get("anyOf")) is list and "type" not in result:
        result["anyOf"] = [*result["anyOf"], {"type": "null"}]
