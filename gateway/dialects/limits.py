"""A limit on the answer's length, written into a caller's own request that gives none."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec.structs import replace

from gateway.core.conversation import ChatRequest
from gateway.core.facts import Surface

_FIELDS: Mapping[str, str] = {
    Surface.OPENAI_CHAT: "max_completion_tokens",
    Surface.OPENAI_RESPONSES: "max_output_tokens",
    Surface.OPENAI_COMPLETIONS: "max_tokens",
    Surface.ANTHROPIC: "max_tokens",
}
_CONFIGS = ("generation_config", "generationConfig")


def limited(request: ChatRequest, tokens: int) -> ChatRequest:
    raw = request.raw
    if request.surface is Surface.GEMINI:
        config = next((name for name in _CONFIGS if raw.get(name)), _CONFIGS[-1])
        inner: dict[str, Any] = {**(raw.get(config) or {}), "maxOutputTokens": tokens}
        return replace(request, raw={**raw, config: inner})
    return replace(request, raw={**raw, _FIELDS[request.surface]: tokens})
