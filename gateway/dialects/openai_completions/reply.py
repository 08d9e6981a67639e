"""A `Reply` → an answer for a caller of this surface."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from gateway.core.conversation import ChatRequest, Finish, Refused, Reply, Text, Token
from gateway.dialects.openai_chat.usage import write_usage
from gateway.dialects.openai_completions.request import prompt_text

WORDS: Mapping[Finish, str] = {
    Finish.LENGTH: "length",
    Finish.CONTENT_FILTER: "content_filter",
    Finish.REFUSAL: "content_filter",
}  # all others: stop


def render_reply(reply: Reply, request: ChatRequest, *, now: int) -> bytes:
    echoed = echo_of(request)
    body = {
        "id": reply_id(reply.id),
        "object": "text_completion",
        "created": reply.created or now,
        "model": reply.model,
        "choices": [_choice(index, one, echoed) for index, one in enumerate((reply, *reply.more))],
        "usage": write_usage(reply.usage),
    }
    return msgspec.json.encode(body)


def reply_id(given: str) -> str:
    return given if given.startswith("cmpl-") else f"cmpl-{given}"


def echo_of(request: ChatRequest) -> str:
    return prompt_text(request.raw) if request.raw.get("echo") else ""


def _choice(index: int, reply: Reply, echoed: str) -> dict[str, Any]:
    said = "".join(part.text for part in reply.parts if isinstance(part, Text | Refused))
    return {
        "text": echoed + said,
        "index": index,
        "logprobs": told_logprobs(reply.tokens, 0),
        "finish_reason": WORDS.get(reply.finish, "stop"),
    }


def told_logprobs(tokens: Sequence[Token], offset: int) -> dict[str, Any] | None:
    """In columns; `offset` is where in the completion the first token begins, in characters."""
    if not tokens:
        return None
    offsets = []
    for token in tokens:
        offsets.append(offset)
        offset += len(token.text)
    return {
        "tokens": [token.text for token in tokens],
        "token_logprobs": [token.logprob for token in tokens],
        "top_logprobs": [{one.text: one.logprob for one in token.top} for token in tokens],
        "text_offset": offsets,
    }
