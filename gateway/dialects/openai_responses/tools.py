"""Checks of the tools of a request and of the choice among them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from gateway.dialects.fields import MAX_TOOLS, check_name, one_of, wrong, wrong_type
from gateway.dialects.openai_responses.items import Seen
from gateway.dialects.schemas import check_schema

_WORDS = one_of("none", "auto", "required")
_MODES = one_of("auto", "required")


def check_tools(tools: Any, seen: Seen) -> None:
    """Tools that the provider runs itself, or finds by searching, only a provider of this API has."""
    if type(tools) is not list:
        raise wrong_type("tools", "a list")
    if len(tools) > MAX_TOOLS:
        raise wrong("tools", f"may have at most {MAX_TOOLS} items")
    names: set[str] = set()
    for index, tool in enumerate(tools):
        place = f"tools[{index}]"
        if type(tool) is not dict:
            raise wrong_type(place, "an object")
        if type(tool.get("type")) is not str:
            raise wrong_type(f"{place}.type", "a string")
        if tool["type"] != "function":
            seen.only_here(f"{place}.type")
            continue
        _check_function(place, tool)
        if tool["name"] in names:
            raise wrong(f"{place}.name", "is the name of another tool as well")
        names.add(tool["name"])


def _check_function(place: str, tool: dict[str, Any]) -> None:
    if type(tool.get("function")) is dict and tool.get("name") is None:
        raise wrong(
            f"{place}.function", "is of another API; name, description and parameters stand in the tool"
        )
    check_name(f"{place}.name", tool.get("name"))
    if tool.get("parameters") is not None:
        check_schema(f"{place}.parameters", tool["parameters"])


def function_names(tools: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    return (tool["name"] for tool in tools if tool["type"] == "function")


def check_tool_choice(choice: Any, tools: Sequence[dict[str, Any]], seen: Seen) -> None:
    if type(choice) is str:
        return _WORDS("tool_choice", choice)
    if type(choice) is not dict:
        raise wrong_type("tool_choice", "a word or an object")
    kind = choice.get("type")
    if type(kind) is not str:
        raise wrong_type("tool_choice.type", "a string")
    if kind == "function":
        return _check_named("tool_choice", choice, tools, seen)
    if kind == "allowed_tools":
        return _check_allowed(choice, tools, seen)
    return seen.only_here("tool_choice.type")


def _check_named(place: str, choice: dict[str, Any], tools: Sequence[dict[str, Any]], seen: Seen) -> None:
    check_name(f"{place}.name", choice.get("name"))
    # Where tools come in another way (from a namespace, or in the midst of the input) their names are not known here.
    if choice["name"] not in function_names(tools) and not seen.native:
        raise wrong(f"{place}.name", "names a tool that is not among 'tools'")


def _check_allowed(choice: dict[str, Any], tools: Sequence[dict[str, Any]], seen: Seen) -> None:
    _MODES("tool_choice.mode", choice.get("mode"))
    allowed = choice.get("tools")
    if type(allowed) is not list or not allowed:
        raise wrong_type("tool_choice.tools", "a list of tools")
    for index, one in enumerate(allowed):
        place = f"tool_choice.tools[{index}]"
        if type(one) is not dict:
            raise wrong_type(place, "an object")
        if one.get("type") == "function":
            _check_named(place, one, tools, seen)
        else:
            seen.only_here(f"{place}.type")
