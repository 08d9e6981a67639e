"""Marks up to which a caller wants a prompt kept, as two surfaces write them: `{"type": "ephemeral", "ttl": "1h"}`.

And what else stands at a part of a conversation and is not its words: protocols without a place for it report it.
"""

from __future__ import annotations

from typing import Any

from gateway.core.conversation import Conversation, Text


def cache_mark(value: Any) -> dict[str, Any]:
    """The fields of whatever can be marked."""
    return {"cached": bool(value), "lasting": type(value) is dict and value.get("ttl") == "1h"}


def unmarked(conversation: Conversation) -> list[str]:
    """Marks, for a protocol that has none."""
    marked = any(
        getattr(part, "cached", False) for message in conversation.messages for part in message.parts
    )
    return ["cache_control"] if marked or any(tool.cached for tool in conversation.tools) else []


def uncited(conversation: Conversation) -> list[str]:
    """What earlier answers rested on, which is not told again."""
    cited = any(
        isinstance(part, Text) and part.citations
        for message in conversation.messages
        for part in message.parts
    )
    return [conversation.spelled.get("citations", "messages[].content[].citations")] if cited else []
