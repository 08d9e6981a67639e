"""What is said in a turn → messages of this protocol: text, and pictures beside it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from gateway.core.catalogue import Model
from gateway.core.conversation import (
    Image,
    Message,
    Part,
    Refused,
    Role,
    Text,
    Thinking,
    ToolCall,
    ToolResult,
)
from gateway.core.facts import Need
from gateway.errors import Untranslatable

_ROLES: Mapping[Role, str] = {Role.SYSTEM: "system", Role.ASSISTANT: "assistant"}  # all others: user


def messages_of(messages: Sequence[Message], model: Model, dropped: list[str]) -> Iterator[dict[str, Any]]:
    """A result tells which tool it is of, not which call: the order of the calls is that of the results."""
    names = {p.id: p.name for m in messages for p in m.parts if isinstance(p, ToolCall)}
    for index, message in enumerate(messages):
        place = f"messages[{index}].content"
        results = [part for part in message.parts if isinstance(part, ToolResult)]
        for result in results:
            yield _said(place, "tool", result.parts) | {"tool_name": names.get(result.call_id, "")}
            if result.failed:
                dropped.append(f"{place}[].is_error")
        others = [part for part in message.parts if not isinstance(part, ToolResult)]
        if others or not results:
            said = _said(place, _ROLES.get(message.role, "user"), others)
            yield said | _assistant(place, others, model, dropped)


def _said(place: str, role: str, parts: Sequence[Part]) -> dict[str, Any]:
    images = []
    for part in parts:
        match part:
            case Image(url=""):
                images.append(part.data)
            case Image():
                raise Untranslatable("This model's provider takes no image by URL.", param=place)
            case Text() | Refused() | Thinking() | ToolCall():
                pass
            case _:
                kind = type(part).__name__.lower()
                raise Untranslatable(f"A part of kind {kind} cannot be said to this provider.", param=place)
    text = "\n\n".join(part.text for part in parts if isinstance(part, Text | Refused))
    return {"role": role, "content": text} | ({"images": images} if images else {})


def _assistant(place: str, parts: Sequence[Part], model: Model, dropped: list[str]) -> dict[str, Any]:
    said: dict[str, Any] = {}
    thought = "\n".join(part.text for part in parts if isinstance(part, Thinking) and part.text)
    if thought and Need.REASONING in model.can:
        said["thinking"] = thought
    elif any(isinstance(part, Thinking) for part in parts):
        dropped.append("messages[].reasoning_content")
    calls = [_call(place, part) for part in parts if isinstance(part, ToolCall)]
    return said | ({"tool_calls": calls} if calls else {})


def _call(place: str, call: ToolCall) -> dict[str, Any]:
    try:
        arguments = msgspec.json.decode(call.arguments or "{}")
    except msgspec.DecodeError:
        arguments = None
    if type(arguments) is not dict:
        raise Untranslatable("The arguments of a tool call are not a JSON object.", param=place)
    return {"function": {"name": call.name, "arguments": arguments}}
