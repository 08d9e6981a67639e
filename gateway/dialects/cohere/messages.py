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
)
from gateway.core.facts import Need
from gateway.dialects.media import join_data_url
from gateway.dialects.turns import call, joined, said_to_model
from gateway.errors import Untranslatable


def messages_of(messages: Sequence[Message], model: Model, dropped: list[str]) -> Iterator[dict[str, Any]]:
    for index, message in enumerate(messages):
        match message.role:
            case Role.SYSTEM:
                yield {"role": "system", "content": joined(message.parts)}
            case Role.ASSISTANT:
                yield _assistant(message.parts, model, dropped)
            case _:
                yield from said_to_model(index, message.parts, dropped, _part)


def _assistant(parts: Sequence[Part], model: Model, dropped: list[str]) -> dict[str, Any]:
    """A thought before calls is a plan; others are shown only to models that think."""
    message: dict[str, Any] = {"role": "assistant"}
    calls = [call(part) for part in parts if isinstance(part, ToolCall)]
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


def _part(place: str, part: Part) -> dict[str, Any]:
    match part:
        case Text(text=text) | Refused(text=text):
            return {"type": "text", "text": text}
        case Image():
            url = part.url or join_data_url(part.media_type, part.data)
            return {"type": "image_url", "image_url": {"url": url}}
    kind = type(part).__name__.lower()
    raise Untranslatable(f"A part of kind {kind} cannot be said to this model's provider.", param=place)
