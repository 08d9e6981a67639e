"""Opens a tenant's sealed provider keys, once, when a snapshot arrives."""

from __future__ import annotations

from collections.abc import Mapping

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from gateway.core.sealed import Sealed, Secret, bound_to

PURPOSE = "provider-key"
_NONCE = 12  # bytes


class Unopenable(Exception):
    """No master key opens the secret: it was moved, changed, or sealed under a key that is gone."""


def open_sealed(sealed: Sealed, master_keys: Mapping[str, bytes], *, tenant: str, secret_id: str) -> Secret:
    master = master_keys.get(sealed.master_key)
    if master is None:
        raise Unopenable(f"master key {sealed.master_key} is not loaded")
    bound = bound_to(tenant, secret_id, PURPOSE, sealed.master_key)
    try:
        return Secret(_open(_open(master, sealed.data_key, bound), sealed.secret, bound).decode())
    except (InvalidTag, ValueError):
        raise Unopenable("the secret does not belong here, or was changed") from None


def _open(key: bytes, box: bytes, bound: bytes) -> bytes:
    return AESGCM(key).decrypt(box[:_NONCE], box[_NONCE:], bound)
