"""Who did what to which thing, written once and never changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.conf import settings
from django.db import models
from django.utils import timezone

from console.tenancy import Owned

NOTHING: tuple[object, ...] = (None, "", [], {})


@dataclass(frozen=True)
class Change:
    """One field of `changes`, for people."""

    field: str
    before: str | None  # None: there was nothing before
    after: str


class AuditEntry(Owned):
    """A trigger refuses UPDATE and DELETE, so a tenant with a history is closed, not deleted."""

    tenant = models.ForeignKey("tenants.Tenant", on_delete=models.PROTECT, related_name="audit_entries")
    at = models.DateTimeField(default=timezone.now)
    actor_kind = models.CharField(max_length=8)
    actor = models.CharField(max_length=254)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.DO_NOTHING,
        db_constraint=False,  # a history outlives its people
        related_name="+",
    )
    verb = models.CharField(max_length=64)
    subject = models.CharField(max_length=254)
    changes = models.JSONField(default=dict)

    class Meta:
        indexes = (
            models.Index(fields=["tenant", "-id"], name="audit_newest"),
            models.Index(fields=["tenant", "actor", "-id"], name="audit_by_actor"),
            models.Index(fields=["tenant", "verb", "-id"], name="audit_by_verb"),
        )

    def __str__(self) -> str:
        return f"{self.actor} {self.verb} {self.subject}"

    @property
    def sentence(self) -> str:
        """ "gateway_key.limits_changed" reads "Gateway key limits changed"."""
        return self.verb.replace(".", " ").replace("_", " ").capitalize()

    @property
    def told(self) -> list[Change]:
        return [
            _change(field, value) for field, value in sorted(self.changes.items()) if value not in NOTHING
        ]


def _change(field: str, value: object) -> Change:
    if isinstance(value, Mapping) and value.keys() == {"from", "to"}:
        was, now = _by_name(value["from"]), _by_name(value["to"])
        if was is not None and now is not None and (was or now):
            return Change(field, None, _difference(was, now))
    elif named := _by_name(value):
        return Change(field, None, ", ".join(named))
    if isinstance(value, Mapping) and value.keys() == {"from", "to"}:
        before = None if value["from"] in NOTHING and value["to"] not in NOTHING else _text(value["from"])
        return Change(field, before, _text(value["to"]))
    return Change(field, None, _text(value))


def _by_name(value: object) -> dict[str, object] | None:
    """Rules, floors and tests are told by their names; what is in them stands in the router's versions."""
    if value in NOTHING:
        return {}
    if not isinstance(value, list) or not all(isinstance(item, Mapping) and "name" in item for item in value):
        return None
    return {str(item["name"]): item for item in value}


def _difference(was: Mapping[str, object], now: Mapping[str, object]) -> str:
    told = {
        "added": [name for name in now if name not in was],
        "changed": [name for name in now if name in was and was[name] != now[name]],
        "removed": [name for name in was if name not in now],
    }
    return (
        "; ".join(f"{', '.join(names)} {how}" for how, names in told.items() if names) or "in another order"
    )


def _text(value: object) -> str:
    if value in NOTHING:
        return "none"
    match value:
        case bool():
            return "yes" if value else "no"
        case Mapping():
            return ", ".join(f"{name}={_text(item)}" for name, item in value.items())
        case list():
            return ", ".join(_text(item) for item in value)
        case _:
            return str(value)
