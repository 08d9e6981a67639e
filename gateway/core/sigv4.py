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

import msgspec
from msgspec import Struct

from gateway.core.url import Url

ALGORITHM = "AWS4-HMAC-SHA256"
REGION = "us-east-1"  # where nobody names one
SERVICE = "bedrock"

_ACCESS_KEY = re.compile(r"[A-Z0-9]{1,128}")
_SECRET_KEY = re.compile(r"[A-Za-z0-9/+=]{1,128}")
_TOKEN = re.compile(r"[A-Za-z0-9/+=_.-]+")
_HALF = re.compile(r"[A-Za-z0-9/+]{40}|A[SK]IA[A-Z0-9]{12,}")
_REGION = r"(?:[a-z]{2,4}-)?[a-z]{2,4}-[a-z]+-[0-9]+"
_IN_HOST = re.compile(rf"\.({_REGION})\.")
_BEFORE = re.compile(rf"({_REGION})/(.+)")
_SIGNED = frozenset({"content-type", "host", "x-amz-date", "x-amz-security-token"})


class KeyPair(Struct, frozen=True):
    """An access key with its secret; the token belongs to one that expires."""

    access_key_id: str
    secret_access_key: str
    session_token: str = ""

    def __repr__(self) -> str:
        return "KeyPair(***)"


class AwsSecret(Struct, frozen=True, kw_only=True):
    """What an account gives its programs: a pair of keys that signs, or an API key that is shown as it is.

    Written as `id:secret`, `id:secret:token` or the API key, each with `region/` before it if need be; read also
    from the JSON that a command line prints of them.
    """

    region: str = ""  # where the address names none
    keys: KeyPair | None = None
    api_key: str = ""

    def __repr__(self) -> str:
        return "AwsSecret(***)"

    @property
    def written(self) -> str:
        keys = self.keys
        parts = (keys.access_key_id, keys.secret_access_key, keys.session_token) if keys else (self.api_key,)
        return (f"{self.region}/" if self.region else "") + ":".join(filter(None, parts))

    @property
    def endpoint(self) -> str:
        """The base URL of its region; empty where none is said."""
        domain = "amazonaws.com.cn" if self.region.startswith("cn-") else "amazonaws.com"
        return f"https://{SERVICE}-runtime.{self.region}.{domain}" if self.region else ""


def aws_secret_of(text: str) -> AwsSecret:
    """ValueError, with what is wrong with it but not with what it is, if it is none."""
    text = _in_one_word(text) if text.startswith("{") else text
    found = _BEFORE.fullmatch(text)
    region, secret = (found[1], found[2]) if found else ("", text)
    access_key_id, colon, rest = secret.partition(":")
    if not colon:
        if _HALF.fullmatch(secret):
            raise ValueError("half of a key pair: enter access key id, a colon, secret access key")
        return AwsSecret(region=region, api_key=secret)
    secret_access_key, colon, session_token = rest.partition(":")
    if not _ACCESS_KEY.fullmatch(access_key_id):
        raise ValueError("before the first colon comes the access key id, of capitals and digits")
    if not _SECRET_KEY.fullmatch(secret_access_key):
        raise ValueError("after the first colon comes the secret access key")
    if colon and not _TOKEN.fullmatch(session_token):
        raise ValueError("after the second colon comes the session token")
    if access_key_id.startswith("ASIA") and not session_token:
        raise ValueError(
            "an access key id that begins with ASIA needs its session token, after a second colon"
        )
    return AwsSecret(region=region, keys=KeyPair(access_key_id, secret_access_key, session_token))


def _in_one_word(text: str) -> str:
    try:
        values = msgspec.json.decode(text, type=dict[str, str])
    except msgspec.DecodeError:
        raise ValueError("this begins like JSON and is no object of texts") from None
    said = {name.lower().replace("_", "").removeprefix("aws"): value for name, value in values.items()}
    parts = [said.get(name, "") for name in ("accesskeyid", "secretaccesskey", "sessiontoken")]
    secret = said.get("apikey") or ":".join(parts).removesuffix(":")
    return f"{said['region']}/{secret}" if said.get("region") else secret


def region_of(host: str) -> str:
    """Empty where it has none in it."""
    found = _IN_HOST.search(host)
    return found[1] if found else ""


def shown(
    method: str,
    url: Url,
    headers: Iterable[tuple[bytes, bytes]],
    body: bytes,
    secret: AwsSecret,
    *,
    at: datetime,
) -> tuple[tuple[bytes, bytes], ...]:
    """The headers that show a secret, or that it is known."""
    if secret.keys is None:
        return ((b"authorization", b"Bearer " + secret.api_key.encode()),)
    return sign(method, url, headers, body, secret.keys, region=secret.region, at=at)


def sign(
    method: str,
    url: Url,
    headers: Iterable[tuple[bytes, bytes]],
    body: bytes,
    keys: KeyPair,
    *,
    at: datetime,
    region: str = "",
) -> tuple[tuple[bytes, bytes], ...]:
    """The headers to add. `region` holds where the address names none.

    `at` is in UTC; a clock that is more than five minutes off is refused by AWS.
    """
    moment = at.strftime("%Y%m%dT%H%M%SZ")
    added = [(b"x-amz-date", moment.encode())]
    if keys.session_token:
        added.append((b"x-amz-security-token", keys.session_token.encode()))
    region = region_of(url.host) or region or REGION
    scope = f"{moment[:8]}/{region}/{SERVICE}/aws4_request"
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
