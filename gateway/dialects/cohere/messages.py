"""What is said in a turn → messages of this protocol."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

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
from gateway.dialects.media import join_data_url
from gateway.errors import Untranslatable


def messages_of(messages: Sequence[Message], model: Model, dropped: list[str]) -> Iterator[dict[str, Any]]:
    for index, message in enumerate(messages):
        match message.role:
            case Role.SYSTEM:
                yield {"role": "system", "content": _joined(message.parts)}
            case Role.ASSISTANT:
                yield _assistant(message.parts, model, dropped)
            case _:
                yield from _said_to_model(index, message.parts, dropped)


def _said_to_model(index: int, parts: Sequence[Part], dropped: list[str]) -> Iterator[dict[str, Any]]:
    """Results of tools first, each a message; pictures in them can only follow as the user's."""
    others: list[Part] = []
    for part in parts:
        if isinstance(part, ToolResult):
            yield {"role": "tool", "tool_call_id": part.call_id, "content": _joined(part.parts)}
            others.extend(p for p in part.parts if not isinstance(p, Text))
            if part.failed:
                dropped.append(f"messages[{index}].content[].is_error")
        else:
            others.append(part)
    if others:
        yield {"role": "user", "content": _content(f"messages[{index}].content", others)}


def _assistant(parts: Sequence[Part], model: Model, dropped: list[str]) -> dict[str, Any]:
    """A thought before calls is a plan; others are shown only to models that think."""
    message: dict[str, Any] = {"role": "assistant"}
    calls = [_call(part) for part in parts if isinstance(part, ToolCall)]
    said = "\n\n".join(p.text for p in parts if isinstance(p, Text | Refused) and p.text)
    thought = "\n".join(p.text for p in parts if isinstance(p, Thinking) and p.text)
    if calls:
        message["tool_calls"] = calls
        if plan := thought or said:
            message["tool_plan"] = plan
        if thought and said:
            message["content"] = said
    elif thought and Need.REASONING in model.can:
        message["content"] = [{"type": "thinking", "thinking": thought}, {"type": "text", "text": said}]
    else:
        message["content"] = said
        dropped += ["messages[].reasoning_content"] if thought else []
    if any(isinstance(p, Thinking) and p.redacted for p in parts):
        dropped.append("messages[].reasoning_content")
    return message


def _joined(parts: Sequence[Part]) -> str:
    return "\n\n".join(part.text for part in parts if isinstance(part, Text))


def _content(place: str, parts: Sequence[Part]) -> str | list[dict[str, Any]]:
    if all(isinstance(part, Text) for part in parts):
        return _joined(parts)
    return [_part(place, part) for part in parts]


def _part(place: str, part: Part) -> dict[str, Any]:
    match part:
        case Text(text=text) | Refused(text=text):
            return {"type": "text", "text": text}
        case Image():
            url = part.url or join_data_url(part.media_type, part.data)
            return {"type": "image_url", "image_url": {"url": url}}
    kind = type(part).__name__.lower()
    raise Untranslatable(f"A part of kind {kind} cannot be said to this model's provider.", param=place)


def _call(call: ToolCall) -> dict[str, Any]:
    return {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}
