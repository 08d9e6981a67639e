"""The secrets of people's second factors, sealed as provider keys are.

allauth does not say whose secret it is, so nothing but their purpose is bound. What lies there unsealed from
earlier is read as it is, until `rewrap` has sealed it.
"""

from __future__ import annotations

from uuid import UUID

import msgspec
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from django.db import transaction

from console.keys.sealing import Secret, is_current, open_sealed, seal
from gateway.core.sealed import Sealed

PURPOSE = "second-factor"
MARK = "sealed:"
UNBOUND = UUID(int=0)
FIELDS = ("secret", "seed")  # of allauth's records: that of the app, that of the recovery codes


class SealedSecrets(DefaultMFAAdapter):  # type: ignore[misc]
    def encrypt(self, text: str) -> str:
        sealed = seal(Secret(text), tenant=UNBOUND, secret_id=UNBOUND, purpose=PURPOSE)
        return MARK + msgspec.json.encode(sealed).decode()

    def decrypt(self, encrypted_text: str) -> str:
        sealed = _read(encrypted_text)
        if sealed is None:
            return encrypted_text
        return open_sealed(sealed, tenant=UNBOUND, secret_id=UNBOUND, purpose=PURPOSE).reveal


def rewrap_all() -> int:
    """How many were not yet sealed under the first master key, and are now."""
    return sum(map(_rewrap, Authenticator.objects.order_by("pk").values_list("pk", flat=True)))


@transaction.atomic
def _rewrap(pk: int) -> bool:
    record = Authenticator.objects.select_for_update().get(pk=pk)
    behind = [field for field in FIELDS if field in record.data and not _is_current(record.data[field])]
    adapter = SealedSecrets()
    for field in behind:
        record.data[field] = adapter.encrypt(adapter.decrypt(record.data[field]))
    record.save(update_fields=["data"])
    return bool(behind)


def _is_current(text: str) -> bool:
    sealed = _read(text)
    return sealed is not None and is_current(sealed)


def _read(text: str) -> Sealed | None:
    return msgspec.json.decode(text.removeprefix(MARK), type=Sealed) if text.startswith(MARK) else None
