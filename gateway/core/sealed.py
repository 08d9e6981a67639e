"""How a sealed secret is laid out, and what it is bound to. The ciphers are the callers'.

Envelope encryption: a data key of its own seals each secret, a master key seals the data key. Both are bound
(as additional authenticated data) to the tenant and the secret they belong to, so that a ciphertext moved to
another row or tenant does not open.
"""

from __future__ import annotations

from msgspec import Struct

VERSION = "v1"


class Sealed(Struct, frozen=True, kw_only=True):
    """AES-256-GCM, 96-bit nonces: each part is nonce ‖ ciphertext ‖ tag."""

    master_key: str  # id of the master key that opens `data_key`
    data_key: bytes
    secret: bytes


class Secret:
    """A value that shows itself only when asked to: not in a log, a traceback or a template."""

    __slots__ = ("reveal",)

    def __init__(self, value: str) -> None:
        self.reveal = value

    def __repr__(self) -> str:
        return "***"


def bound_to(tenant: str, secret_id: str, purpose: str, master_key: str) -> bytes:
    """The additional authenticated data: every part with its length, so that no two places read alike."""
    parts = (VERSION, tenant, secret_id, purpose, master_key)
    return b"".join(len(part.encode()).to_bytes(4, "big") + part.encode() for part in parts)
