"""What came of applying a document, in words."""

from __future__ import annotations

from dataclasses import dataclass, field

from console.tenants.models import Tenant


@dataclass
class Applied:
    """`made` are gateway keys that were generated, by name, to be shown this once."""

    tenant: Tenant
    changes: list[str] = field(default_factory=list)
    made: dict[str, str] = field(default_factory=dict)

    def say(self, sign: str, what: str, name: str) -> None:
        self.changes.append(f"{sign} {what} {name}".rstrip())
