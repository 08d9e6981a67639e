"""Reasoning that vendors of this protocol show: each has fields of its own, OpenAI itself has none.

`reasoning_details` is the one form that carries signatures, so it is what we write: a caller that sends a
message back as it was lets the model trust its own thoughts again. Of others' signatures we keep none, for
only their own makers can read them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from gateway.core.conversation import Thinking, ThinkingDelta

FORMAT = "anthropic-claude-v1"  # of signatures, as written by vendors who relay them


def thoughts(message: Mapping[str, Any]) -> Iterator[Thinking]:
    """Of a message, or of what a chunk adds to one."""
    details = message.get("reasoning_details")
    found = False
    if type(details) is list:
        for detail in details:
            thought = _detail(detail)
            if thought is not None:
                found = True
                yield thought
    if not found:
        text = message.get("reasoning_content") or message.get("reasoning")
        if type(text) is str and text:
            yield Thinking(text=text)


def thinking_of(part: Mapping[str, Any]) -> str:
    """The text of a part of content that is a thought: a string, or a list of texts."""
    inner = part.get("thinking")
    if type(inner) is list:
        return "".join(_text(piece, "text") for piece in inner if type(piece) is dict)
    return inner if type(inner) is str else ""


def _detail(detail: Any) -> Thinking | None:
    if type(detail) is not dict:
        return None
    text = _text(detail, "text") or _text(detail, "summary")
    trusted = _text(detail, "format") in {"", FORMAT}
    signature, redacted = (_text(detail, field) if trusted else "" for field in ("signature", "data"))
    return (
        Thinking(text=text, signature=signature, redacted=redacted) if text or signature or redacted else None
    )


def _text(detail: Mapping[str, Any], field: str) -> str:
    value = detail.get(field)
    return value if type(value) is str else ""


def said(thoughts: Sequence[Thinking | ThinkingDelta]) -> dict[str, Any]:
    """The fields of a message, or of what a chunk adds, that show them."""
    if not thoughts:
        return {}
    text = "".join(thought.text for thought in thoughts)
    plain = {"reasoning_content": text} if text else {}
    return plain | {"reasoning_details": [_said(index, thought) for index, thought in enumerate(thoughts)]}


def _said(index: int, thought: Thinking | ThinkingDelta) -> dict[str, Any]:
    if thought.redacted:
        return {"type": "reasoning.encrypted", "data": thought.redacted, "format": FORMAT, "index": index}
    signed = {"signature": thought.signature} if thought.signature else {}
    return {"type": "reasoning.text", "text": thought.text, "format": FORMAT, "index": index} | signed


def signature_of(call: Mapping[str, Any]) -> str:
    """Of the thoughts that led to a tool call, where Google's own chat completions put it.

    Source: https://ai.google.dev/gemini-api/docs/thought-signatures
    """
    extra = call.get("extra_content")
    extra = extra.get("google") if type(extra) is dict else None
    return _text(extra, "thought_signature") if type(extra) is dict else ""


def signed(signature: str) -> dict[str, Any]:
    """The field of a tool call that holds it."""
    return {"extra_content": {"google": {"thought_signature": signature}}} if signature else {}
