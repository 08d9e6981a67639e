"""A model's answer → `Reply`. It names neither itself nor its model; who asked knows both."""

from __future__ import annotations

from base64 import b64decode
from binascii import Error
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from gateway.core.conversation import Finish, Part, Reply, Text, Thinking, ToolCall
from gateway.dialects.bedrock.citations import citations_of
from gateway.dialects.bedrock.usage import read_usage
from gateway.errors import UpstreamInvalidResponse

FINISHES: Mapping[str, Finish] = {
    "content_filtered": Finish.CONTENT_FILTER,
    "end_turn": Finish.STOP,
    "guardrail_intervened": Finish.CONTENT_FILTER,
    "max_tokens": Finish.LENGTH,
    "model_context_window_exceeded": Finish.LENGTH,
    "refusal": Finish.REFUSAL,
    "stop_sequence": Finish.STOP_SEQUENCE,
    "tool_use": Finish.TOOL_CALLS,
}


def parse_reply(body: bytes) -> Reply:
    try:
        raw = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise UpstreamInvalidResponse("The provider's answer is not JSON.") from None
    content = inside(raw, "output", "message", "content")
    if type(content) is not list:
        raise UpstreamInvalidResponse("The provider's answer has no content.")
    usage, source = read_usage(raw)
    return Reply(
        id="",
        model="",
        parts=tuple(part for block in content if type(block) is dict for part in _part(block)),
        finish=FINISHES.get(str(raw.get("stopReason")), Finish.UNKNOWN),
        usage=usage,
        usage_source=source,
        stop_sequence=stop_sequence_of(raw),
        raw=raw,
    )


def inside(value: Any, *path: str) -> Any:
    for field in path:
        value = value.get(field) if type(value) is dict else None
    return value


def stop_sequence_of(said: Any) -> str:
    sequence = inside(said, "additionalModelResponseFields", "stop_sequence")
    return sequence if type(sequence) is str else ""


def _part(block: Mapping[str, Any]) -> Iterator[Part]:
    """What the provider did with its own tools is not the caller's to act on, and has no part."""
    use, thought = block.get("toolUse"), block.get("reasoningContent")
    if type(block.get("text")) is str:
        yield Text(block["text"])
    elif type(use) is dict and is_callers(use) and type(use.get("name")) is str:
        arguments = msgspec.json.encode(use.get("input") or {}).decode()
        yield ToolCall(str(use.get("toolUseId") or ""), use["name"], arguments)
    elif type(thought) is dict:
        yield from _thought(thought)
    elif type(cited := inside(block, "citationsContent", "content")) is list:
        text = "".join(piece["text"] for piece in cited if type(inside(piece, "text")) is str)
        yield Text(text, citations=tuple(citations_of(text, inside(block, "citationsContent", "citations"))))


def is_callers(use: Mapping[str, Any]) -> bool:
    return use.get("type") != "server_tool_use"


def _thought(thought: Mapping[str, Any]) -> Iterator[Thinking]:
    if type(thought.get("redactedContent")) is str:
        yield Thinking(redacted=redacted_of(thought["redactedContent"]))
    elif type(said := thought.get("reasoningText")) is dict:
        yield Thinking(text=str(said.get("text") or ""), signature=str(said.get("signature") or ""))


def redacted_of(encoded: str) -> str:
    """As its maker gives it elsewhere: here it is wrapped once more."""
    try:
        return b64decode(encoded, validate=True).decode("ascii")
    except (Error, ValueError):
        return encoded
