"""What is said in a turn → blocks of content."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from gateway.core.conversation import (
    Document,
    Image,
    Part,
    Refused,
    Text,
    Thinking,
    Tool,
    ToolCall,
    ToolResult,
)
from gateway.errors import Untranslatable

_CACHED = {"cache_control": {"type": "ephemeral"}}
_LASTING = {"cache_control": {"type": "ephemeral", "ttl": "1h"}}


def blocks_of(place: str, part: Part, dropped: list[str]) -> Iterator[dict[str, Any]]:
    """None for what is empty, or was never signed and so would not be believed."""
    match part:
        case Text(text=text):
            yield from [{"type": "text", "text": text} | mark_of(part)] if text else []
        case Refused(text=text):
            yield from [{"type": "text", "text": text}] if text else []
        case Thinking():
            yield from _thought(part, dropped)
        case Image():
            yield {"type": "image", "source": _source(part)} | mark_of(part)
        case Document():
            titled = {"title": part.name} if part.name else {}
            yield {"type": "document", "source": _source(part)} | titled | mark_of(part)
        case ToolCall():
            yield {"type": "tool_use", "id": part.id, "name": part.name, "input": _arguments(place, part)}
        case ToolResult():
            yield _result(place, part, dropped) | mark_of(part)
        case _:
            kind = type(part).__name__.lower()
            raise Untranslatable(f"A part of kind {kind} cannot be said to this provider.", param=place)


def mark_of(part: Text | Image | Document | ToolResult | Tool) -> dict[str, Any]:
    if not part.cached:
        return {}
    return _LASTING if part.lasting else _CACHED


def _thought(part: Thinking, dropped: list[str]) -> Iterator[dict[str, Any]]:
    if part.redacted:
        yield {"type": "redacted_thinking", "data": part.redacted}
    elif part.signature:
        yield {"type": "thinking", "thinking": part.text, "signature": part.signature}
    else:
        dropped.append("messages[].reasoning_content")


def _result(place: str, part: ToolResult, dropped: list[str]) -> dict[str, Any]:
    said: dict[str, Any] = {"type": "tool_result", "tool_use_id": part.call_id}
    content = [block for inner in part.parts for block in blocks_of(place, inner, dropped)]
    if content:
        said["content"] = content
    if part.failed:
        said["is_error"] = True
    return said


def _source(part: Image | Document) -> dict[str, str]:
    if part.url:
        return {"type": "url", "url": part.url}
    return {"type": "base64", "media_type": part.media_type, "data": part.data}


def _arguments(place: str, call: ToolCall) -> dict[str, Any]:
    try:
        arguments = msgspec.json.decode(call.arguments or "{}")
    except msgspec.DecodeError:
        arguments = None
    if type(arguments) is not dict:
        raise Untranslatable("The arguments of a tool call are not a JSON object.", param=place)
    return arguments
