"""Google's Vertex AI: models of several vendors under one account, each spoken to in its vendor's words.

A model's row says in which (`Model.dialect`): `vertex_gemini`, which is the provider's own, or `vertex_anthropic`.
Project and region stand in the address between version and publisher; they are the key's to say
(`gateway.signing.google`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from gateway.core.catalogue import Model
from gateway.core.conversation import ChatRequest, Conversation
from gateway.dialects.anthropic import Anthropic
from gateway.dialects.anthropic.outgoing import Said, repeat, say, written
from gateway.dialects.dialect import Outgoing
from gateway.dialects.failures import parsed
from gateway.dialects.gemini import Gemini
from gateway.dialects.gemini.failure import classify_error as classify_googles
from gateway.errors import UpstreamError

VERSION = "vertex-2023-10-16"  # of Anthropic's words, said in the body
BETA = b"anthropic-beta"


class VertexGemini(Gemini):
    """Google's own models."""

    name = "vertex_gemini"
    root = "/v1beta1/publishers/google/models/"


class VertexAnthropic(Anthropic):
    """Anthropic's models: the model stands in the path, the version in the body."""

    name = "vertex_anthropic"

    def pass_through(
        self, request: ChatRequest, model: Model, *, rejects: frozenset[str] = frozenset()
    ) -> Outgoing:
        return _outgoing(repeat(request, model), model, rejects, streaming=request.streaming)

    def translate(
        self, conversation: Conversation, model: Model, *, rejects: frozenset[str] = frozenset()
    ) -> Outgoing:
        return _outgoing(say(conversation, model), model, rejects, streaming=conversation.streaming)

    def classify_error(
        self, status: int, headers: Mapping[bytes, bytes], body: bytes, *, now: float, secret: str = ""
    ) -> UpstreamError:
        """Of the model in Anthropic's shape, of the platform around it in Google's."""
        if _is_googles(parsed(body)):
            return classify_googles(status, headers, body, now=now, secret=secret)
        return super().classify_error(status, headers, body, now=now, secret=secret)


def _outgoing(said: Said, model: Model, rejects: frozenset[str], *, streaming: bool) -> Outgoing:
    body = {"anthropic_version": VERSION} | said.body
    del body["model"]
    verb = "streamRawPredict" if streaming else "rawPredict"
    path = f"/v1/publishers/anthropic/models/{quote(model.wire_name, safe='-._~@')}:{verb}"
    headers = tuple(header for header in said.headers if header[0] == BETA)
    return written(path, Said(body, said.dropped, headers), rejects | model.rejects)


def _is_googles(body: Any) -> bool:
    first = body[0] if type(body) is list and body else body
    error = first.get("error") if type(first) is dict else None
    return type(error) is dict and "status" in error
