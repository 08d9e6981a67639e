"""Tokens of Google Cloud: a service account signs a statement, and gets a token for an hour.

Source: https://developers.google.com/identity/protocols/oauth2/service-account#httprest
"""

from __future__ import annotations

import asyncio
from base64 import urlsafe_b64encode
from collections.abc import Sequence
from time import time
from typing import Any
from urllib.parse import urlencode

import msgspec
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from msgspec import Struct

from gateway.egress import Egress, EgressError, Timeouts, Url, UrlNotAllowed
from gateway.errors import CredentialUnavailable, ProviderCredentialsInvalid, UpstreamError
from gateway.failures import from_egress

SCOPE = "https://www.googleapis.com/auth/cloud-platform"
TOKEN_URI = "https://oauth2.googleapis.com/token"  # noqa: S105 - an address
GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
LIFETIME = 3_600  # seconds, the longest there is
EARLY = 300.0  # seconds before it expires, in which a token is replaced
GLOBAL = "global"
PATIENCE = Timeouts(connect=5.0, first_byte=10.0, idle=10.0, total=15.0)
MAX_TOKEN = 16_384  # bytes of an answer with a token in it

Headers = Sequence[tuple[bytes, bytes]]


class ServiceAccount(Struct, frozen=True):
    """A key file as Google gives it; `location` is ours to add, where it is not `global`."""

    client_email: str
    private_key: str
    project_id: str
    private_key_id: str = ""
    token_uri: str = TOKEN_URI
    location: str = GLOBAL

    def __repr__(self) -> str:
        return "***"


class Token(Struct, frozen=True):
    header: bytes
    until: float  # Unix seconds, somewhat before it expires


def signer(secret: str) -> ExpressKey | ServiceAccountSigner:
    """Of a service account's key file, or of an API key (express mode, without project and region)."""
    if not secret.lstrip().startswith("{"):
        return ExpressKey(secret)
    try:
        account = msgspec.json.decode(secret, type=ServiceAccount)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise ValueError("not a service account's key file: client_email, private_key, project_id") from None
    try:
        key = load_pem_private_key(account.private_key.encode(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise ValueError("the service account's private_key cannot be read") from None
    if not isinstance(key, RSAPrivateKey):
        raise ValueError("the service account's private_key is no RSA key")
    return ServiceAccountSigner(account, key)


class ExpressKey:
    def __init__(self, secret: str) -> None:
        self._headers = ((b"x-goog-api-key", secret.encode("latin-1", "replace")),)

    def address(self, base_url: str, path: str) -> str:
        return join(base_url or host_of(GLOBAL), path)

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
        account = self._account
        place = f"/projects/{account.project_id}/locations/{account.location}/publishers/"
        return join(base_url or host_of(account.location), path.replace("/publishers/", place, 1))

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
    form = urlencode({"grant_type": GRANT, "assertion": statement(account, key, now=int(now))}).encode()
    headers = ((b"content-type", b"application/x-www-form-urlencoded"),)
    try:
        response = await egress.send(b"POST", Url.parse(account.token_uri), headers, form, PATIENCE)
        body = await response.read(MAX_TOKEN)
    except (EgressError, UrlNotAllowed) as error:
        raise from_egress(error) from None
    if response.status in {400, 401, 403}:  # the account, or its key, is no longer there
        raise ProviderCredentialsInvalid(upstream_status=response.status)
    if response.status != 200:
        raise UpstreamError("The provider gave no token.", upstream_status=response.status)
    return _token_in(body, now)


def _token_in(body: bytes, now: float) -> Token:
    try:
        told: Any = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        told = None
    token = told.get("access_token") if type(told) is dict else None
    lasts = told.get("expires_in", LIFETIME) if type(told) is dict else 0
    if type(token) is not str or not token.isascii() or not token.isprintable() or type(lasts) is not int:
        raise CredentialUnavailable("The provider's answer holds no token.")
    return Token(b"Bearer " + token.encode(), now + lasts - min(EARLY, lasts / 10))


def statement(account: ServiceAccount, key: RSAPrivateKey, *, now: int) -> str:
    """A signed JWT: who asks, for what, of whom, and until when."""
    head = {"alg": "RS256", "typ": "JWT"} | (
        {"kid": account.private_key_id} if account.private_key_id else {}
    )
    claims = {
        "iss": account.client_email,
        "scope": SCOPE,
        "aud": account.token_uri,
        "iat": now,
        "exp": now + LIFETIME,
    }
    said = b".".join(_encoded(msgspec.json.encode(part)) for part in (head, claims))
    return (said + b"." + _encoded(key.sign(said, PKCS1v15(), SHA256()))).decode()


def _encoded(value: bytes) -> bytes:
    return urlsafe_b64encode(value).rstrip(b"=")


def host_of(location: str) -> str:
    return f"https://{'' if location == GLOBAL else f'{location}-'}aiplatform.googleapis.com"


def join(base_url: str, path: str) -> str:
    """Some SDKs' base ends with a version, and a tenant may have entered the whole place: said once is enough."""
    if "/projects/" in base_url:
        return base_url + path[path.index("/publishers/") :]
    if base_url.endswith(("/v1", "/v1beta1")):
        return base_url + path[path.index("/", 1) :]
    return base_url + path
