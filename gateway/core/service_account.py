"""Service accounts of Google Cloud: a key signs a statement, for which there is a token that lasts an hour.

Source: https://developers.google.com/identity/protocols/oauth2/service-account#httprest
"""

from __future__ import annotations

from base64 import urlsafe_b64encode
from typing import Any
from urllib.parse import urlencode

import msgspec
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from msgspec import Struct

SCOPE = "https://www.googleapis.com/auth/cloud-platform"
TOKEN_URI = "https://oauth2.googleapis.com/token"  # noqa: S105 - an address
GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
LIFETIME = 3_600  # seconds, the longest there is
GLOBAL = "global"
FORM = "application/x-www-form-urlencoded"
MAX_TOKEN = 16_384  # bytes of an answer with a token in it


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


class Granted(Struct, frozen=True):
    token: str
    lasts: int  # seconds

    def __repr__(self) -> str:
        return "***"


def account_of(secret: str) -> tuple[ServiceAccount, RSAPrivateKey] | None:
    """None of an API key (express mode), which stands for itself. ValueError, with what is wrong, if it is neither."""
    if not secret.lstrip().startswith("{"):
        return None
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
    return account, key


def asked(account: ServiceAccount, key: RSAPrivateKey, *, now: int) -> bytes:
    """The form that asks for a token at `token_uri`."""
    return urlencode({"grant_type": GRANT, "assertion": statement(account, key, now=now)}).encode()


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


def granted(body: bytes) -> Granted | None:
    """None where an answer of status 200 holds no token."""
    try:
        told: Any = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        told = None
    token = told.get("access_token") if type(told) is dict else None
    lasts = told.get("expires_in", LIFETIME) if type(told) is dict else 0
    if type(token) is not str or not token.isascii() or not token.isprintable() or type(lasts) is not int:
        return None
    return Granted(token, lasts)


def express_address(base_url: str, path: str) -> str:
    return _join(base_url or host_of(GLOBAL), path)


def address(account: ServiceAccount, base_url: str, path: str) -> str:
    place = f"/projects/{account.project_id}/locations/{account.location}/publishers/"
    return _join(base_url or host_of(account.location), path.replace("/publishers/", place, 1))


def host_of(location: str) -> str:
    return f"https://{'' if location == GLOBAL else f'{location}-'}aiplatform.googleapis.com"


def _join(base_url: str, path: str) -> str:
    """Some SDKs' base ends with a version, and a tenant may have entered the whole place: said once is enough."""
    if "/projects/" in base_url:
        return base_url + path[path.index("/publishers/") :]
    if base_url.endswith(("/v1", "/v1beta1")):
        return base_url + path[path.index("/", 1) :]
    return base_url + path
