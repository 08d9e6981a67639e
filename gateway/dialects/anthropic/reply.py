"""A provider's answer → `Reply`, and a `Reply` → an answer for a caller of this surface."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from gateway.core.conversation import ChatRequest, Finish, Part, Refused, Reply, Text, Thinking, ToolCall
from gateway.dialects.anthropic.citations import blocks, citations_of
from gateway.dialects.anthropic.failure import error_in
from gateway.dialects.anthropic.usage import read_usage, write_usage
from gateway.errors import UpstreamInvalidResponse

FINISHES: Mapping[str, Finish] = {
    "end_turn": Finish.STOP,
    "max_tokens": Finish.LENGTH,
    "model_context_window_exceeded": Finish.LENGTH,
    "pause_turn": Finish.PAUSE,
    "refusal": Finish.REFUSAL,
    "stop_sequence": Finish.STOP_SEQUENCE,
    "tool_use": Finish.TOOL_CALLS,
}
WORDS: Mapping[Finish, str] = {
    Finish.CONTENT_FILTER: "refusal",
    Finish.LENGTH: "max_tokens",
    Finish.PAUSE: "pause_turn",
    Finish.REFUSAL: "refusal",
    Finish.STOP_SEQUENCE: "stop_sequence",
    Finish.TOOL_CALLS: "tool_use",
}  # all others: end_turn


def parse_reply(body: bytes, secret: str) -> Reply:
    try:
        raw = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise UpstreamInvalidResponse("The provider's answer is not JSON.") from None
    if type(raw) is not dict:
        raise UpstreamInvalidResponse("The provider's answer is not an object.")
    error = error_in(raw, secret)
    if error is not None:
        raise error
    content = raw.get("content")
    if type(content) is not list:
        raise UpstreamInvalidResponse("The provider's answer has no content.")
    usage, source = read_usage(raw.get("usage"))
    stop_sequence = raw.get("stop_sequence")
    return Reply(
        id=str(raw.get("id") or ""),
        model=str(raw.get("model") or ""),
        parts=tuple(part for block in content if type(block) is dict for part in _part(block)),
        finish=FINISHES.get(str(raw.get("stop_reason")), Finish.UNKNOWN),
        usage=usage,
        usage_source=source,
        stop_sequence=stop_sequence if type(stop_sequence) is str else "",
        raw=raw,
    )


def _part(block: Mapping[str, Any]) -> Iterator[Part]:
    """What the provider did with its own tools is not the caller's to act on, and has no part."""
    kind = block.get("type")
    if kind == "text" and type(block.get("text")) is str:
        yield Text(block["text"], citations=tuple(citations_of(block["text"], block.get("citations"))))
    elif kind == "thinking":
        yield Thinking(text=str(block.get("thinking") or ""), signature=str(block.get("signature") or ""))
    elif kind == "redacted_thinking":
        yield Thinking(redacted=str(block.get("data") or ""))
    elif kind == "tool_use" and type(block.get("name")) is str:
        arguments = msgspec.json.encode(block.get("input") or {}).decode()
        yield ToolCall(str(block.get("id") or ""), block["name"], arguments)


def render_reply(reply: Reply, request: ChatRequest) -> bytes:
    shows = shows_thinking(request)
    body = {
        "id": reply_id(reply.id),
        "type": "message",
        "role": "assistant",
        "model": reply.model,
        "content": [
            block for part in reply.parts for block in _block(part) if shows or not _is_thought(part)
        ],
        "stop_reason": WORDS.get(reply.finish, "end_turn"),
        "stop_sequence": reply.stop_sequence or None,
        "usage": write_usage(reply.usage),
    }
    return msgspec.json.encode(body)


def reply_id(given: str) -> str:
    return given if given.startswith("msg_") else f"msg_{given}"


def shows_thinking(request: ChatRequest) -> bool:
    """Whether the caller asked to see thoughts; others do not expect such blocks."""
    return (request.raw.get("thinking") or {}).get("type") not in {None, "disabled"}


def _is_thought(part: Part) -> bool:
    return isinstance(part, Thinking)


def _block(part: Part) -> Iterator[dict[str, Any]]:
    match part:
        case Text(citations=citations) if citations:
            yield from blocks(part)
        case Text(text=text) | Refused(text=text):
            yield {"type": "text", "text": text}
        case ToolCall():
            yield {"type": "tool_use", "id": part.id, "name": part.name, "input": _input(part.arguments)}
        case Thinking(redacted=redacted) if redacted:
            yield {"type": "redacted_thinking", "data": redacted}
        case Thinking():
            yield {"type": "thinking", "thinking": part.text, "signature": part.signature}


def _input(arguments: str) -> dict[str, Any]:
    """An object whatever the model wrote: what is no JSON is shown as it is."""
    try:
        value = msgspec.json.decode(arguments or "{}")
    except msgspec.DecodeError:
        value = None
    return value if type(value) is dict else {"_invalid_json": arguments}
