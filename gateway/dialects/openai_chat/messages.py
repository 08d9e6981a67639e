"""Checks of the messages of a request; what they show (images, audio) is what the request needs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gateway.core.facts import Need
from gateway.dialects.fields import check_name, missing, text, wrong, wrong_type

_ID = text(1_024)

# Parts of a content list. The latter ones are of other vendors that speak this protocol.
PARTS = frozenset(
    {
        "text",
        "image_url",
        "input_audio",
        "file",
        "refusal",
        "audio_url",
        "document_url",
        "video_url",
        "thinking",
        "redacted_thinking",
        "reference",
    }
)
_MEDIA: dict[str, Need | None] = {
    "image_url": Need.IMAGES,
    "input_audio": Need.AUDIO,
    "audio_url": Need.AUDIO,
    "document_url": None,
    "video_url": None,
}


def check_messages(messages: list[dict[str, Any]]) -> set[Need]:
    needs: set[Need] = set()
    for index, message in enumerate(messages):
        role = message.get("role")
        check = _ROLES.get(role) if type(role) is str else None
        if check is None:
            place = f"messages[{index}].role"
            raise missing(place) if role is None else wrong(place, f"must be one of {', '.join(_ROLES)}")
        check(index, message, needs)
    return needs


def _check_text(index: int, message: dict[str, Any], needs: set[Need]) -> None:
    content = message.get("content")
    if type(content) is not str:
        if content is None:
            raise missing(f"messages[{index}].content")
        _check_parts(index, content, needs)


def _check_assistant(index: int, message: dict[str, Any], needs: set[Need]) -> None:
    content, calls = message.get("content"), message.get("tool_calls")
    if type(content) is list:
        if content or not calls:
            _check_parts(index, content, needs)
    elif content is not None and type(content) is not str:
        raise wrong_type(f"messages[{index}].content", "a string or a list of parts")
    if calls:
        _check_calls(index, calls)
    elif content is None and not any(message.get(field) for field in _INSTEAD):
        raise missing(f"messages[{index}].content")


def _check_result(index: int, message: dict[str, Any], needs: set[Need]) -> None:
    _check_id(f"messages[{index}].tool_call_id", message.get("tool_call_id"))
    _check_text(index, message, needs)


def _check_function(index: int, message: dict[str, Any], needs: set[Need]) -> None:
    check_name(f"messages[{index}].name", message.get("name"))


def _check_calls(index: int, calls: Any) -> None:
    if type(calls) is not list:
        raise wrong_type(f"messages[{index}].tool_calls", "a list")
    for number, call in enumerate(calls):
        place = f"messages[{index}].tool_calls[{number}]"
        if type(call) is not dict:
            raise wrong_type(place, "an object")
        _check_id(f"{place}.id", call.get("id"))
        function = call.get("function")
        if type(function) is dict:
            check_name(f"{place}.function.name", function.get("name"))
            if type(function.get("arguments", "")) is not str:
                raise wrong_type(f"{place}.function.arguments", "JSON in a string")
        elif call.get("type", "function") == "function":
            raise wrong_type(f"{place}.function", "an object")


def _check_parts(index: int, parts: Any, needs: set[Need]) -> None:
    if type(parts) is not list:
        raise wrong_type(f"messages[{index}].content", "a string or a list of parts")
    if not parts:
        raise wrong(f"messages[{index}].content", "may not be empty")
    for number, part in enumerate(parts):
        kind = part.get("type") if type(part) is dict else None
        if type(kind) is not str or kind not in PARTS:
            place = f"messages[{index}].content[{number}]"
            raise (
                wrong(f"{place}.type", "is not a type of part that this API knows")
                if type(part) is dict
                else wrong_type(place, "an object")
            )
        if kind == "text":
            if type(part.get("text")) is not str:
                raise wrong_type(f"messages[{index}].content[{number}].text", "a string")
        elif kind in _MEDIA:
            _check_media(f"messages[{index}].content[{number}]", kind, part.get(kind))
            need = _MEDIA[kind]
            if need is not None:
                needs.add(need)


def _check_media(place: str, kind: str, value: Any) -> None:
    """An object, or its URL alone as some vendors have it."""
    if kind == "input_audio":
        ok = type(value) is dict and type(value.get("data")) is str and type(value.get("format")) is str
    else:
        url = value.get("url") if type(value) is dict else value
        ok = type(url) is str and bool(url)
    if not ok:
        raise wrong_type(f"{place}.{kind}", "an object as this type of part has it")


def _check_id(place: str, value: Any) -> None:
    if value is None or value == "":
        raise missing(place)
    _ID(place, value)


_INSTEAD = ("refusal", "audio", "function_call", "reasoning", "reasoning_content", "reasoning_details")

_ROLES: dict[str, Callable[[int, dict[str, Any], set[Need]], None]] = {
    "system": _check_text,
    "developer": _check_text,
    "user": _check_text,
    "assistant": _check_assistant,
    "tool": _check_result,
    "function": _check_function,
}
