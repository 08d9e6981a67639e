"""Checks of the input of a request; what it shows is what the request needs, and who alone can be told it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gateway.core.facts import Need
from gateway.dialects.fields import check_name, missing, text, wrong, wrong_type

MAX_ITEMS = 8_192
ROLES = ("user", "assistant", "system", "developer")

_ID = text(1_024)

# Items that tell of the provider's own tools and memory. Those of tools are many, and grow.
_OWN_ITEMS = frozenset(
    {
        "additional_tools",
        "compaction",
        "compaction_trigger",
        "configuration_update",
        "item_reference",
        "mcp_approval_request",
        "mcp_approval_response",
        "mcp_list_tools",
        "program",
    }
)
_SUFFIXES = ("_call", "_output")
PARTS = frozenset(
    {
        "computer_screenshot",
        "input_audio",
        "input_file",
        "input_image",
        "input_text",
        "output_text",
        "reasoning_text",
        "refusal",
        "summary_text",
        "text",
    }
)
_TEXTS = frozenset({"input_text", "output_text", "text", "summary_text", "reasoning_text"})


class Seen:
    """What a request shows: its needs, and the first place that only a provider of this API can be told."""

    def __init__(self) -> None:
        self.needs: set[Need] = set()
        self.native = ""

    def only_here(self, place: str) -> None:
        self.native = self.native or place


def check_input(items: Any, seen: Seen) -> None:
    if type(items) is not str and type(items) is not list:
        raise wrong_type("input", "a string or a list of items")
    if not items and not seen.native:
        raise wrong("input", "may not be empty")
    if type(items) is str:
        return
    if len(items) > MAX_ITEMS:
        raise wrong("input", f"may have at most {MAX_ITEMS} items")
    for index, item in enumerate(items):
        if type(item) is not dict:
            raise wrong_type(f"input[{index}]", "an object")
        _check_item(f"input[{index}]", item, seen)


def kind_of(item: dict[str, Any]) -> str:
    """A message and a reference may go without their type."""
    kind = item.get("type")
    if kind is None:
        return "item_reference" if set(item) <= {"id", "type"} and item.get("id") else "message"
    return kind if type(kind) is str else ""


def _check_item(place: str, item: dict[str, Any], seen: Seen) -> None:
    kind = kind_of(item)
    check = _CHECKS.get(kind)
    if check is not None:
        check(place, item, seen)
    elif kind in _OWN_ITEMS or kind.endswith(_SUFFIXES):
        seen.only_here(f"{place}.type")
    else:
        raise wrong(f"{place}.type", "is not a type of item that this API knows")


def _check_message(place: str, item: dict[str, Any], seen: Seen) -> None:
    role = item.get("role")
    if role is None:
        raise missing(f"{place}.role")
    if type(role) is not str or role not in ROLES:
        raise wrong(f"{place}.role", f"must be one of {', '.join(ROLES)}")
    if item.get("tool_calls"):
        raise wrong(f"{place}.tool_calls", "is not a field of this API; use items of type 'function_call'")
    if item.get("content") is None:
        raise missing(f"{place}.content")
    check_parts(f"{place}.content", item["content"], seen)


def check_parts(place: str, parts: Any, seen: Seen) -> None:
    if type(parts) is str:
        return
    if type(parts) is not list:
        raise wrong_type(place, "a string or a list of parts")
    for number, part in enumerate(parts):
        if type(part) is not dict:
            raise wrong_type(f"{place}[{number}]", "an object")
        kind = part.get("type")
        if type(kind) is not str or kind not in PARTS:
            raise wrong(f"{place}[{number}].type", "is not a type of part that this API knows")
        if kind in _TEXTS:
            if type(part.get("text")) is not str:
                raise wrong_type(f"{place}[{number}].text", "a string")
        elif kind in _MEDIA:
            _MEDIA[kind](f"{place}[{number}]", part, seen)


def _check_image(place: str, part: dict[str, Any], seen: Seen) -> None:
    seen.needs.add(Need.IMAGES)
    if part.get("file_id"):
        return seen.only_here(f"{place}.file_id")
    if type(part.get("image_url")) is not str or not part["image_url"]:
        raise wrong_type(f"{place}.image_url", "the image's URL, or a data: URL")
    return None


def _check_file(place: str, part: dict[str, Any], seen: Seen) -> None:
    if part.get("file_id"):
        return seen.only_here(f"{place}.file_id")
    given = part.get("file_data") or part.get("file_url")
    if type(given) is not str:
        raise wrong_type(f"{place}.file_data", "a string")
    return None


def _check_audio(place: str, part: dict[str, Any], seen: Seen) -> None:
    seen.needs.add(Need.AUDIO)
    value = part.get("input_audio")
    if type(value) is not dict or type(value.get("data")) is not str or type(value.get("format")) is not str:
        raise wrong_type(f"{place}.input_audio", "an object with 'data' and 'format'")


def _check_call(place: str, item: dict[str, Any], seen: Seen) -> None:
    _check_call_id(place, item)
    check_name(f"{place}.name", item.get("name"))
    if type(item.get("arguments")) is not str:
        raise wrong_type(f"{place}.arguments", "JSON in a string")
    if item.get("namespace"):
        seen.only_here(f"{place}.namespace")


def _check_output(place: str, item: dict[str, Any], seen: Seen) -> None:
    _check_call_id(place, item)
    if item.get("output") is None:
        raise missing(f"{place}.output")
    check_parts(f"{place}.output", item["output"], seen)


def _check_call_id(place: str, item: dict[str, Any]) -> None:
    if item.get("call_id") in (None, ""):
        raise missing(f"{place}.call_id")
    _ID(f"{place}.call_id", item["call_id"])


def _check_reasoning(place: str, item: dict[str, Any], seen: Seen) -> None:
    for field in ("summary", "content"):
        if item.get(field) is None:
            continue
        if type(item[field]) is not list:
            raise wrong_type(f"{place}.{field}", "a list of parts")
        check_parts(f"{place}.{field}", item[field], seen)
    sealed = item.get("encrypted_content")
    if sealed is not None and type(sealed) is not str:
        raise wrong_type(f"{place}.encrypted_content", "a string")


_MEDIA: dict[str, Callable[[str, dict[str, Any], Seen], None]] = {
    "input_audio": _check_audio,
    "input_file": _check_file,
    "input_image": _check_image,
}
_CHECKS: dict[str, Callable[[str, dict[str, Any], Seen], None]] = {
    "function_call": _check_call,
    "function_call_output": _check_output,
    "message": _check_message,
    "reasoning": _check_reasoning,
}
