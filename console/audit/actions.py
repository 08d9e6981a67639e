"""The one way a line gets into the audit trail."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from django.utils import timezone

from console.audit.actor import Actor
from console.audit.models import AuditEntry

if TYPE_CHECKING:
    from console.tenants.models import Tenant

type Plain = str | int | float | bool | list[Plain] | dict[str, Plain] | None


_clock: ContextVar[Callable[[], datetime]] = ContextVar("clock", default=timezone.now)


@contextmanager
def dated_by(clock: Callable[[], datetime]) -> Iterator[None]:
    """For a history that is told afterwards: what is recorded inside bears the moments of this clock."""
    token = _clock.set(clock)
    try:
        yield
    finally:
        _clock.reset(token)


def record(
    tenant: Tenant, *, acting: Actor, verb: str, subject: str, changes: Mapping[str, object] | None = None
) -> AuditEntry:
    """`verb` is noun and participle ("router.published"); `changes` holds no secret and only what changed."""
    return tenant.audit_entries.create(
        at=_clock.get()(),
        actor_kind=acting.kind,
        actor=acting.label,
        user=acting.user,
        verb=verb,
        subject=subject,
        changes={name: _plain(value) for name, value in (changes or {}).items()},
    )


def changed(before: Mapping[str, object], after: Mapping[str, object]) -> dict[str, dict[str, Plain]]:
    """`{"name": {"from": "a", "to": "b"}}` for every field whose value differs."""
    return {
        name: {"from": _plain(before.get(name)), "to": _plain(value)}
        for name, value in after.items()
        if before.get(name) != value
    }


def _plain(value: object) -> Plain:
    match value:
        case None | bool() | int() | float():
            return value
        case Mapping():
            return {str(name): _plain(item) for name, item in value.items()}
        case datetime():
            return f"{value.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
        case list() | tuple() | set() | frozenset():
            return [_plain(item) for item in value]
        case _:
            return str(value)
