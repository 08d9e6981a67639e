"""OpenAI's completions of before the chats, for callers only: no provider is asked in it.

A prompt is what a user says, and what a model answers is the completion: `request` (checks), `conversation`,
`reply`, `writer`.
"""

from __future__ import annotations

from collections.abc import Mapping

from gateway.core.conversation import ChatRequest, Conversation, Reply
from gateway.core.prompt import Prompt
from gateway.dialects.dialect import EVENT_STREAM, NO_HEADERS, Rendered
from gateway.dialects.openai_chat.surface import render_error
from gateway.dialects.openai_completions.conversation import conversation_of, prompt_of
from gateway.dialects.openai_completions.reply import render_reply
from gateway.dialects.openai_completions.request import parse_request
from gateway.dialects.openai_completions.writer import CompletionWriter, head_of, stream_error
from gateway.errors import GatewayError


class OpenAICompletions:
    name = "openai_completions"
    keep_alive = b": keep-alive\n\n"
    takes_comments = True
    shows_images = False
    shows_citations = False
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

    def stream_writer(self, request: ChatRequest, *, now: int, prompt_tokens: int = 0) -> CompletionWriter:
        return CompletionWriter(request, now=now)

    def render_error(self, error: GatewayError, request_id: str) -> Rendered:
        return render_error(error, request_id)

    def stream_error(
        self, error: GatewayError, *, reply_id: str = "", model: str = "", now: int = 0
    ) -> bytes:
        return stream_error(error, head_of(reply_id, model, now))
