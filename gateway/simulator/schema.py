"""A value that conforms to a JSON Schema, filled from the prompt where the prompt has something fitting."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from msgspec import Struct

from gateway.simulator import vocabulary
from gateway.simulator.asked import Schema
from gateway.simulator.dice import Dice

DEEPEST = 8  # a recursive schema ends here, with its optional parts left out
TOO_DEEP = 24  # and here, if it has none


class NotASchema(ValueError):
    """A provider would refuse it."""


class Filler(Struct, frozen=True):
    prompt: str
    dice: Dice
    definitions: Schema
    depth: int = 0

    def deeper(self) -> Filler:
        return Filler(self.prompt, self.dice, self.definitions, self.depth + 1)


def conforming(schema: Schema, prompt: str, dice: Dice) -> Any:
    try:
        return value(schema, "value", Filler(prompt, dice, schema))
    except (AttributeError, LookupError, TypeError, ValueError):
        raise NotASchema from None


def value(schema: Schema, name: str, filler: Filler) -> Any:
    if filler.depth > TOO_DEEP:
        raise NotASchema
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        return member(schema["enum"], name, filler)
    if "$ref" in schema:
        return value(resolve(schema["$ref"], filler.definitions), name, filler.deeper())
    for word in ("anyOf", "oneOf"):
        if options := schema.get(word):
            return value({**schema, word: None, **simplest(options)}, name, filler.deeper())
    if parts := schema.get("allOf"):
        return value(merged([{**schema, "allOf": None}, *parts], filler), name, filler)
    return BY_TYPE[type_of(schema)](schema, name, filler)


def type_of(schema: Schema) -> str:
    types = schema.get("type") or ("object" if "properties" in schema else "string")
    if isinstance(types, list):
        types = next((one for one in types if one != "null"), "null")
    return types if types in BY_TYPE else "string"


def member(options: list[Any], name: str, filler: Filler) -> Any:
    said = filler.prompt.lower()
    return next(
        (
            one
            for one in options
            if isinstance(one, str) and re.search(rf"\b{re.escape(one.lower())}\b", said)
        ),
        filler.dice.pick(name, options),
    )


def resolve(reference: str, root: Schema) -> Schema:
    found: Any = root
    for step in reference.lstrip("#/").split("/"):
        found = found.get(step, {}) if step and isinstance(found, dict) else found
    return found if isinstance(found, dict) and found is not root else {"type": "object"}


def simplest(options: list[Schema]) -> Schema:
    return next((one for one in options if one.get("type") != "null"), options[0])


def merged(parts: list[Schema], filler: Filler) -> Schema:
    whole: Schema = {}
    for one in parts:
        part = resolve(one["$ref"], filler.definitions) if "$ref" in one else one
        both = {word: {**whole.get(word, {}), **part[word]} for word in ("properties",) if word in part}
        needed = [*whole.get("required", []), *part.get("required", [])]
        whole = {**whole, **part, **both, "required": needed}
    return whole


def an_object(schema: Schema, name: str, filler: Filler) -> Schema:
    properties: Schema = schema.get("properties") or {}
    wanted = set(schema.get("required") or ()) if filler.depth >= DEEPEST else set(properties)
    inside = filler.deeper()
    return {key: value(one, key, inside) for key, one in properties.items() if key in wanted}


def an_array(schema: Schema, name: str, filler: Filler) -> list[Any]:
    fewest, most = schema.get("minItems", 0), schema.get("maxItems", 8)
    length = fewest if filler.depth >= DEEPEST else min(most, max(fewest, 2))
    items = schema.get("items") if isinstance(schema.get("items"), dict) else {"type": "string"}
    return [value(items or {}, f"{name} {place}", filler.deeper()) for place in range(length)]


def a_number(schema: Schema, name: str, filler: Filler) -> float:
    """One the prompt says, if it fits."""
    said = (float(one) for one in re.findall(r"-?\d+(?:\.\d+)?", filler.prompt))
    low, high = span(schema)
    drawn = filler.dice.between(name, low + 0.1 * (high - low), high - 0.1 * (high - low))
    return next(one for one in (*said, round(drawn, 2), drawn) if fits(one, schema) or one == drawn)


def an_integer(schema: Schema, name: str, filler: Filler) -> int:
    step = int(schema.get("multipleOf", 1)) or 1
    near = round(a_number(schema, name, filler)) // step * step
    return next((one for one in (near, near + step, near - step) if fits(one, schema)), near)


def span(schema: Schema) -> tuple[float, float]:
    """Between which a number may be drawn: around zero, if the schema does not say."""
    low, high = (
        schema.get("minimum", schema.get("exclusiveMinimum")),
        schema.get("maximum", schema.get("exclusiveMaximum")),
    )
    if low is None:
        low = 0 if high is None or high > 0 else high - 100
    return low, low + 100 if high is None else high


def fits(value: float, schema: Schema) -> bool:
    above = value >= schema.get("minimum", value) and value > schema.get("exclusiveMinimum", value - 1)
    below = value <= schema.get("maximum", value) and value < schema.get("exclusiveMaximum", value + 1)
    return bool(above and below)


def a_boolean(schema: Schema, name: str, filler: Filler) -> bool:
    return filler.dice.fraction(name) < 0.5


def nothing(schema: Schema, name: str, filler: Filler) -> None:
    return None


def a_string(schema: Schema, name: str, filler: Filler) -> str:
    text: str = vocabulary.FORMATS.get(schema.get("format", "")) or said_about(name, filler)
    text += "." * (schema.get("minLength", 0) - len(text))
    return text[: schema.get("maxLength", len(text))]


def said_about(name: str, filler: Filler) -> str:
    """The prompt's own words for a property of this name, or something that could stand there."""
    named = name.lower()
    for pattern, fits_names in vocabulary.FITTING:
        if re.search(fits_names, named) and (found := re.search(pattern, filler.prompt)):
            return found.group(1)
    sample = next((text for pattern, text in vocabulary.SAMPLES if re.search(pattern, named)), "")
    words = re.findall(r"[^\W\d_]{4,}", filler.prompt) or [name]
    return sample or " ".join(words[:6] if len(words) > 40 else words[-3:])


type Filling = Callable[[Schema, str, Filler], Any]
BY_TYPE: dict[str, Filling] = {
    "object": an_object,
    "array": an_array,
    "number": a_number,
    "integer": an_integer,
    "boolean": a_boolean,
    "null": nothing,
    "string": a_string,
}
