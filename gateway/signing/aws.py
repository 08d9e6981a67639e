"""Signs each request with a key pair, or shows the API key that stands in its place."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from gateway.core.sigv4 import key_pair_of, sign
from gateway.core.url import joined
from gateway.egress import Egress, Url, UrlNotAllowed

SERVICE = "bedrock"


class AwsSigner:
    def __init__(self, secret: str) -> None:
        self._keys = key_pair_of(secret)
        self._shown = () if self._keys else ((b"authorization", b"Bearer " + secret.encode()),)

    def address(self, base_url: str, path: str) -> str:
        if not base_url:
            raise UrlNotAllowed("without a base URL no region is known")
        return joined(base_url, path)

    async def sign(
        self, method: bytes, url: Url, headers: Sequence[tuple[bytes, bytes]], body: bytes, egress: Egress
    ) -> tuple[tuple[bytes, bytes], ...]:
        if self._keys is None:
            return self._shown
        return sign(method.decode(), url, headers, body, self._keys, service=SERVICE, at=datetime.now(UTC))
