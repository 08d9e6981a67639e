"""How a provider key is shown: in a header, never in an address, where logs would keep it."""

from __future__ import annotations

from gateway.core.catalogue import Auth
from gateway.dialects.dialect import Headers


def auth_headers(auth: Auth, secret: str) -> Headers:
    value = secret.encode("latin-1", "replace")
    if auth is Auth.NONE or auth.signs or not secret:  # `gateway.signing` adds what belongs to a request
        return []
    if auth is Auth.BEARER:
        return [(b"authorization", b"Bearer " + value)]
    return [(auth.value.encode("ascii"), value)]
