"""Events that could not be stored: kept until somebody tries them again or lets them go.

An event holds no prompt, no answer and no secret, so the whole of it may lie here. One that names no tenant
belongs to nobody's page: the log has it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

import msgspec
from django.db.models import QuerySet

from billing.decode import MAX_BYTES
from billing.models import DeadLetter
from billing.stream import Stream

if TYPE_CHECKING:
    from console.tenants.models import Tenant


class _Origin(msgspec.Struct):
    tenant: UUID


class _Event(msgspec.Struct):
    origin: _Origin


def tenant_of(payload: bytes) -> UUID | None:
    """Whom an event is about that may be damaged in every other part."""
    try:
        return msgspec.json.decode(payload, type=_Event).origin.tenant
    except (ValueError, RecursionError):
        return None


def kept(payload: bytes) -> bytes | None:
    """None of what is gone, or would never be stored."""
    return payload if 0 < len(payload) <= MAX_BYTES else None


def letters_of(tenant: Tenant) -> QuerySet[DeadLetter]:
    """Newest first, without their content."""
    return DeadLetter.objects.filter(tenant=tenant.pk).order_by("-at", "-entry").defer("payload")


def retry(letter: DeadLetter, stream: Stream) -> None:
    """It is sent once more, and then is either in the ledger or a new letter. What is stored is stored once."""
    if letter.payload is None:
        raise ValueError("nothing is left of it to be tried")
    stream.send(bytes(letter.payload))
    letter.delete()
