"""Whether a JSON value follows a JSON schema, as far as schemas say what a value is (draft 2020-12, and the spellings of
OpenAPI that providers take for tools).

A reference leads only within the schema: nothing is fetched. `format` is an annotation, which is the standard's default.
The work is bounded, and patterns go to a search that is linear: schemas are strangers' words.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

MAX_STEPS = 100_000
MAX_DEPTH = 64

Search = Callable[[str, str], bool]  # (pattern, text) → found; linear-time, so never `re`


def follows(value: object, schema: object, search: Search) -> bool | None:
    """None where the schema cannot be read, or takes too much work."""
    try:
        return _Reading(schema, search).holds(value, schema, 0)
    except (_NotReadable, ValueError, ArithmeticError, RecursionError, TypeError):
        return None


class _NotReadable(Exception):
    pass


class _Reading:
    def __init__(self, root: object, search: Search) -> None:
        self.root, self.search, self.steps = root, search, 0

    def holds(self, value: object, schema: object, depth: int) -> bool:
        self.steps += 1
        if self.steps > MAX_STEPS or depth > MAX_DEPTH:
            raise _NotReadable
        if isinstance(schema, bool):
            return schema
        if not isinstance(schema, Mapping) or not _BEYOND_US.isdisjoint(schema):
            raise _NotReadable
        if value is None and schema.get("nullable") is True:
            return True
        return all(
            check(self, value, schema[word], schema, depth + 1)
            for word, check in _KEYWORDS.items()
            if word in schema
        )

    def count(self, value: object, schemas: object, depth: int) -> int:
        if not isinstance(schemas, Sequence) or isinstance(schemas, str):
            raise _NotReadable
        return sum(self.holds(value, schema, depth) for schema in schemas)

    def at(self, reference: object) -> object:
        if not isinstance(reference, str) or not (reference == "#" or reference.startswith("#/")):
            raise _NotReadable
        place = self.root
        for part in reference.split("/")[1:]:
            name = part.replace("~1", "/").replace("~0", "~")
            if isinstance(place, Mapping) and name in place:
                place = place[name]
            elif isinstance(place, list) and name.isdigit() and int(name) < len(place):
                place = place[int(name)]
            else:
                raise _NotReadable
        return place


def same(one: object, other: object) -> bool:
    """As JSON has it: 1 is 1.0, and true is not 1."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(same(one[name], other[name]) for name in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    alike = type(one) is type(other) or {type(one), type(other)} == set(_NUMBERS)
    return alike and one == other


def _is(value: object, kind: object) -> bool:
    match str(kind).lower():
        case "null":
            return value is None
        case "boolean":
            return isinstance(value, bool)
        case "integer":
            whole = isinstance(value, int) or (isinstance(value, float) and value.is_integer())
            return whole and not isinstance(value, bool)
        case "number":
            return type(value) in _NUMBERS
        case "string":
            return isinstance(value, str)
        case "array":
            return isinstance(value, list)
        case "object":
            return isinstance(value, Mapping)
        case _:
            raise _NotReadable


type _Keyword = Callable[[_Reading, Any, Any, Mapping[str, Any], int], bool]


def _type(_: _Reading, value: Any, kinds: Any, *__: Any) -> bool:
    return any(_is(value, kind) for kind in (kinds if isinstance(kinds, list) else [kinds]))


def _properties(reading: _Reading, value: Any, names: Any, _: Any, depth: int) -> bool:
    return not isinstance(value, Mapping) or all(
        reading.holds(value[name], schema, depth) for name, schema in names.items() if name in value
    )


def _patterns(reading: _Reading, value: Any, patterns: Any, _: Any, depth: int) -> bool:
    return not isinstance(value, Mapping) or all(
        reading.holds(part, schema, depth)
        for pattern, schema in patterns.items()
        for name, part in value.items()
        if reading.search(pattern, name)
    )


def _additional(reading: _Reading, value: Any, schema: Any, whole: Mapping[str, Any], depth: int) -> bool:
    if not isinstance(value, Mapping):
        return True
    known, patterns = whole.get("properties", {}), whole.get("patternProperties", {})
    return all(
        reading.holds(part, schema, depth)
        for name, part in value.items()
        if name not in known and not any(reading.search(pattern, name) for pattern in patterns)
    )


def _names(reading: _Reading, value: Any, schema: Any, _: Any, depth: int) -> bool:
    return not isinstance(value, Mapping) or all(reading.holds(name, schema, depth) for name in value)


def _required(_: _Reading, value: Any, names: Any, *__: Any) -> bool:
    return not isinstance(value, Mapping) or all(name in value for name in names)


def _dependent(_: _Reading, value: Any, needed: Any, *__: Any) -> bool:
    return not isinstance(value, Mapping) or all(
        all(name in value for name in names) for given, names in needed.items() if given in value
    )


def _items(reading: _Reading, value: Any, schema: Any, whole: Mapping[str, Any], depth: int) -> bool:
    if isinstance(schema, list):  # as drafts before 2020-12 have it
        return _prefix(reading, value, schema, whole, depth)
    behind = len(whole.get("prefixItems", ()))
    return not isinstance(value, list) or all(reading.holds(part, schema, depth) for part in value[behind:])


def _prefix(reading: _Reading, value: Any, schemas: Any, _: Any, depth: int) -> bool:
    return not isinstance(value, list) or all(
        reading.holds(part, schema, depth) for part, schema in zip(value, schemas, strict=False)
    )


def _contains(reading: _Reading, value: Any, schema: Any, whole: Mapping[str, Any], depth: int) -> bool:
    if not isinstance(value, list):
        return True
    found = sum(reading.holds(part, schema, depth) for part in value)
    return bool(whole.get("minContains", 1) <= found <= whole.get("maxContains", len(value)))


def _unique(reading: _Reading, value: Any, wanted: Any, *__: Any) -> bool:
    if wanted is not True or not isinstance(value, list):
        return True
    reading.steps += len(value) * len(value) // 2
    if reading.steps > MAX_STEPS:
        raise _NotReadable
    return not any(same(one, other) for place, one in enumerate(value) for other in value[:place])


def _multiple(_: _Reading, value: Any, unit: Any, *__: Any) -> bool:
    if type(value) not in _NUMBERS:
        return True
    quotient = value / unit
    return bool(abs(quotient - round(quotient)) < 1e-9)


def _case(reading: _Reading, value: Any, schema: Any, whole: Mapping[str, Any], depth: int) -> bool:
    branch = "then" if reading.holds(value, schema, depth) else "else"
    return reading.holds(value, whole.get(branch, True), depth)


def _sized(kind: type, within: Callable[[int, int], bool]) -> _Keyword:
    def check(_: _Reading, value: Any, bound: Any, *__: Any) -> bool:
        return not isinstance(value, kind) or within(len(value), bound)  # type: ignore[arg-type]

    return check


def _numeric(within: Callable[[float, float], bool]) -> _Keyword:
    def check(_: _Reading, value: Any, bound: Any, *__: Any) -> bool:
        return type(value) not in _NUMBERS or isinstance(bound, bool) or within(value, bound)

    return check


_NUMBERS = (int, float)
_BEYOND_US = {"unevaluatedProperties", "unevaluatedItems", "dependentSchemas", "$dynamicRef", "$recursiveRef"}
_KEYWORDS: Mapping[str, _Keyword] = {
    "type": _type,
    "enum": lambda r, value, allowed, w, d: any(same(value, one) for one in allowed),
    "const": lambda r, value, wanted, w, d: same(value, wanted),
    "$ref": lambda r, value, reference, w, d: r.holds(value, r.at(reference), d),
    "allOf": lambda r, value, schemas, w, d: r.count(value, schemas, d) == len(schemas),
    "anyOf": lambda r, value, schemas, w, d: r.count(value, schemas, d) > 0,
    "oneOf": lambda r, value, schemas, w, d: r.count(value, schemas, d) == 1,
    "not": lambda r, value, schema, w, d: not r.holds(value, schema, d),
    "if": _case,
    "properties": _properties,
    "patternProperties": _patterns,
    "additionalProperties": _additional,
    "propertyNames": _names,
    "required": _required,
    "dependentRequired": _dependent,
    "minProperties": _sized(Mapping, lambda size, least: size >= least),
    "maxProperties": _sized(Mapping, lambda size, most: size <= most),
    "items": _items,
    "prefixItems": _prefix,
    "contains": _contains,
    "minItems": _sized(list, lambda size, least: size >= least),
    "maxItems": _sized(list, lambda size, most: size <= most),
    "uniqueItems": _unique,
    "minLength": _sized(str, lambda size, least: size >= least),
    "maxLength": _sized(str, lambda size, most: size <= most),
    "pattern": lambda r, value, pattern, w, d: not isinstance(value, str) or r.search(pattern, value),
    "minimum": _numeric(lambda value, least: value >= least),
    "maximum": _numeric(lambda value, most: value <= most),
    "exclusiveMinimum": _numeric(lambda value, bound: value > bound),
    "exclusiveMaximum": _numeric(lambda value, bound: value < bound),
    "multipleOf": _multiple,
}
