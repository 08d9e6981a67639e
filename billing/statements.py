"""A month as finance reads it: lines that sum exactly, and what has been corrected since it was closed.

Once a month is closed its lines stay as they were. What the ledger says otherwise later, be it a late event or a
corrected price, is a line of its own, so that the closed lines and the corrections sum to the books of today.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from msgspec import Struct, structs

from billing.periods import Period, midnight
from billing.query import TAG, SpendQuery
from billing.spend import Measures, spend

if TYPE_CHECKING:
    from console.tenants.models import Tenant


class Line(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Amounts in nano-dollars. Baseline and saving are of the requests whose saving is known."""

    key: tuple[str, ...]
    requests: int = 0
    attempts: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    cost: int = 0  # of the attempts whose cost is known
    unpriced_attempts: int = 0
    unknown_requests: int = 0  # whose saving is unknown
    unknown_cost: int = 0  # the known part of what they cost
    baseline: int = 0
    verified: int = 0  # saved, by tokens that providers reported
    estimated: int = 0  # saved, by tokens that were estimated

    @property
    def saved(self) -> int:
        return self.verified + self.estimated

    @property
    def known_cost(self) -> int | None:
        """None when not one attempt has a known cost."""
        return None if self.attempts and self.attempts == self.unpriced_attempts else self.cost

    @property
    def known_baseline(self) -> int | None:
        return None if self._nothing_compared else self.baseline

    @property
    def known_saved(self) -> int | None:
        return None if self._nothing_compared else self.saved

    @property
    def _nothing_compared(self) -> bool:
        return self.requests > 0 and self.requests == self.unknown_requests

    @property
    def compared_cost(self) -> int:
        return self.cost - self.unknown_cost

    @property
    def is_nothing(self) -> bool:
        return not any(getattr(self, name) for name in AMOUNTS)


AMOUNTS = tuple(name for name in Line.__struct_fields__ if name != "key")


class Statement(Struct, frozen=True, kw_only=True):
    """`by` are the dimensions of the lines' keys. `corrections` are empty until the month is closed."""

    month: Period
    by: tuple[str, ...]
    lines: tuple[Line, ...]
    corrections: tuple[Line, ...] = ()

    @property
    def total(self) -> Line:
        """Of all lines and corrections."""
        return summed((*self.lines, *self.corrections))

    @property
    def corrected(self) -> Line:
        return summed(self.corrections)

    @property
    def closed_total(self) -> Line:
        return summed(self.lines)


def month_of(day: date, zone: ZoneInfo) -> Period:
    first = day.replace(day=1)
    return Period(start=midnight(first, zone), end=midnight(following(first), zone), zone=zone)


def following(month: date) -> date:
    return (month.replace(day=1) + timedelta(days=32)).replace(day=1)


def is_over(month: Period, now: datetime) -> bool:
    return month.end <= now


def dimensions(tag: str) -> tuple[str, ...]:
    """Without a tag by router and model; with one, by its values and the model."""
    return (TAG + tag, "model") if tag else ("router", "model")


def drawn_up(
    tenant: Tenant, month: Period, *, tag: str = "", closed: Iterable[Line] | None = None
) -> Statement:
    """From the books of today; with the lines as they were when the month was closed, if it was."""
    by = dimensions(tag)
    now = tuple(_line(row.key, row.measures) for row in spend(tenant, SpendQuery(period=month, by=by)).rows)
    if closed is None:
        return Statement(month=month, by=by, lines=now)
    lines = tuple(closed)
    return Statement(month=month, by=by, lines=lines, corrections=differences(lines, now))


def differences(closed: Sequence[Line], now: Sequence[Line]) -> tuple[Line, ...]:
    """What has to be added to the closed lines to come to those of now; amounts may be negative."""
    before, after = _by_key(closed), _by_key(now)
    keys = dict.fromkeys((*before, *after))
    found = (_less(after.get(key, Line(key=key)), before.get(key, Line(key=key))) for key in keys)
    return tuple(line for line in found if not line.is_nothing)


def of_value(statement: Statement, value: str) -> Statement:
    """The part of a tag's statement that is of one value; an empty one is untagged."""
    return structs.replace(
        statement,
        lines=tuple(line for line in statement.lines if line.key[0] == value),
        corrections=tuple(line for line in statement.corrections if line.key[0] == value),
    )


def summed(lines: Iterable[Line]) -> Line:
    sums = dict.fromkeys(AMOUNTS, 0)
    for line in lines:
        for name in AMOUNTS:
            sums[name] += getattr(line, name)
    return Line(key=(), **sums)


def by_first(lines: Iterable[Line]) -> Mapping[str, tuple[Line, ...]]:
    """The lines under the first part of their key, the dearest first."""
    groups: dict[str, list[Line]] = {}
    for line in lines:
        groups.setdefault(line.key[0], []).append(line)
    ordered = sorted(groups.items(), key=lambda group: (-summed(group[1]).cost, group[0]))
    return {name: tuple(sorted(lines, key=lambda line: (-line.cost, line.key))) for name, lines in ordered}


def _by_key(lines: Iterable[Line]) -> dict[tuple[str, ...], Line]:
    return {line.key: line for line in lines}


def _less(line: Line, other: Line) -> Line:
    return Line(key=line.key, **{name: getattr(line, name) - getattr(other, name) for name in AMOUNTS})


def _line(key: tuple[str, ...], measures: Measures) -> Line:
    verified = measures.verified_baseline - measures.verified_cost
    return Line(
        key=key,
        requests=measures.requests,
        attempts=measures.attempts,
        tokens_in=measures.prompt_tokens,
        tokens_out=measures.completion_tokens,
        cost=measures.known_cost,
        unpriced_attempts=measures.unpriced_attempts,
        unknown_requests=measures.unknown_requests,
        unknown_cost=measures.unknown_cost,
        baseline=measures.known_baseline,
        verified=verified,
        estimated=measures.known_baseline - measures.compared_cost - verified,
    )
