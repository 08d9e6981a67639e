"""A policy as YAML text, read strictly: whatever is wrong is named with its line and its place.

Text comes from strangers, so it is looked through as events before any tree is built: no anchors (which can
unfold a line into gigabytes), no tags, no depth that recursion could drown in.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from io import StringIO
from math import isfinite
from typing import Protocol

import msgspec
import yaml
from msgspec import Struct

from gateway.core.facts import Need, RequestClass, Surface, Tier
from gateway.core.policy import Policy

MAX_CHARACTERS = 256 * 1024
MAX_DEPTH = 24
WIDTH = 92
LONGEST_LIST = 140  # of words

type Plain = str | int | float | bool | list[Plain] | dict[str, Plain] | None


class _Mark(Protocol):
    """What both of PyYAML's kinds of mark have."""

    line: int


class Problem(Struct, frozen=True):
    line: int | None
    place: str  # $.rules[2].when
    message: str


class Unreadable(Exception):
    """The text is no policy; `problems` says why, the first things first."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__("; ".join(f"{problem.place}: {problem.message}" for problem in problems))
        self.problems = problems


def read(text: str) -> Policy:
    value, lines = parse(text)
    try:
        return msgspec.convert({} if value is None else value, Policy)
    except msgspec.ValidationError as error:
        raise Unreadable(_explained(str(error), lines)) from None


def write(policy: Policy) -> str:
    """In the order of the contract; what fits on a line stands on one, but for lists of things."""
    plain = msgspec.to_builtins(policy)
    if floors := plain.get("floors"):
        plain["floors"] = [{name: floor[name] for name in _FLOOR if name in floor} for floor in floors]
    return dump(plain)


_FLOOR = ("name", "when", "tier")  # as one says it


def parse(text: str) -> tuple[Plain, Mapping[str, int]]:
    """The value, and on which line each place begins."""
    _look_through(text)
    try:
        node = yaml.compose(text, Loader=yaml.CSafeLoader)
    except yaml.YAMLError as error:
        raise Unreadable(_malformed(error)) from None
    tree = _Tree()
    value = tree.value(node, "$") if node is not None else None
    if tree.problems:
        raise Unreadable(*tree.problems)
    return value, tree.lines


def dump(value: object) -> str:
    node = _Dumper(StringIO(), sort_keys=False).represent_data(value)
    _lay_out(node, indent=0)
    return yaml.serialize(node, Dumper=_Dumper, width=10_000, allow_unicode=True)


def line_of(place: str, lines: Mapping[str, int]) -> int | None:
    """Of the place, or of the nearest one around it that is in the text."""
    while place:
        if place in lines:
            return lines[place]
        place = re.sub(r"(\.[^.\[]*|\[[^\]]*\])$", "", place) if place != "$" else ""
    return None


def _look_through(text: str) -> None:
    if len(text) > MAX_CHARACTERS:
        raise Unreadable(Problem(None, "$", f"The text is longer than {MAX_CHARACTERS:,} characters."))
    depth = 0
    try:
        for event in yaml.parse(text, Loader=yaml.CSafeLoader):
            line = _line(event.start_mark)
            if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
                raise Unreadable(Problem(line, "$", "Anchors and aliases are not read: write it out."))
            if getattr(event, "tag", None):
                raise Unreadable(Problem(line, "$", "Tags are not read: write the value alone."))
            if isinstance(event, yaml.CollectionStartEvent):
                depth += 1
            elif isinstance(event, yaml.CollectionEndEvent):
                depth -= 1
            if depth > MAX_DEPTH:
                raise Unreadable(Problem(line, "$", f"Nested deeper than {MAX_DEPTH} levels."))
    except yaml.YAMLError as error:
        raise Unreadable(_malformed(error)) from None


def _malformed(error: yaml.YAMLError) -> Problem:
    mark = getattr(error, "problem_mark", None)
    said = getattr(error, "problem", None) or "the text holds a character that YAML does not know"
    return Problem(_line(mark) if mark else None, "$", f"Not YAML: {said}.")


def _line(mark: _Mark | None) -> int:
    return mark.line + 1 if mark else 1


class _Tree:
    """Builds plain values out of nodes, remembering lines, refusing what JSON could not say."""

    def __init__(self) -> None:
        self.lines: dict[str, int] = {}
        self.problems: list[Problem] = []
        self.scalars = yaml.SafeLoader("")

    def value(self, node: yaml.Node, place: str) -> Plain:
        self.lines.setdefault(place, _line(node.start_mark))
        match node:
            case yaml.MappingNode():
                return dict(self._pairs(node, place))
            case yaml.SequenceNode():
                return [self.value(item, f"{place}[{index}]") for index, item in enumerate(node.value)]
            case _:
                return self._scalar(node, place)

    def _pairs(self, node: yaml.MappingNode, place: str) -> Iterator[tuple[str, Plain]]:
        seen: set[str] = set()
        for key, value in node.value:
            name = str(key.value)
            at = f"{place}.{name}"
            self.lines[at] = _line(key.start_mark)
            if not isinstance(key, yaml.ScalarNode) or name in seen:
                self._refuse(key, at, "stands there twice" if name in seen else "a name must be a word")
            seen.add(name)
            yield name, self.value(value, at)

    def _scalar(self, node: yaml.Node, place: str) -> Plain:
        try:
            value = self.scalars.construct_object(node)
        except (yaml.YAMLError, ValueError):
            self._refuse(node, place, "cannot be read; put it in quotes")
            return None
        if isinstance(value, float) and not isfinite(value):
            self._refuse(node, place, "a number is wanted that can be reached")
        if isinstance(value, str) and "\0" in value:
            self._refuse(node, place, "holds a NUL character")
        if value is None or isinstance(value, str | int | float | bool):
            return value
        return str(node.value)  # a date, say: it was meant as text

    def _refuse(self, node: yaml.Node, place: str, message: str) -> None:
        self.problems.append(Problem(_line(node.start_mark), place, message))


def _explained(message: str, lines: Mapping[str, int]) -> Problem:
    said, _, at = message.partition(" - at ")
    place = at.strip("`") or "$"
    if field := re.search(r"unknown field `(.*)`", said):
        place = f"{place}.{field[1]}"
        return Problem(line_of(place, lines), place, f"There is no field {field[1]} here.")
    if field := re.search(r"missing required field `(.*)`", said):
        return Problem(line_of(place, lines), place, f"The field {field[1]} is missing.")
    if "got `bool`" in said and "str" in said:
        said = 'Text is wanted; put it in quotes, as in "true".'
    if wrong := re.search(r"Invalid enum value '(.*)'", said):
        said = f"“{wrong[1]}” is none of {', '.join(_choices(place))}."
    return Problem(line_of(place, lines), place, said.rstrip(".") + ".")


def _choices(place: str) -> list[str]:
    name = re.sub(r"\[\d+\]$", "", place).rpartition(".")[2]
    values = {"class": RequestClass, "has": Need, "can": Need, "surface": Surface}.get(name, Tier)
    return [value.value for value in values]


class _Dumper(yaml.SafeDumper):
    """Lists are indented under their name."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: FBT001, FBT002
        super().increase_indent(flow, False)


def _lay_out(node: yaml.Node, *, indent: int) -> int:
    """Sets what stands on one line; returns the width of the node on one line."""
    if isinstance(node, yaml.ScalarNode):
        return len(node.value) + 2
    parts = [part for item in node.value for part in (item if isinstance(item, tuple) else (item,))]
    width = 2 + sum(_lay_out(part, indent=indent + 2) + 2 for part in parts)
    listed = isinstance(node, yaml.SequenceNode) and any(isinstance(p, yaml.MappingNode) for p in parts)
    words = isinstance(node, yaml.SequenceNode) and all(isinstance(p, yaml.ScalarNode) for p in parts)
    if isinstance(node, yaml.CollectionNode):
        node.flow_style = indent > 0 and not listed and indent + width <= (LONGEST_LIST if words else WIDTH)
    return width
