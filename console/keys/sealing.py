"""Seals tenants' provider keys and opens them again: AES-256-GCM, laid out and bound as `core.sealed` says.

Nothing here is shown or logged. What does not open stays closed: no second key, tenant or purpose is tried.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import cache
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.utils.crypto import salted_hmac

from gateway.core import master_keys
from gateway.core.sealed import Sealed, bound_to
from gateway.core.sealed import Secret as Opened

PURPOSE = "provider-key"
NONCE = 12  # bytes


class Unopenable(Exception):
    """The secret was sealed under a master key that is gone, was moved from elsewhere, or was changed."""


class Secret(Opened):
    """One that people know by its end, and programs by a fingerprint."""

    __slots__ = ()

    @property
    def last4(self) -> str:
        """Nothing of a short secret, of which four characters would be too much."""
        return self.reveal[-4:] if len(self.reveal) >= 16 else ""

    def fingerprint(self, *, tenant: UUID) -> str:
        """Equal for equal secrets of one tenant; keyed, so that nobody can try guesses against it."""
        salt = f"rungway.provider-key.{tenant}"
        return salted_hmac(salt, self.reveal, algorithm="sha256").hexdigest()[:16]


def seal(secret: Secret, *, tenant: UUID, secret_id: UUID, purpose: str = PURPOSE) -> Sealed:
    master, master_key = next(iter(_master_keys().items()))
    bound = bound_to(str(tenant), str(secret_id), purpose, master)
    data_key = AESGCM.generate_key(bit_length=256)
    return Sealed(
        master_key=master,
        data_key=_encrypt(master_key, data_key, bound),
        secret=_encrypt(data_key, secret.reveal.encode(), bound),
    )


def open_sealed(sealed: Sealed, *, tenant: UUID, secret_id: UUID, purpose: str = PURPOSE) -> Secret:
    master_key = _master_keys().get(sealed.master_key)
    if master_key is None:
        raise Unopenable(f"The master key {sealed.master_key!r} is not among MASTER_KEYS: put it back.")
    bound = bound_to(str(tenant), str(secret_id), purpose, sealed.master_key)
    try:
        return Secret(_decrypt(_decrypt(master_key, sealed.data_key, bound), sealed.secret, bound).decode())
    except (InvalidTag, ValueError):
        raise Unopenable("The secret was changed or belongs to another key: enter it again.") from None


def rewrap(sealed: Sealed, *, tenant: UUID, secret_id: UUID, purpose: str = PURPOSE) -> Sealed:
    """Under the master key that seals now. Both layers are bound to it, so both are made anew."""
    if is_current(sealed):
        return sealed
    secret = open_sealed(sealed, tenant=tenant, secret_id=secret_id, purpose=purpose)
    return seal(secret, tenant=tenant, secret_id=secret_id, purpose=purpose)


def is_current(sealed: Sealed) -> bool:
    return sealed.master_key == next(iter(_master_keys()))


def _encrypt(key: bytes, plain: bytes, bound: bytes) -> bytes:
    nonce = os.urandom(NONCE)
    return nonce + AESGCM(key).encrypt(nonce, plain, bound)


def _decrypt(key: bytes, box: bytes, bound: bytes) -> bytes:
    return AESGCM(key).decrypt(box[:NONCE], box[NONCE:], bound)


def _master_keys() -> Mapping[str, bytes]:
    return _parsed(settings.MASTER_KEYS)


_parsed = cache(master_keys.parse)
