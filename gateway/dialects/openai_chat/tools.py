"""Checks of the tools of a request and of the choice among them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gateway.dialects.fields import MAX_TOOLS, check_name, one_of, wrong, wrong_type
from gateway.dialects.schemas import check_schema

_MODES = one_of("none", "auto", "required", "any")
_TYPES = one_of("function", "custom", "allowed_tools")


def check_tools(place: str, tools: Any) -> None:
    if type(tools) is not list:
        raise wrong_type(place, "a list")
    if len(tools) > MAX_TOOLS:
        raise wrong(place, f"may have at most {MAX_TOOLS} items")
    names: set[str] = set()
    for index, tool in enumerate(tools):
        name = _check_tool(f"tools[{index}]", tool)
        if name in names:
            raise wrong(f"tools[{index}].function.name", "is the name of another tool as well")
        if name:
            names.add(name)


def tool_name(tool: dict[str, Any]) -> str:
    """Empty for tools of a vendor's own, which have none."""
    inner = tool.get(tool.get("type") or "function")
    return str(inner.get("name") or "") if type(inner) is dict else ""


def check_tool_choice(choice: Any, tools: Sequence[dict[str, Any]]) -> None:
    if type(choice) is not dict:
        return _MODES("tool_choice", choice)
    kind = choice.get("type", "function")
    _TYPES("tool_choice.type", kind)
    if kind == "allowed_tools":
        return None
    inner = choice.get(kind)
    if type(inner) is not dict:
        raise wrong_type(f"tool_choice.{kind}", "an object")
    check_name(f"tool_choice.{kind}.name", inner.get("name"))
    if inner["name"] not in map(tool_name, tools):
        raise wrong(f"tool_choice.{kind}.name", "names a tool that is not among 'tools'")
    return None


def _check_tool(place: str, tool: Any) -> str:
    if type(tool) is not dict:
        raise wrong_type(place, "an object")
    kind = tool.get("type") or "function"
    if type(kind) is not str:
        raise wrong_type(f"{place}.type", "a string")
    if kind not in {"function", "custom"}:
        return ""
    inner = tool.get(kind)
    if type(inner) is not dict:
        raise wrong_type(f"{place}.{kind}", "an object")
    check_name(f"{place}.{kind}.name", inner.get("name"))
    if inner.get("parameters") is not None:
        check_schema(f"{place}.{kind}.parameters", inner["parameters"])
    return tool_name(tool)
