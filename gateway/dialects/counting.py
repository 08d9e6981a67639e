"""How many tokens a prompt has: callers who ask it, and providers who say it, for nothing.

A provider is asked about what it would be sent for an answer, so that the count is of the very same words.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import msgspec
from msgspec.structs import replace

from gateway.core.conversation import ChatRequest
from gateway.dialects.anthropic.request import parse_request
from gateway.dialects.dialect import Outgoing
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
        return parse_request(body, headers, counts_only=True)

    def render(self, tokens: int) -> bytes:
        return msgspec.json.encode({"input_tokens": tokens})

    def outgoing(self, for_answer: Outgoing) -> Outgoing:
        said: dict[str, Any] = msgspec.json.decode(for_answer.body)
        body = {field: value for field, value in said.items() if field not in self._ONLY_FOR_ANSWERS}
        return replace(for_answer, path=f"{for_answer.path}/count_tokens", body=msgspec.json.encode(body))

    def parse(self, body: bytes) -> int:
        return _number(body, "input_tokens")


def _number(body: bytes, field: str) -> int:
    try:
        tokens = msgspec.json.decode(body, type=dict[str, Any]).get(field)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        tokens = None
    if type(tokens) is not int or tokens < 0:
        raise UpstreamInvalidResponse("The provider's answer is no count of tokens.")
    return tokens


COUNT_SURFACES: Mapping[str, CountSurface] = {"anthropic": AnthropicCount()}
COUNT_PROTOCOLS: Mapping[str, CountProtocol] = {"anthropic": AnthropicCount()}
