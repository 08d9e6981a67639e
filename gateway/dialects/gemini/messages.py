"""Checks of the contents of a request; what they show is what the request needs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gateway.core.facts import Need
from gateway.dialects.fields import MAX_MESSAGES, check_name, missing, text, wrong, wrong_type
from gateway.dialects.gemini.spelling import objects, said

_ROLES = frozenset({"user", "model", "function", "tool"})  # the latter two: results, as older SDKs say it
_ID = text(1_024)

Checked = Callable[[str, Any, set[Need]], None]


def check_contents(value: Any) -> set[Need]:
    needs: set[Need] = set()
    if value is None:
        raise missing("contents")
    if type(value) is not list and type(value) is not dict:
        raise wrong_type("contents", "a list")
    contents = objects(value)
    if not 1 <= len(contents) <= MAX_MESSAGES:
        raise wrong("contents", f"must have 1 to {MAX_MESSAGES} items")
    for index, content in enumerate(contents):
        _check_content(f"contents[{index}]", content, needs)
    return needs


def check_system(place: str, value: Any) -> None:
    if type(value) is str:
        return
    if type(value) is not dict:
        raise wrong_type(place, "an object with 'parts'")
    for index, part in enumerate(_parts_of(place, value)):
        if type(part) is not dict or type(part.get("text")) is not str:
            raise wrong_type(f"{place}.parts[{index}].text", "a string")


def _check_content(place: str, content: Any, needs: set[Need]) -> None:
    if type(content) is not dict:
        raise wrong_type(place, "an object")
    role = content.get("role")
    if role is not None and (type(role) is not str or role not in _ROLES):
        raise wrong(f"{place}.role", "must be 'user' or 'model'")
    if "content" in content:
        raise wrong(f"{place}.content", "is not a field of this API; say it as 'parts'")
    parts = _parts_of(place, content)
    if not parts:
        raise wrong(f"{place}.parts", "may not be empty")
    for index, part in enumerate(parts):
        if type(part) is not dict:
            raise wrong_type(f"{place}.parts[{index}]", "an object")
        if type(part.get("text")) is str:
            continue
        _check_part(f"{place}.parts[{index}]", part, needs)


def _parts_of(place: str, content: dict[str, Any]) -> list[dict[str, Any]]:
    parts = content.get("parts")
    if parts is None:
        raise missing(f"{place}.parts")
    if type(parts) is not list and type(parts) is not dict:
        raise wrong_type(f"{place}.parts", "a list")
    return objects(parts)


def _check_part(place: str, part: dict[str, Any], needs: set[Need]) -> None:
    for kind, check in _KINDS.items():
        value = said(part, kind)
        if value is not None:
            return check(f"{place}.{kind}", value, needs)
    if said(part, "thoughtSignature") is None:  # a signature may stand alone
        raise wrong(place, "holds nothing that this API knows")
    return None


def _check_text(place: str, value: Any, needs: set[Need]) -> None:
    raise wrong_type(place, "a string")  # a right one has been passed over


def _check_inline(place: str, value: Any, needs: set[Need]) -> None:
    _check_media(place, value, needs, "data")


def _check_file(place: str, value: Any, needs: set[Need]) -> None:
    _check_media(place, value, needs, "fileUri")


def _check_media(place: str, value: Any, needs: set[Need], field: str) -> None:
    if type(value) is not dict:
        raise wrong_type(place, "an object")
    if type(said(value, field)) is not str:
        raise wrong_type(f"{place}.{field}", "a string")
    kind = said(value, "mimeType")
    if kind is not None and type(kind) is not str:
        raise wrong_type(f"{place}.mimeType", "a string")
    need = _NEEDED.get(str(kind or "").partition("/")[0])
    if need is not None:
        needs.add(need)


def _check_call(place: str, value: Any, needs: set[Need]) -> None:
    _check_function(place, value, "args")


def _check_response(place: str, value: Any, needs: set[Need]) -> None:
    _check_function(place, value, "response")
    for index, part in enumerate(objects(value.get("parts"))):
        media = said(part, "inlineData") or said(part, "fileData") if type(part) is dict else None
        if type(media) is not dict:
            raise wrong_type(f"{place}.parts[{index}]", "an object with 'inlineData' or 'fileData'")


def _check_function(place: str, value: Any, field: str) -> None:
    if type(value) is not dict:
        raise wrong_type(place, "an object")
    check_name(f"{place}.name", value.get("name"))
    if value.get("id") is not None:
        _ID(f"{place}.id", value["id"])
    if value.get(field) is not None and type(value[field]) is not dict:
        raise wrong_type(f"{place}.{field}", "an object")


def _check_nothing(place: str, value: Any, needs: set[Need]) -> None:
    if type(value) is not dict:
        raise wrong_type(place, "an object")


_NEEDED = {"image": Need.IMAGES, "audio": Need.AUDIO}
_KINDS: dict[str, Checked] = {
    "text": _check_text,
    "functionCall": _check_call,
    "functionResponse": _check_response,
    "inlineData": _check_inline,
    "fileData": _check_file,
    "executableCode": _check_nothing,
    "codeExecutionResult": _check_nothing,
    "toolCall": _check_nothing,
    "toolResponse": _check_nothing,
    "audioTranscription": _check_nothing,
}
