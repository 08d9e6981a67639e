"""The providers' side of a protocol that no caller speaks: everything is translated, nothing passed through."""

from __future__ import annotations

from gateway.core.catalogue import Auth, Model
from gateway.core.conversation import ChatRequest
from gateway.dialects.credentials import auth_headers
from gateway.dialects.dialect import Headers, Outgoing, StreamRelay


class Translated:
    def pass_through(
        self, request: ChatRequest, model: Model, *, rejects: frozenset[str] = frozenset()
    ) -> Outgoing:
        raise AssertionError("no surface has these words")

    def stream_relay(self, request: ChatRequest, *, keeps: bool = False, secret: str = "") -> StreamRelay:
        raise AssertionError("no surface has these words")

    def auth_headers(self, auth: Auth, secret: str) -> Headers:
        return auth_headers(auth, secret)
