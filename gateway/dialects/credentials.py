"""How a provider key is shown: in a header, never in an address, where logs would keep it."""

from __future__ import annotations

from gateway.core.catalogue import Auth
from gateway.dialects.dialect import Headers

# No key, or one that is never sent: `gateway.signing` adds to each request what belongs to it.
_SHOWN_BY_NO_HEADER = frozenset({Auth.NONE, Auth.AWS, Auth.GOOGLE})


def auth_headers(auth: Auth, secret: str) -> Headers:
    value = secret.encode("latin-1", "replace")
    if auth in _SHOWN_BY_NO_HEADER or not secret:
        return []
    if auth is Auth.BEARER:
        return [(b"authorization", b"Bearer " + value)]
    return [(auth.value.encode("ascii"), value)]
