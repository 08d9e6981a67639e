"""Checks of the tools of a request and of the choice among them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from gateway.dialects.fields import check_name, one_of, strings, wrong, wrong_type
from gateway.dialects.gemini.spelling import objects, said, snake
from gateway.dialects.schemas import check_schema

MAX_DECLARATIONS = 512
OWN = "functionDeclarations"  # the caller runs them; all other tools are the provider's

_OWN = frozenset({OWN, snake(OWN)})
_MODES = one_of("MODE_UNSPECIFIED", "AUTO", "ANY", "NONE", "VALIDATED")


def declarations(raw: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Of the functions that the caller runs, of a checked request."""
    for tool in objects(raw.get("tools")):
        yield from said(tool, OWN) or ()


def first_of_providers(tools: Any) -> str:
    """The place of the first tool that the provider runs, or nothing."""
    for index, tool in enumerate(objects(tools)):
        for kind, value in tool.items():
            if kind not in _OWN and value is not None:
                return f"tools[{index}].{kind}"
    return ""


def check_tools(place: str, tools: Any) -> None:
    if type(tools) is not list and type(tools) is not dict:
        raise wrong_type(place, "a list")
    names: set[str] = set()
    for index, tool in enumerate(objects(tools)):
        if type(tool) is not dict:
            raise wrong_type(f"{place}[{index}]", "an object")
        if "function" in tool or "input_schema" in tool:
            raise wrong(f"{place}[{index}]", "is of another API; functions stand in 'functionDeclarations'")
        declared = said(tool, OWN)
        if declared is not None:
            _check_declarations(f"{place}[{index}].{OWN}", declared, names)


def check_tool_config(place: str, config: Any) -> None:
    if type(config) is not dict:
        raise wrong_type(place, "an object")
    calling = said(config, "functionCallingConfig")
    if calling is None:
        return
    if type(calling) is not dict:
        raise wrong_type(f"{place}.functionCallingConfig", "an object")
    if calling.get("mode") is not None:
        mode = calling["mode"]
        _MODES(f"{place}.functionCallingConfig.mode", mode.upper() if type(mode) is str else mode)
    if (allowed := said(calling, "allowedFunctionNames")) is not None:
        strings(f"{place}.functionCallingConfig.allowedFunctionNames", allowed)


def _check_declarations(place: str, declared: Any, names: set[str]) -> None:
    if type(declared) is not list:
        raise wrong_type(place, "a list")
    for index, function in enumerate(declared):
        if type(function) is not dict:
            raise wrong_type(f"{place}[{index}]", "an object")
        check_name(f"{place}[{index}].name", function.get("name"))
        if function["name"] in names:
            raise wrong(f"{place}[{index}].name", "is the name of another function as well")
        names.add(function["name"])
        for field in ("parameters", "parametersJsonSchema"):
            if (schema := said(function, field)) is not None:
                check_schema(f"{place}[{index}].{field}", schema)
    if len(names) > MAX_DECLARATIONS:
        raise wrong(place, f"may have at most {MAX_DECLARATIONS} items")
