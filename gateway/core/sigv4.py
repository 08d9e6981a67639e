"""Signature Version 4: a request signed by a key pair, as AWS wants it.

After https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html. What is signed is
the method, the address, the headers named in `_SIGNED` and a digest of the body, for one day, region and service.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Iterable
from datetime import datetime
from hashlib import sha256
from urllib.parse import quote, unquote

from msgspec import Struct

from gateway.core.url import Url

ALGORITHM = "AWS4-HMAC-SHA256"
REGION = "us-east-1"  # where an address names none

_ACCESS_KEY = re.compile(r"[A-Z0-9]{16,128}")
_SECRET_KEY = re.compile(r"[A-Za-z0-9/+=]{16,128}")
_TOKEN = re.compile(r"[A-Za-z0-9/+=_.-]{16,}")
_LONE_SECRET = re.compile(r"[A-Za-z0-9/+]{40}")
_REGION = re.compile(r"\.((?:[a-z]{2,4}-)?[a-z]{2,4}-[a-z]+-[0-9]+)\.")
_SIGNED = frozenset({"content-type", "host", "x-amz-date", "x-amz-security-token"})


class KeyPair(Struct, frozen=True):
    """An access key with its secret; the token belongs to one that expires."""

    access_key_id: str
    secret_access_key: str
    session_token: str = ""

    def __repr__(self) -> str:
        return "KeyPair(***)"

    @property
    def written(self) -> str:
        """As `key_pair_of` reads it."""
        return ":".join(filter(None, (self.access_key_id, self.secret_access_key, self.session_token)))


def key_pair_of(secret: str) -> KeyPair | None:
    """Of `id:secret` or `id:secret:token`; None for an API key, which is shown as it is. ValueError: neither."""
    access_key_id, colon, rest = secret.partition(":")
    if not colon:
        if _LONE_SECRET.fullmatch(secret) or re.fullmatch("A[SK]IA[A-Z0-9]{12,}", secret):
            raise ValueError("half of a key pair: enter access key id, a colon, secret access key")
        return None
    secret_access_key, colon, session_token = rest.partition(":")
    if not _ACCESS_KEY.fullmatch(access_key_id):
        raise ValueError("the access key id before the first colon is 16 to 128 capitals and digits")
    if not _SECRET_KEY.fullmatch(secret_access_key):
        raise ValueError("after the first colon comes the secret access key")
    if colon and not _TOKEN.fullmatch(session_token):
        raise ValueError("after the second colon comes the session token")
    if access_key_id.startswith("ASIA") and not session_token:
        raise ValueError(
            "an access key id that begins with ASIA needs its session token, after a second colon"
        )
    return KeyPair(access_key_id, secret_access_key, session_token)


def region_of(host: str) -> str:
    found = _REGION.search(host)
    return found[1] if found else REGION


def sign(
    method: str,
    url: Url,
    headers: Iterable[tuple[bytes, bytes]],
    body: bytes,
    keys: KeyPair,
    *,
    service: str,
    at: datetime,
) -> tuple[tuple[bytes, bytes], ...]:
    """The headers to add. `at` is in UTC; a clock that is more than five minutes off is refused by AWS."""
    moment = at.strftime("%Y%m%dT%H%M%SZ")
    added = [(b"x-amz-date", moment.encode())]
    if keys.session_token:
        added.append((b"x-amz-security-token", keys.session_token.encode()))
    scope = f"{moment[:8]}/{region_of(url.host)}/{service}/aws4_request"
    names, canonical = _canonical(method, url, [*headers, *added], body)
    signature = _signature(keys.secret_access_key, scope, moment, canonical)
    value = (
        f"{ALGORITHM} Credential={keys.access_key_id}/{scope}, SignedHeaders={names}, Signature={signature}"
    )
    return (*added, (b"authorization", value.encode()))


def _canonical(method: str, url: Url, headers: Iterable[tuple[bytes, bytes]], body: bytes) -> tuple[str, str]:
    """The names of the headers signed, and the request as both sides write it down."""
    path, _, query = url.target.decode().partition("?")
    said = {name.decode().lower(): " ".join(value.decode("latin-1").split()) for name, value in headers}
    said["host"] = url.authority.decode()
    signed = sorted(_SIGNED & said.keys())
    names, lines = ";".join(signed), "".join(f"{name}:{said[name]}\n" for name in signed)
    # A path that is escaped already is escaped once more, for every service but one.
    parts = (method, quote(path, safe="/~"), _query(query), lines, names, sha256(body).hexdigest())
    return names, "\n".join(parts)


def _query(query: str) -> str:
    pairs = (pair.partition("=") for pair in query.split("&") if pair)
    return "&".join(sorted(f"{_escaped(name)}={_escaped(value)}" for name, _, value in pairs))


def _escaped(text: str) -> str:
    return quote(unquote(text), safe="-_.~")


def _signature(secret_key: str, scope: str, moment: str, canonical: str) -> str:
    key = b"AWS4" + secret_key.encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    digest = sha256(canonical.encode()).hexdigest()
    return hmac.digest(key, f"{ALGORITHM}\n{moment}\n{scope}\n{digest}".encode(), "sha256").hex()
