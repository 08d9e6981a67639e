"""Turns in the words that chat completions gave the field, and that others took over."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from gateway.core.conversation import Part, Text, ToolCall, ToolResult

PartOf = Callable[[str, Part], dict[str, Any]]  # the place, for what cannot be said; and the part


def said_to_model(
    index: int, parts: Sequence[Part], dropped: list[str], part_of: PartOf
) -> Iterator[dict[str, Any]]:
    """Results of tools first, each a message; pictures in them can only follow as the user's."""
    others: list[Part] = []
    for part in parts:
        if isinstance(part, ToolResult):
            yield {"role": "tool", "tool_call_id": part.call_id, "content": joined(part.parts)}
            others.extend(p for p in part.parts if not isinstance(p, Text))
            if part.failed:
                dropped.append(f"messages[{index}].content[].is_error")
        else:
            others.append(part)
    if others:
        yield {"role": "user", "content": content(f"messages[{index}].content", others, part_of)}


def joined(parts: Sequence[Part]) -> str:
    """Texts as one: by no means all vendors take lists of parts everywhere."""
    return "\n\n".join(part.text for part in parts if isinstance(part, Text))


def content(place: str, parts: Sequence[Part], part_of: PartOf) -> str | list[dict[str, Any]]:
    if all(isinstance(part, Text) for part in parts):
        return joined(parts)
    return [part_of(place, part) for part in parts]


def call(made: ToolCall) -> dict[str, Any]:
    return {"id": made.id, "type": "function", "function": {"name": made.name, "arguments": made.arguments}}
