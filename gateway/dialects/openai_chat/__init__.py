"""OpenAI's chat completions, and every vendor that speaks them.

A caller's request: `request` (checks, with `messages` and `tools`), `conversation`. A provider's: `outgoing`,
`reply`, `stream`, `usage`, `failure`, `thoughts` (vendors' ways to show reasoning). For callers: `surface`.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from gateway.core.catalogue import Auth, Model
from gateway.core.conversation import ChatRequest, Conversation, Reply
from gateway.core.prompt import Prompt
from gateway.dialects.credentials import auth_headers
from gateway.dialects.dialect import EVENT_STREAM, NO_HEADERS, Headers, Outgoing, Rendered
from gateway.dialects.openai_chat.conversation import conversation_of, prompt_of
from gateway.dialects.openai_chat.failure import classify_error
from gateway.dialects.openai_chat.outgoing import pass_through, translate
from gateway.dialects.openai_chat.reply import parse_reply, render_reply
from gateway.dialects.openai_chat.request import parse_request
from gateway.dialects.openai_chat.stream import ChatReader, ChatWriter, head_of, is_notable, stream_error
from gateway.dialects.openai_chat.surface import render_error
from gateway.dialects.relay import Relay
from gateway.errors import GatewayError, UpstreamError


class OpenAIChat:
    name = words = "openai_chat"
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
        return render_reply(reply, now=now)

    def stream_writer(self, request: ChatRequest, *, now: int, prompt_tokens: int = 0) -> ChatWriter:
        return ChatWriter(now=now, wants_usage=request.wants_usage)

    def render_error(self, error: GatewayError, request_id: str) -> Rendered:
        return render_error(error, request_id)

    def stream_error(
        self, error: GatewayError, *, reply_id: str = "", model: str = "", now: int = 0
    ) -> bytes:
        return stream_error(error, head_of(reply_id, model, now))

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

    def stream_reader(self, *, secret: str = "") -> ChatReader:
        return ChatReader(secret)

    def stream_relay(self, request: ChatRequest, *, keeps: bool = False, secret: str = "") -> Relay:
        return Relay(
            partial(ChatReader, secret), is_notable, hides_usage=not request.wants_usage, keeps=keeps
        )

    def auth_headers(self, auth: Auth, secret: str) -> Headers:
        return auth_headers(auth, secret)

    def classify_error(
        self, status: int, headers: Mapping[bytes, bytes], body: bytes, *, now: float, secret: str = ""
    ) -> UpstreamError:
        return classify_error(status, headers, body, now=now, secret=secret)
