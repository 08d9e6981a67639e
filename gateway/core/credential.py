"""In which header a provider key is shown, where it is the same for every request."""

from __future__ import annotations

import re

from gateway.core.catalogue import Auth

# Of an identity service, in place of a key that has a header of its own.
_TOKEN = re.compile(r"eyJ[\w-]+\.[\w-]+\.[\w-]*")


def header_of(auth: Auth, secret: str) -> tuple[str, str] | None:
    """None where no key is wanted, or where it signs."""
    if auth is Auth.NONE or auth.signs or not secret:
        return None
    if auth is Auth.BEARER or (auth is Auth.API_KEY and _TOKEN.fullmatch(secret)):
        return "authorization", f"Bearer {secret}"
    return auth.value, secret
