"""How a provider key is shown: in a header, never in an address, where logs would keep it."""

from __future__ import annotations

from gateway.core.catalogue import Auth
from gateway.core.credential import header_of
from gateway.dialects.dialect import Headers


def auth_headers(auth: Auth, secret: str) -> Headers:
    """None for a secret that signs: `gateway.signing` adds what belongs to a request."""
    header = header_of(auth, secret)
    return [(header[0].encode("ascii"), header[1].encode("latin-1", "replace"))] if header else []
