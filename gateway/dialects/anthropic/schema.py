"""A JSON schema → the part of JSON Schema that this protocol takes, as its own SDK transforms it.

Objects are closed; limits it does not know (minimum, maxLength, pattern, …) move into the description, where
the model may still heed them. Everything that is valid by the result is valid by the original but for these.
"""

from __future__ import annotations

from typing import Any

from gateway.errors import Untranslatable

_FORMATS = frozenset(
    {"date-time", "time", "date", "duration", "email", "hostname", "uri", "ipv4", "ipv6", "uuid"}
)
_KEPT = ("enum", "const", "description", "title", "$ref")


def simplified(schema: dict[str, Any], place: str) -> dict[str, Any]:
    rest = dict(schema)
    result = {field: rest.pop(field) for field in _KEPT if field in rest}
    if "$defs" in rest:
        result["$defs"] = _each(rest.pop("$defs"), place)
    if "$ref" in result:
        return {field: result[field] for field in ("$ref", "$defs") if field in result}
    for field, said in (("anyOf", "anyOf"), ("oneOf", "anyOf"), ("allOf", "allOf")):
        if type(rest.get(field)) is list:
            result[said] = [_one(variant, place) for variant in rest.pop(field)]
            break
    kind = rest.pop("type", None)
    if kind is not None and "enum" not in result and "const" not in result:
        result["type"] = kind
    if kind == "object":
        result |= _object(rest, place)
    elif kind == "array":
        result |= _array(rest, place)
    elif str(rest.get("format")) in _FORMATS:
        result["format"] = rest.pop("format")
    if rest:
        hints = "{" + ", ".join(f"{field}: {value}" for field, value in rest.items()) + "}"
        result["description"] = "\n\n".join(filter(None, (result.get("description"), hints)))
    return result


def _object(rest: dict[str, Any], place: str) -> dict[str, Any]:
    properties, others = rest.pop("properties", None) or {}, rest.pop("additionalProperties", None)
    if not properties and (others is None or others):
        raise Untranslatable("This model's provider takes no schema with free keys.", param=place)
    said = {"properties": _each(properties, place), "additionalProperties": False}
    if "required" in rest:
        said["required"] = rest.pop("required")
    return said


def _array(rest: dict[str, Any], place: str) -> dict[str, Any]:
    said = {}
    if "items" in rest:
        said["items"] = _one(rest.pop("items"), place)
    if rest.get("minItems") in (0, 1):
        said["minItems"] = rest.pop("minItems")
    return said


def _each(schemas: Any, place: str) -> dict[str, Any]:
    return {name: _one(schema, place) for name, schema in schemas.items()} if type(schemas) is dict else {}


def _one(schema: Any, place: str) -> Any:
    return simplified(schema, place) if type(schema) is dict else schema
