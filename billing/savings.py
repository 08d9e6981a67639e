"""Route Optimization: what routing saved, net of everything it cost, and where."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from msgspec import Struct

from billing.query import SpendQuery
from billing.spend import Measures, Row, spend
from gateway.core.facts import Tier

if TYPE_CHECKING:
    from console.tenants.models import Tenant


def by_saving(rows: Sequence[Row]) -> list[Row]:
    """The best first; what is unknown at the end."""
    return sorted(rows, key=lambda row: (row.measures.saved is None, -(row.measures.saved or 0), row.key))


class Compared(Struct, frozen=True, kw_only=True):
    """The declared baseline and the one beside it, over the same requests; None where a saving is unknown."""

    declared: int | None  # nano-dollars saved
    second: int | None
    unknown: int  # requests whose second baseline nobody knows

    @property
    def flatters(self) -> str:
        """Which of the two makes savings look larger: declared, second, or neither."""
        if self.declared is None or self.second is None or self.declared == self.second:
            return ""
        return "declared" if self.declared > self.second else "second"


def compared(total: Measures) -> Compared:
    return Compared(declared=total.saved, second=total.saved_by_second, unknown=total.second_unknown)


class Evidence(Struct, frozen=True, kw_only=True):
    """The saving, parted by who counted the tokens: the provider, or we by estimate."""

    verified: int | None
    estimated: int | None
    verified_requests: int
    estimated_requests: int


def evidence(total: Measures) -> Evidence:
    """None where there is no such request."""
    compared = total.requests - total.unknown_requests
    guessed = compared - total.verified_compared
    return Evidence(
        verified=total.verified_saved if total.verified_compared else None,
        estimated=total.estimated_saved if guessed else None,
        verified_requests=total.verified_compared,
        estimated_requests=guessed,
    )


class TierShare(Struct, frozen=True, kw_only=True):
    tier: str
    measures: Measures
    share: float  # of the cost


def still_on(tenant: Tenant, query: SpendQuery) -> tuple[TierShare, ...]:
    """Where the money went, the dearest tier first."""
    answer = spend(tenant, query.told_apart("tier"))
    whole = answer.total.known_cost
    rows = [row for row in answer.rows if row.key[0]]
    rows.sort(key=lambda row: -Tier(row.key[0]).rank)
    return tuple(
        TierShare(
            tier=row.key[0],
            measures=row.measures,
            share=row.measures.known_cost / whole if whole else 0.0,
        )
        for row in rows
    )
