"""How many tokens a prompt has: callers who ask it, and providers who say it, for nothing.

A provider is asked about what it would be sent for an answer, so that the count is of the very same words.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from typing import Any, Protocol
from urllib.parse import unquote

import msgspec
from msgspec.structs import replace

from gateway import json_body
from gateway.core.conversation import ChatRequest
from gateway.dialects.anthropic import request as anthropic_request
from gateway.dialects.dialect import Outgoing
from gateway.dialects.fields import wrong_type
from gateway.dialects.gemini import request as gemini_request
from gateway.errors import UpstreamInvalidResponse


class CountSurface(Protocol):
    """The shape in which a caller asks."""

    def parse_request(self, body: bytes, headers: Mapping[bytes, bytes], *, model: str) -> ChatRequest:
        """Checked like a request for an answer, but for what only an answer needs."""
        ...

    def render(self, tokens: int) -> bytes: ...


class CountProtocol(Protocol):
    """The shape in which we ask a provider."""

    words: str  # the surface whose answer it is

    def outgoing(self, for_answer: Outgoing) -> Outgoing:
        """Of what would be sent for an answer."""
        ...

    def parse(self, body: bytes) -> int:
        """Of a status below 300, or `UpstreamInvalidResponse`."""
        ...


class AnthropicCount:
    words = "anthropic"

    # What has nothing to do with the prompt, and is refused here.
    _ONLY_FOR_ANSWERS = frozenset(
        {
            "max_tokens", "metadata", "service_tier", "stop_sequences", "stream", "temperature", "top_k", "top_p",
            "container",
        }
    )  # fmt: skip

    def parse_request(self, body: bytes, headers: Mapping[bytes, bytes], *, model: str) -> ChatRequest:
        return anthropic_request.parse_request(body, headers, counts_only=True)

    def render(self, tokens: int) -> bytes:
        return msgspec.json.encode({"input_tokens": tokens})

    def outgoing(self, for_answer: Outgoing) -> Outgoing:
        said: dict[str, Any] = msgspec.json.decode(for_answer.body)
        body = {field: value for field, value in said.items() if field not in self._ONLY_FOR_ANSWERS}
        return replace(for_answer, path=f"{for_answer.path}/count_tokens", body=msgspec.json.encode(body))

    def parse(self, body: bytes) -> int:
        return _number(body, "input_tokens")


class GeminiCount:
    words = "gemini"

    def parse_request(self, body: bytes, headers: Mapping[bytes, bytes], *, model: str) -> ChatRequest:
        raw = json_body.read(body)
        whole = raw.get("generateContentRequest") or raw.get("generate_content_request")
        if whole is not None and type(whole) is not dict:
            raise wrong_type("generateContentRequest", "an object")
        asked = msgspec.json.encode(raw if whole is None else whole)
        return gemini_request.parse_request(asked, model=model, streaming=False)

    def render(self, tokens: int) -> bytes:
        return msgspec.json.encode({"totalTokens": tokens})

    def outgoing(self, for_answer: Outgoing) -> Outgoing:
        """The whole request, for `contents` alone would leave out instructions and tools."""
        model, _, _ = for_answer.path.rpartition(":")
        said: dict[str, Any] = msgspec.json.decode(for_answer.body)
        named = {"model": f"models/{model.rpartition('/models/')[2]}"}
        body = msgspec.json.encode({"generateContentRequest": said | named})
        return replace(for_answer, path=f"{model}:countTokens", body=body)

    def parse(self, body: bytes) -> int:
        return _number(body, "totalTokens")


class VertexCount(GeminiCount):
    """The request's fields stand alone there."""

    def outgoing(self, for_answer: Outgoing) -> Outgoing:
        model, _, _ = for_answer.path.rpartition(":")
        said: dict[str, Any] = msgspec.json.decode(for_answer.body)
        body = {name: said[name] for name in self._COUNTED if name in said}
        return replace(for_answer, path=f"{model}:countTokens", body=msgspec.json.encode(body))

    _COUNTED = ("contents", "systemInstruction", "system_instruction", "tools", "generationConfig")


def _number(body: bytes, field: str) -> int:
    try:
        tokens = msgspec.json.decode(body, type=dict[str, Any]).get(field)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        tokens = None
    if type(tokens) is not int or tokens < 0:
        raise UpstreamInvalidResponse("The provider's answer is no count of tokens.")
    return tokens


class VertexAnthropicCount(AnthropicCount):
    """At an address of its own, with the model in the body."""

    def outgoing(self, for_answer: Outgoing) -> Outgoing:
        models, _, called = for_answer.path.rpartition("/models/")
        asked = super().outgoing(for_answer)
        said: dict[str, Any] = msgspec.json.decode(asked.body)
        body = msgspec.json.encode(said | {"model": unquote(called.rpartition(":")[0])})
        return replace(asked, path=f"{models}/models/count-tokens:rawPredict", body=body)


class ResponsesCount:
    words = "openai_responses"

    # What the count is of; the rest is refused there.
    _COUNTED = (
        "model", "input", "instructions", "tools", "tool_choice", "text", "reasoning", "conversation",
        "previous_response_id", "parallel_tool_calls", "truncation",
    )  # fmt: skip

    def outgoing(self, for_answer: Outgoing) -> Outgoing:
        said: dict[str, Any] = msgspec.json.decode(for_answer.body)
        body = {name: said[name] for name in self._COUNTED if name in said}
        return replace(for_answer, path=f"{for_answer.path}/input_tokens", body=msgspec.json.encode(body))

    def parse(self, body: bytes) -> int:
        return _number(body, "input_tokens")


class BedrockCount:
    words = "bedrock"

    def outgoing(self, for_answer: Outgoing) -> Outgoing:
        said: dict[str, Any] = msgspec.json.decode(for_answer.body)
        counted = {name: said[name] for name in ("messages", "system", "toolConfig") if name in said}
        body = msgspec.json.encode({"input": {"converse": counted}})
        return replace(for_answer, path=f"{for_answer.path.rpartition('/')[0]}/count-tokens", body=body)

    def parse(self, body: bytes) -> int:
        return _number(body, "inputTokens")


class BedrockAnthropicCount(BedrockCount):
    """Of a whole body, as it would be sent, in base64 (the API's reference, CountTokens, invokeModel).

    A whole one says how long its answer may be, which one that is only counted need not.
    """

    def outgoing(self, for_answer: Outgoing) -> Outgoing:
        whole = {"max_tokens": 1} | msgspec.json.decode(for_answer.body, type=dict[str, Any])
        said = {"invokeModel": {"body": b64encode(msgspec.json.encode(whole)).decode()}}
        path = f"{for_answer.path.rpartition('/')[0]}/count-tokens"
        return replace(for_answer, path=path, body=msgspec.json.encode({"input": said}))


COUNT_SURFACES: Mapping[str, CountSurface] = {"anthropic": AnthropicCount(), "gemini": GeminiCount()}
COUNT_PROTOCOLS: Mapping[str, CountProtocol] = {
    "anthropic": AnthropicCount(),
    "bedrock": BedrockCount(),
    "bedrock_anthropic": BedrockAnthropicCount(),
    "gemini": GeminiCount(),
    "openai_responses": ResponsesCount(),
    "vertex_anthropic": VertexAnthropicCount(),
    "vertex_gemini": VertexCount(),
}
