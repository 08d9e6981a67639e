"""Whether a request is signed as AWS wants it.

Any access key is known here; its secret is `secretOf` and the access key id itself.
"""

from __future__ import annotations

import re
import time
from calendar import timegm
from hashlib import sha256
from hmac import compare_digest, digest
from urllib.parse import quote

from gateway.simulator.reply import Problem

AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 Credential=([^/]+)/(\d{8})/([a-z0-9-]+)/bedrock/aws4_request, "
    r"SignedHeaders=([a-z0-9;-]+), Signature=([0-9a-f]{64})"
)
SKEW = 300  # seconds


def secret_of(access_key_id: str) -> str:
    return f"secretOf{access_key_id}"


def key_of(headers: dict[bytes, bytes]) -> str:
    shown = headers.get(b"authorization", b"").decode("latin-1")
    found = AUTHORIZATION.fullmatch(shown)
    return found[1] if found else shown.removeprefix("Bearer ").strip() if shown.startswith("Bearer ") else ""


def check(method: str, target: str, headers: dict[bytes, bytes], body: bytes) -> None:
    """A bearer key is good as it is."""
    found = AUTHORIZATION.fullmatch(headers.get(b"authorization", b"").decode("latin-1"))
    if found is None:
        return
    access_key_id, day, region, names, signature = found.groups()
    moment = headers.get(b"x-amz-date", b"").decode("latin-1")
    required = {"host", "x-amz-date"} | {n for n in ("x-amz-security-token",) if n.encode() in headers}
    if not required <= set(names.split(";")) or not moment.startswith(day):
        raise refused("IncompleteSignatureException", "Authorization header requires more signed headers.")
    if abs(timegm(time.strptime(moment, "%Y%m%dT%H%M%SZ")) - time.time()) > SKEW:
        raise refused("InvalidSignatureException", f"Signature expired: {moment}.")
    scope = f"{day}/{region}/bedrock/aws4_request"
    request = canonical(method, target, names, headers, body)
    text = f"AWS4-HMAC-SHA256\n{moment}\n{scope}\n{sha256(request.encode()).hexdigest()}"
    key = ("AWS4" + secret_of(access_key_id)).encode()
    for part in scope.split("/"):
        key = digest(key, part.encode(), "sha256")
    if not compare_digest(digest(key, text.encode(), "sha256").hex(), signature):
        raise refused(
            "InvalidSignatureException",
            f"The request signature we calculated does not match. The canonical request was '{request}'",
        )


def canonical(method: str, target: str, names: str, headers: dict[bytes, bytes], body: bytes) -> str:
    path, _, query = target.partition("?")
    lines = "".join(
        f"{name}:{headers.get(name.encode(), b'').decode('latin-1')}\n" for name in names.split(";")
    )
    sums = sha256(body).hexdigest()
    return (
        f"{method}\n{quote(path, safe='/~')}\n{'&'.join(sorted(query.split('&')))}\n{lines}\n{names}\n{sums}"
    )


def refused(kind: str, message: str) -> Problem:
    return Problem(403, message, code=kind)
