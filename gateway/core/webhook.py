"""How a tenant's own validator knows that it is we who ask: the signature of the Standard Webhooks specification.

Each tenant has a secret of its own, derived from the installation's, so that none is stored, exported or shown twice
over; libraries of that specification take it as it is.
"""

from __future__ import annotations

import hmac
from base64 import b64encode
from hashlib import sha256

PREFIX = "whsec_"


def key_of(secret_key: bytes, tenant: str) -> bytes:
    return hmac.new(secret_key, b"rungway webhook " + tenant.encode(), sha256).digest()


def told(secret_key: bytes, tenant: str) -> str:
    """The secret in the form in which a validator's library wants it."""
    return PREFIX + b64encode(key_of(secret_key, tenant)).decode()


def signature(key: bytes, *, message_id: str, at: int, body: bytes) -> str:
    """`at` in Unix seconds."""
    signed = hmac.new(key, b"%b.%d.%b" % (message_id.encode(), at, body), sha256).digest()
    return "v1," + b64encode(signed).decode()
