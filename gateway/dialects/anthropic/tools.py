"""Checks of the tools of a request and of the choice among them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gateway.dialects.anthropic.messages import check_cache_mark
from gateway.dialects.fields import MAX_TOOLS, check_name, flag, one_of, wrong, wrong_type
from gateway.dialects.schemas import check_schema

_MODES = one_of("auto", "any", "tool", "none")


def check_tools(place: str, tools: Any) -> None:
    if type(tools) is not list:
        raise wrong_type(place, "a list")
    if len(tools) > MAX_TOOLS:
        raise wrong(place, f"may have at most {MAX_TOOLS} items")
    names: set[str] = set()
    for index, tool in enumerate(tools):
        if type(tool) is not dict:
            raise wrong_type(f"tools[{index}]", "an object")
        _check_tool(f"tools[{index}]", tool)
        name = tool.get("name")
        if name in names:
            raise wrong(f"tools[{index}].name", "is the name of another tool as well")
        if name is not None:
            names.add(name)


def is_own(tool: dict[str, Any]) -> bool:
    """Whether the caller runs it; the others are the provider's."""
    return tool.get("type") in {None, "custom"}


def check_tool_choice(choice: Any, tools: Sequence[dict[str, Any]]) -> None:
    if type(choice) is not dict:
        raise wrong_type("tool_choice", "an object")
    _MODES("tool_choice.type", choice.get("type"))
    if choice.get("disable_parallel_tool_use") is not None:
        flag("tool_choice.disable_parallel_tool_use", choice["disable_parallel_tool_use"])
    if choice["type"] == "tool":
        check_name("tool_choice.name", choice.get("name"))
        if choice["name"] not in (tool.get("name") for tool in tools):
            raise wrong("tool_choice.name", "names a tool that is not among 'tools'")


def _check_tool(place: str, tool: dict[str, Any]) -> None:
    if type(tool.get("type", "")) is not str and tool["type"] is not None:
        raise wrong_type(f"{place}.type", "a string")
    if tool.get("type") == "function":
        raise wrong(
            f"{place}.type", "is of another API; name, description and input_schema stand in the tool"
        )
    if tool.get("name") is not None or is_own(tool):
        check_name(f"{place}.name", tool.get("name"))
    if is_own(tool):
        check_schema(f"{place}.input_schema", tool.get("input_schema"))
    if tool.get("cache_control") is not None:
        check_cache_mark(f"{place}.cache_control", tool["cache_control"])
