"""Cohere's chat, version 2.

A request: `outgoing`, with `messages`. An answer: `reply`, `stream`, `usage`, `failure`. What a model says before it
calls tools (`tool_plan`) is a thought of its own, and goes back as one. Citations have no place in other shapes.
"""

from __future__ import annotations

from collections.abc import Mapping

from gateway.core.catalogue import Model
from gateway.core.conversation import Conversation, Reply
from gateway.dialects.cohere.failure import classify_error
from gateway.dialects.cohere.outgoing import translate
from gateway.dialects.cohere.reply import parse_reply
from gateway.dialects.cohere.stream import ChatReader
from gateway.dialects.dialect import Outgoing
from gateway.dialects.translated import Translated
from gateway.errors import UpstreamError


class Cohere(Translated):
    name = words = "cohere"

    def translate(
        self, conversation: Conversation, model: Model, *, rejects: frozenset[str] = frozenset()
    ) -> Outgoing:
        return translate(conversation, model, rejects | model.rejects)

    def parse_reply(self, body: bytes, *, secret: str = "") -> Reply:
        return parse_reply(body, secret)

    def stream_reader(self, *, secret: str = "") -> ChatReader:
        return ChatReader(secret)

    def classify_error(
        self, status: int, headers: Mapping[bytes, bytes], body: bytes, *, now: float, secret: str = ""
    ) -> UpstreamError:
        return classify_error(status, headers, body, now=now, secret=secret)
