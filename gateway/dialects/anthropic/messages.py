"""Checks of the system prompt and the messages of a request; what they show is what the request needs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gateway.core.facts import Need
from gateway.dialects.anthropic.citations import is_ours
from gateway.dialects.fields import check_name, missing, one_of, text, wrong, wrong_type

_ROLES = frozenset({"user", "assistant", "system"})  # system: instructions in the midst of a conversation
_ID = text(1_024)
_TTL = one_of("5m", "1h")

# Blocks without a check of their own. Uses and results of the provider's own tools are many, and grow.
_BLOCKS = frozenset(
    {
        "browser_state",
        "compaction",
        "container_upload",
        "document",
        "fallback",
        "mcp_tool_listing",
        "redacted_thinking",
        "search_result",
        "thinking",
        "tool_addition",
        "tool_reference",
        "tool_removal",
    }
)
_SUFFIXES = ("_tool_use", "_tool_result")


def check_messages(messages: list[dict[str, Any]]) -> set[Need]:
    needs: set[Need] = set()
    last = len(messages) - 1
    for index, message in enumerate(messages):
        role = message.get("role")
        if type(role) is not str or role not in _ROLES:
            place = f"messages[{index}].role"
            raise missing(place) if role is None else wrong(place, "must be 'user' or 'assistant'")
        if not index and role == "assistant":
            raise wrong("messages[0].role", "must be 'user': a conversation begins with the user")
        if "tool_calls" in message:
            raise wrong(
                f"messages[{index}].tool_calls", "is not a field of this API; use blocks of 'tool_use'"
            )
        content = message.get("content")
        if content is None:
            raise missing(f"messages[{index}].content")
        if not content and not (index == last and role == "assistant"):
            raise wrong(f"messages[{index}].content", "may not be empty")
        if type(content) is not str:
            check_blocks(f"messages[{index}].content", content, needs)
    return needs


def check_system(place: str, system: Any) -> None:
    if type(system) is str:
        return
    if type(system) is not list:
        raise wrong_type(place, "a string or a list of text blocks")
    check_blocks(place, system, set(), only_text=True)


def check_blocks(place: str, blocks: Any, needs: set[Need], *, only_text: bool = False) -> None:
    if type(blocks) is not list:
        raise wrong_type(place, "a string or a list of blocks")
    unsigned = False
    for index, block in enumerate(blocks):
        if type(block) is not dict:
            raise wrong_type(f"{place}[{index}]", "an object")
        kind = block.get("type")
        if kind == "text":
            _check_text(f"{place}[{index}]", block)
        else:
            _check_block(f"{place}[{index}]", kind, block, needs, only_text=only_text)
            unsigned = unsigned or (kind == "thinking" and not block.get("signature"))
        if block.get("cache_control") is not None:
            check_cache_mark(f"{place}[{index}].cache_control", block["cache_control"])
    if (
        unsigned
    ):  # thoughts of another vendor's model, that we had shown: their own provider would refuse them
        blocks[:] = [block for block in blocks if block["type"] != "thinking" or block.get("signature")]


def _check_text(place: str, block: dict[str, Any]) -> None:
    words = block.get("text")
    if words is None:
        raise missing(f"{place}.text")
    if type(words) is not str:
        raise wrong_type(f"{place}.text", "a string")
    if not words:
        raise wrong(f"{place}.text", "may not be empty")
    if type(block.get("citations")) is list:
        _leave_out_ours(block)


def _leave_out_ours(block: dict[str, Any]) -> None:
    kept = [one for one in block["citations"] if not is_ours(one)]
    if len(kept) < len(block["citations"]):
        block["citations"] = kept or None


def _check_block(place: str, kind: Any, block: dict[str, Any], needs: set[Need], *, only_text: bool) -> None:
    if kind is None:
        raise missing(f"{place}.type")
    check = _CHECKS.get(kind) if type(kind) is str else None
    if only_text or (check is None and not _is_known(kind)):
        raise wrong(f"{place}.type", "is not a type of block that this API knows here")
    if check is not None:
        check(place, block, needs)


def _is_known(kind: Any) -> bool:
    return type(kind) is str and (kind in _BLOCKS or kind.endswith(_SUFFIXES))


def _check_image(place: str, block: dict[str, Any], needs: set[Need]) -> None:
    needs.add(Need.IMAGES)
    source = block.get("source")
    if type(source) is not dict:
        raise wrong_type(f"{place}.source", "an object")
    kind = source.get("type")
    wanted = {"base64": "data", "url": "url", "file": "file_id"}.get(kind) if type(kind) is str else None
    if wanted is None:
        raise wrong(f"{place}.source.type", "must be base64, url or file")
    if type(source.get(wanted)) is not str:
        raise wrong_type(f"{place}.source.{wanted}", "a string")


def _check_use(place: str, block: dict[str, Any], needs: set[Need]) -> None:
    _check_id(f"{place}.id", block.get("id"))
    check_name(f"{place}.name", block.get("name"))
    if type(block.get("input")) is not dict:
        raise wrong_type(f"{place}.input", "an object")


def _check_result(place: str, block: dict[str, Any], needs: set[Need]) -> None:
    _check_id(f"{place}.tool_use_id", block.get("tool_use_id"))
    content = block.get("content")
    if content is not None and type(content) is not str:
        check_blocks(f"{place}.content", content, needs)


def _check_id(place: str, value: Any) -> None:
    if value is None or value == "":
        raise missing(place)
    _ID(place, value)


def check_cache_mark(place: str, mark: Any) -> None:
    if type(mark) is not dict:
        raise wrong_type(place, "an object")
    if mark.get("type") != "ephemeral":
        raise wrong(f"{place}.type", "must be ephemeral")
    if mark.get("ttl") is not None:
        _TTL(f"{place}.ttl", mark["ttl"])


_CHECKS: dict[str, Callable[[str, dict[str, Any], set[Need]], None]] = {
    "image": _check_image,
    "tool_use": _check_use,
    "tool_result": _check_result,
}
