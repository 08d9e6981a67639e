"""AWS Bedrock's Converse and ConverseStream, for the models of every vendor there.

A request: `outgoing`, with `blocks` (what is said in a turn), `families` (what models differ in) and `extras` (the
fields that only one family has). An answer: `reply`, `stream` over `event_stream`, `usage`, `failure`. Requests are
signed by `gateway.signing.aws`. Of Anthropic's models there, a row may say that they are spoken to in their maker's
words (`invoke`).
"""

from __future__ import annotations

from collections.abc import Mapping

from gateway.core.catalogue import Model
from gateway.core.conversation import Conversation, Reply
from gateway.dialects.bedrock.failure import classify_error
from gateway.dialects.bedrock.outgoing import translate
from gateway.dialects.bedrock.reply import parse_reply
from gateway.dialects.bedrock.stream import ConverseReader
from gateway.dialects.dialect import Outgoing
from gateway.dialects.translated import Translated
from gateway.errors import UpstreamError


class Bedrock(Translated):
    name = words = "bedrock"

    def translate(
        self, conversation: Conversation, model: Model, *, rejects: frozenset[str] = frozenset()
    ) -> Outgoing:
        return translate(conversation, model, rejects | model.rejects)

    def parse_reply(self, body: bytes, *, secret: str = "") -> Reply:
        return parse_reply(body)

    def stream_reader(self, *, secret: str = "") -> ConverseReader:
        return ConverseReader(secret)

    def classify_error(
        self, status: int, headers: Mapping[bytes, bytes], body: bytes, *, now: float, secret: str = ""
    ) -> UpstreamError:
        return classify_error(status, headers, body, now=now, secret=secret)
