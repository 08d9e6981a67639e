"""Held against another validator on whatever schemas and values; what cannot be read is said to be unknown."""

from __future__ import annotations

import re
from time import perf_counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from gateway.core.schema import follows


def found(value: object, schema: object) -> bool | None:
    return follows(value, schema, lambda pattern, text: re.search(pattern, text) is not None)


names = st.sampled_from(["a", "b", "c"])
values = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 5) | st.sampled_from([0.5, 1.0, 2.5]) | st.sampled_from(["", "a", "ab", "x1"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3),
    max_leaves=6,
)  # fmt: skip
kinds = st.sampled_from(["null", "boolean", "integer", "number", "string", "array", "object"])
sizes = st.integers(0, 3)


def keywords(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    some = st.lists(inner, min_size=1, max_size=3)
    named = st.dictionaries(names, inner, max_size=3)
    given: dict[str, st.SearchStrategy[Any]] = {
        "type": kinds | st.lists(kinds, min_size=1, max_size=2, unique=True),
        "enum": st.lists(values, min_size=1, max_size=3), "const": values,
        "allOf": some, "anyOf": some, "oneOf": some, "not": inner, "if": inner, "then": inner, "else": inner,
        "properties": named, "patternProperties": st.dictionaries(st.sampled_from(["^a", "b|c"]), inner, max_size=2),
        "additionalProperties": inner, "propertyNames": inner,
        "required": st.lists(names, max_size=2, unique=True),
        "dependentRequired": st.dictionaries(names, st.lists(names, max_size=2, unique=True), max_size=2),
        "minProperties": sizes, "maxProperties": sizes,
        "items": inner, "prefixItems": some, "contains": inner, "minContains": sizes, "maxContains": sizes,
        "minItems": sizes, "maxItems": sizes, "uniqueItems": st.booleans(),
        "minLength": sizes, "maxLength": sizes, "pattern": st.sampled_from(["^a", "[0-9]", "b$"]),
        "minimum": st.integers(-2, 3), "maximum": st.integers(-2, 3),
        "exclusiveMinimum": st.integers(-2, 3), "exclusiveMaximum": st.integers(-2, 3),
        "multipleOf": st.sampled_from([1, 2, 0.5]), "$ref": st.sampled_from(["#/$defs/one", "#/$defs/two"]),
    }  # fmt: skip
    return st.sets(st.sampled_from(sorted(given)), max_size=4).flatmap(
        lambda chosen: st.fixed_dictionaries({name: given[name] for name in sorted(chosen)})
    )


schemas = st.recursive(st.booleans() | st.fixed_dictionaries({"type": kinds}), keywords, max_leaves=6)
DEFS = {"one": {"type": "string"}, "two": {"type": ["integer", "null"], "minimum": 0}}


@settings(max_examples=600, deadline=None)
@given(values, schemas)
def test_it_says_what_the_other_says(value: object, schema: Any) -> None:
    whole = {**schema, "$defs": DEFS} if isinstance(schema, dict) else schema
    assert found(value, whole) == Draft202012Validator(whole).is_valid(value)


@pytest.mark.parametrize(
    ("value", "schema", "expected"),
    [
        ("x", {"type": "STRING"}, True),  # as OpenAPI spells it
        (None, {"type": "string", "nullable": True}, True),
        (True, {"type": "integer"}, False),
        (True, {"enum": [1]}, False),
        (1, {"const": 1.0}, True),
        ({"a": {"a": {}}}, {"properties": {"a": {"$ref": "#"}}, "additionalProperties": False}, True),
        ({"a": {"b": {}}}, {"properties": {"a": {"$ref": "#"}}, "additionalProperties": False}, False),
        ("x", {"format": "email"}, True),
        ("x", {"$ref": "https://example.com/schema"}, None),
        ("x", {"$ref": "#/nowhere"}, None),
        ("x", {"$ref": "#"}, None),
        ("x", {"type": "strange"}, None),
        ("x", {"type": 7}, None),
        ("x", {"minLength": "two"}, None),
        ("x", {"anyOf": "x"}, None),
        ({}, {"unevaluatedProperties": False}, None),
        ("x", [], None),
        (5, {"multipleOf": 0}, None),
    ],
)
def test_by_hand(value: object, schema: object, expected: bool | None) -> None:
    assert found(value, schema) is expected


@pytest.mark.parametrize(
    ("value", "schema"),
    [
        ("x", {"$defs": {"a": {"anyOf": [{"$ref": "#/$defs/a"}] * 50}}, "$ref": "#/$defs/a"}),
        ([[]] * 5_000, {"uniqueItems": True}),
        ([0] * 50_000, {"items": {"anyOf": [{"type": "integer"}] * 20}}),
    ],
)
def test_no_schema_keeps_it_busy(value: object, schema: object) -> None:
    began = perf_counter()
    assert found(value, schema) is None
    assert perf_counter() - began < 10  # what keeps it busy does so for longer than anybody waits
