"""Who acts: a person, an admin token, or the product itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from console.tenancy import Role

if TYPE_CHECKING:
    from console.tenants.models import User


@dataclass(frozen=True, kw_only=True)
class Actor:
    """Passed as `acting=` to every action, and kept in the audit row as it was then."""

    kind: Literal["user", "token", "system"]
    label: str
    role: Role  # nobody grants more than they hold
    user: User | None = None

    @classmethod
    def of(cls, user: User, *, role: Role) -> Actor:
        return cls(kind="user", label=user.email, role=role, user=user)

    @classmethod
    def token(cls, name: str, *, role: Role) -> Actor:
        return cls(kind="token", label=name, role=role)

    @classmethod
    def system(cls, label: str) -> Actor:
        """A management command or the demo: whoever can run those could edit the database."""
        return cls(kind="system", label=label, role=Role.OWNER)
