"""OpenAI's Responses, and the vendors that speak them.

A caller's request: `request` (checks, with `items` and `tools`), `conversation`. A provider's: `outgoing`, `reply`,
`stream`, `usage`, `failure`. For callers: `surface`, `writer`, `ids` (what we rendered is marked as ours).

What a provider remembers, and what its own tools do, only a provider of this API can be told: such a request is
`native`, and no model of another protocol is its candidate.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from gateway.core.catalogue import Auth, Model
from gateway.core.conversation import ChatRequest, Conversation, Reply
from gateway.core.prompt import Prompt
from gateway.dialects.credentials import auth_headers
from gateway.dialects.dialect import EVENT_STREAM, NO_HEADERS, Headers, Outgoing, Rendered
from gateway.dialects.openai_chat.surface import render_error
from gateway.dialects.openai_responses.conversation import conversation_of, prompt_of
from gateway.dialects.openai_responses.failure import classify_error
from gateway.dialects.openai_responses.outgoing import pass_through, translate
from gateway.dialects.openai_responses.reply import parse_reply, render_reply
from gateway.dialects.openai_responses.request import parse_request
from gateway.dialects.openai_responses.stream import ResponseReader, is_notable
from gateway.dialects.openai_responses.surface import stream_error
from gateway.dialects.openai_responses.writer import ResponseWriter
from gateway.dialects.relay import Relay
from gateway.errors import GatewayError, UpstreamError


class OpenAIResponses:
    name = words = "openai_responses"
    keep_alive = b": keep-alive\n\n"
    takes_comments = True
    shows_images = True
    shows_citations = True
    stream_headers = EVENT_STREAM

    def parse_request(
        self,
        body: bytes,
        headers: Mapping[bytes, bytes] = NO_HEADERS,
        *,
        model: str = "",
        streaming: bool = False,
    ) -> ChatRequest:
        return parse_request(body)

    def prompt_of(self, request: ChatRequest) -> Prompt:
        return prompt_of(request)

    def conversation_of(self, request: ChatRequest) -> Conversation:
        return conversation_of(request)

    def render_reply(self, reply: Reply, request: ChatRequest, *, now: int) -> bytes:
        return render_reply(reply, request, now=now)

    def stream_writer(self, request: ChatRequest, *, now: int, prompt_tokens: int = 0) -> ResponseWriter:
        return ResponseWriter(request, now=now, prompt_tokens=prompt_tokens)

    def render_error(self, error: GatewayError, request_id: str) -> Rendered:
        return render_error(error, request_id)

    def stream_error(
        self, error: GatewayError, *, reply_id: str = "", model: str = "", now: int = 0
    ) -> bytes:
        return stream_error(error, 0)

    def pass_through(
        self, request: ChatRequest, model: Model, *, rejects: frozenset[str] = frozenset()
    ) -> Outgoing:
        return pass_through(request, model, rejects | model.rejects)

    def translate(
        self, conversation: Conversation, model: Model, *, rejects: frozenset[str] = frozenset()
    ) -> Outgoing:
        return translate(conversation, model, rejects | model.rejects)

    def parse_reply(self, body: bytes, *, secret: str = "") -> Reply:
        return parse_reply(body, secret)

    def stream_reader(self, *, secret: str = "") -> ResponseReader:
        return ResponseReader(secret)

    def stream_relay(self, request: ChatRequest, *, keeps: bool = False, secret: str = "") -> Relay:
        return Relay(partial(ResponseReader, secret), is_notable, hides_usage=False, keeps=keeps)

    def auth_headers(self, auth: Auth, secret: str) -> Headers:
        return auth_headers(auth, secret)

    def classify_error(
        self, status: int, headers: Mapping[bytes, bytes], body: bytes, *, now: float, secret: str = ""
    ) -> UpstreamError:
        return classify_error(status, headers, body, now=now, secret=secret)
