"""Tokens of Google Cloud: one for all requests of a service account, until it expires."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from time import time

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from msgspec import Struct

from gateway.core.service_account import (
    FORM,
    MAX_TOKEN,
    ServiceAccount,
    account_of,
    address,
    asked,
    express_address,
    granted,
)
from gateway.egress import Egress, EgressError, Timeouts, Url, UrlNotAllowed
from gateway.errors import CredentialUnavailable, ProviderCredentialsInvalid, UpstreamError
from gateway.failures import from_egress

EARLY = 300.0  # seconds before it expires, in which a token is replaced
PATIENCE = Timeouts(connect=5.0, first_byte=10.0, idle=10.0, total=15.0)

Headers = Sequence[tuple[bytes, bytes]]


class Token(Struct, frozen=True):
    header: bytes
    until: float  # Unix seconds, somewhat before it expires


def signer(secret: str) -> ExpressKey | ServiceAccountSigner:
    """Of a service account's key file, or of an API key (express mode, without project and region)."""
    account = account_of(secret)
    return ExpressKey(secret) if account is None else ServiceAccountSigner(*account)


class ExpressKey:
    def __init__(self, secret: str) -> None:
        self._headers = ((b"x-goog-api-key", secret.encode("latin-1", "replace")),)

    def address(self, base_url: str, path: str) -> str:
        return express_address(base_url, path)

    async def sign(
        self, method: bytes, url: Url, headers: Headers, body: bytes, egress: Egress
    ) -> tuple[tuple[bytes, bytes], ...]:
        return self._headers


class ServiceAccountSigner:
    """One token for all who ask. Who needs one while it is being fetched waits for that fetch."""

    def __init__(self, account: ServiceAccount, key: RSAPrivateKey) -> None:
        self._account, self._key = account, key
        self._token: Token | None = None
        self._fetch: asyncio.Task[Token] | None = None

    def address(self, base_url: str, path: str) -> str:
        return address(self._account, base_url, path)

    async def sign(
        self, method: bytes, url: Url, headers: Headers, body: bytes, egress: Egress
    ) -> tuple[tuple[bytes, bytes], ...]:
        token = self._token
        if token is None or time() > token.until:
            token = await self._fetched(egress)
        return ((b"authorization", token.header),)

    async def _fetched(self, egress: Egress) -> Token:
        if self._fetch is None:
            self._fetch = asyncio.create_task(self._refresh(egress))
            self._fetch.add_done_callback(_look_at)
        # A caller who leaves must not take the token from those who wait for it with him.
        return await asyncio.shield(self._fetch)

    async def _refresh(self, egress: Egress) -> Token:
        try:
            self._token = await fetch(self._account, self._key, egress)
            return self._token
        finally:
            self._fetch = None


def _look_at(task: asyncio.Task[Token]) -> None:
    """Its error has been told to all who waited; if none did, it is nobody's."""
    if not task.cancelled():
        task.exception()


async def fetch(account: ServiceAccount, key: RSAPrivateKey, egress: Egress) -> Token:
    now = time()
    form, headers = asked(account, key, now=int(now)), ((b"content-type", FORM.encode()),)
    try:
        response = await egress.send(b"POST", Url.parse(account.token_uri), headers, form, PATIENCE)
        body = await response.read(MAX_TOKEN)
    except (EgressError, UrlNotAllowed) as error:
        raise from_egress(error) from None
    if response.status in {400, 401, 403}:  # the account, or its key, is no longer there
        raise ProviderCredentialsInvalid(upstream_status=response.status)
    if response.status != 200:
        raise UpstreamError("The provider gave no token.", upstream_status=response.status)
    found = granted(body)
    if found is None:
        raise CredentialUnavailable("The provider's answer holds no token.")
    return Token(b"Bearer " + found.token.encode(), now + found.lasts - min(EARLY, found.lasts / 10))
