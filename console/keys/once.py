"""A form sent twice makes one key, and both answers can show it.

The form carries a random word; the key is derived from it, so that the second sending meets the key of the
first. Without SECRET_KEY the word is worth nothing, and it is stored nowhere.
"""

from __future__ import annotations

from base64 import urlsafe_b64encode
from secrets import token_urlsafe
from uuid import UUID, uuid5

from django.utils.crypto import salted_hmac

from console.keys.sealing import Secret
from console.tenants.models import Tenant


def word() -> str:
    return token_urlsafe(32)


def secret_of(word: str, *, prefix: str, tenant: Tenant) -> Secret:
    derived = salted_hmac(f"rungway.once.{prefix}.{tenant.pk}", word, algorithm="sha256").digest()
    return Secret(prefix + urlsafe_b64encode(derived).decode().rstrip("="))


def id_of(word: str, *, tenant: Tenant) -> UUID:
    """Bound to the tenant, so that nobody can name a foreign row."""
    return uuid5(tenant.pk, word)
