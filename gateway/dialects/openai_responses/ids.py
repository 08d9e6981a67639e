"""Ids of what we have rendered, marked as ours: no provider knows them, and none is told them.

An answer that another dialect's provider gave is kept by nobody. A caller may send its items back as they are,
and thoughts come with the signature of who thought them (`encrypted_content`, in our own envelope).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_MARK = "rw_"
_SIGNED, _REDACTED = "rw:signed:", "rw:redacted:"


def new_id(kind: str, given: str, place: int | None = None) -> str:
    """`kind` is the prefix that this API gives such an id: resp, msg, rs, fc."""
    return f"{kind}_{_MARK}{given}" if place is None else f"{kind}_{_MARK}{place}_{given}"


def is_ours(name: object) -> bool:
    return type(name) is str and name.partition("_")[2].startswith(_MARK)


def seal(signature: str, redacted: str) -> str | None:
    if redacted:
        return _REDACTED + redacted
    return _SIGNED + signature if signature else None


def opened(sealed: object) -> dict[str, str]:
    """The fields of `Thinking` that were sealed; none where another than we has encrypted it."""
    if type(sealed) is not str:
        return {}
    if sealed.startswith(_SIGNED):
        return {"signature": sealed.removeprefix(_SIGNED)}
    return {"redacted": sealed.removeprefix(_REDACTED)} if sealed.startswith(_REDACTED) else {}


def without_ours(items: list[Any]) -> list[Any]:
    """Items as a provider of this API may be sent them: thoughts that are not its own stay here, ids of ours too."""
    if not any(_bears_ours(item) for item in items):
        return items
    return [_cleaned(item) for item in items if not _is_thought_of_others(item)]


def _bears_ours(item: Any) -> bool:
    return type(item) is dict and (is_ours(item.get("id")) or bool(opened(item.get("encrypted_content"))))


def _is_thought_of_others(item: Any) -> bool:
    return type(item) is dict and item.get("type") == "reasoning" and _bears_ours(item)


def _cleaned(item: Mapping[str, Any]) -> Any:
    if not is_ours(item.get("id")):
        return item
    return {field: value for field, value in item.items() if field != "id"}
