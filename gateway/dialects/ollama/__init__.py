"""Ollama's own chat.

A request: `outgoing`, with `messages`. An answer: `reply`, `stream` over `lines`, `failure`. A call has no id here, so it
gets one; what it costs is the host's electricity, and its tokens are counted all the same.
"""

from __future__ import annotations

from collections.abc import Mapping

from gateway.core.catalogue import Model
from gateway.core.conversation import Conversation, Reply
from gateway.dialects.dialect import Outgoing
from gateway.dialects.ollama.failure import classify_error
from gateway.dialects.ollama.outgoing import translate
from gateway.dialects.ollama.reply import parse_reply
from gateway.dialects.ollama.stream import ChatReader
from gateway.dialects.translated import Translated
from gateway.errors import UpstreamError


class Ollama(Translated):
    name = words = "ollama"

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
