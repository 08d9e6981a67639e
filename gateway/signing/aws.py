"""Signs each request with a key pair, or shows the API key that stands in its place."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from gateway.core.sigv4 import aws_secret_of, shown
from gateway.core.url import joined
from gateway.egress import Egress, Url, UrlNotAllowed


class AwsSigner:
    def __init__(self, secret: str) -> None:
        self._secret = aws_secret_of(secret)

    def address(self, base_url: str, path: str) -> str:
        base_url = base_url or self._secret.endpoint
        if not base_url:
            raise UrlNotAllowed("neither base URL nor secret names a region")
        return joined(base_url, path)

    async def sign(
        self, method: bytes, url: Url, headers: Sequence[tuple[bytes, bytes]], body: bytes, egress: Egress
    ) -> tuple[tuple[bytes, bytes], ...]:
        return shown(method.decode(), url, headers, body, self._secret, at=datetime.now(UTC))
