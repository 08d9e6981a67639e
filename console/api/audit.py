"""`audit`: who did what to which thing, the newest first."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from msgspec import Struct

from console.api.endpoint import Call, Endpoint, operation
from console.api.listing import PAGE, Listing, cursor_at, limit_of, number_in
from console.api.schema import Param
from console.audit import selectors
from console.audit.models import AuditEntry
from console.tenancy import Role


class Entry(Struct, frozen=True, kw_only=True):
    id: int
    at: datetime
    actor: str
    actor_kind: str
    verb: str
    subject: str
    changes: Mapping[str, Any]


class Audit(Endpoint):
    @operation(
        Role.VIEWER,
        gives=Listing[Entry],
        params=(
            Param("actor", "Only what they did."),
            Param("verb", "Only this, such as router.published."),
            *PAGE,
        ),
    )
    def get(self, call: Call) -> Listing[Entry]:
        page = selectors.entries(
            call.tenant,
            actor=call.param("actor"),
            verb=call.param("verb"),
            before=number_in(call),
            page=limit_of(call, selectors.PAGE),
        )
        rows = [shown(entry) for entry in page.entries]
        return Listing(results=rows, next=None if page.next is None else cursor_at(str(page.next)))


def shown(entry: AuditEntry) -> Entry:
    return Entry(
        id=entry.pk,
        at=entry.at,
        actor=entry.actor,
        actor_kind=entry.actor_kind,
        verb=entry.verb,
        subject=entry.subject,
        changes=entry.changes,
    )
