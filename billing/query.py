"""A question to the books, frozen: over which time, told apart by what, of which requests only.

`ask` reads it from a query string; what cannot be asked is a `Misread` that names the field.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Protocol
from zoneinfo import ZoneInfo

from msgspec import Struct

from billing.dimensions import OF_MANY
from billing.periods import Granularity, Misread, Period, read_period

NONE = "(none)"  # how a URL says "without a router", "untagged": an empty value there means any

# What a question calls a dimension → its column.
COLUMNS: Mapping[str, str] = {
    "router": "router",
    "key": "gateway_key",
    "provider": "provider",
    "model": "model",
    "requested_model": "requested_model",
    "class": "request_class",
    "rule": "rule",
    "tier": "tier",
    "outcome": "outcome",
    "part": "part",
    "known": "known",
    "verified": "verified",
    "fit": "fit",
    "called_for": "called_for",
    "needs": "needs",
    "end_user": "end_user",
    "session": "session",
}
ALIASES: Mapping[str, str] = {"gateway_key": "key", "request_class": "class"}
OF_AN_ATTEMPT = ("provider", "model", "tier", "part")  # may differ between the lines of a request
YES_OR_NO = frozenset({"known", "verified"})
TAG = "tag."
MOST_VALUES = 50


class Params(Protocol):
    """A `QueryDict`, as far as it is read here."""

    def get(self, key: str, default: str = "", /) -> str | None: ...
    def getlist(self, key: str, /) -> list[str]: ...
    def __iter__(self) -> Iterable[str]: ...


class SpendQuery(Struct, frozen=True, kw_only=True):
    period: Period
    by: tuple[str, ...] = ()
    filters: Mapping[str, tuple[str, ...]] = {}  # dimension → any of these values; "" is without
    granularity: Granularity | None = None  # None: one sum over the whole span

    @property
    def names(self) -> frozenset[str]:
        return frozenset((*self.by, *self.filters))

    @property
    def tags(self) -> tuple[str, ...]:
        return tuple(sorted(name.removeprefix(TAG) for name in self.names if name.startswith(TAG)))

    @property
    def needs_ledger(self) -> bool:
        """What rollups do not tell apart is summed from the lines themselves; of one session or user they are few."""
        if not self.period.is_of_hours or "session" in self.names or "end_user" in self.filters:
            return True
        by_user = "end_user" in self.by
        if by_user and self.tags:
            return True
        return (by_user or len(self.tags) > 1) and not self.columns <= OF_MANY

    @property
    def columns(self) -> frozenset[str]:
        """Of a rollup, that it asks about; beside tags and end users."""
        return frozenset(
            COLUMNS[name] for name in self.names if not name.startswith(TAG) and name != "end_user"
        )

    def over(self, period: Period) -> SpendQuery:
        return SpendQuery(period=period, by=self.by, filters=self.filters, granularity=self.granularity)

    def only(self, **filters: str) -> SpendQuery:
        more = {name: (value,) for name, value in filters.items()}
        return SpendQuery(
            period=self.period, by=self.by, filters={**self.filters, **more}, granularity=self.granularity
        )

    def told_apart(self, *by: str, granularity: Granularity | None = None) -> SpendQuery:
        return SpendQuery(period=self.period, by=by, filters=self.filters, granularity=granularity)


def ask(params: Mapping[str, Sequence[str]], *, zone: ZoneInfo, now: datetime) -> SpendQuery:
    """`params` are a query string's: name → values. Names that are no dimension are left alone."""
    single = {name: values[-1] for name, values in params.items() if values}
    return SpendQuery(
        period=read_period(single, zone=zone, now=now),
        by=_by(params.get("by", ())),
        filters=read_filters(params),
        granularity=_granularity(single.get("granularity", "")),
    )


def read_filters(params: Mapping[str, Sequence[str]]) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for given, values in params.items():
        name = ALIASES.get(given, given)
        wanted = tuple("" if value == NONE else value for value in values if value)
        if not wanted or not is_dimension(name):
            continue
        if len(wanted) > MOST_VALUES:
            raise Misread(given, f"at most {MOST_VALUES} values")
        if any("\0" in value for value in (*wanted, name)):
            raise Misread(given, "holds a NUL character")
        if name in YES_OR_NO and not set(wanted) <= {"true", "false"}:
            raise Misread(given, "is either true or false")
        found[name] = wanted
    return found


def is_dimension(name: str) -> bool:
    return name in COLUMNS or (name.startswith(TAG) and len(name) > len(TAG))


def column(name: str) -> str:
    return COLUMNS[name]


def _by(values: Sequence[str]) -> tuple[str, ...]:
    names = [part.strip() for value in values for part in value.split(",") if part.strip()]
    names = [ALIASES.get(name, name) for name in names]
    for name in names:
        if not is_dimension(name) or "\0" in name:
            raise Misread("by", f"{name[:60]!r} is none of {', '.join(COLUMNS)}, tag.<name>")
    if len(set(names)) > 4:
        raise Misread("by", "at most 4 dimensions at once")
    return tuple(dict.fromkeys(names))


def _granularity(text: str) -> Granularity | None:
    if not text:
        return None
    try:
        return Granularity(text)
    except ValueError:
        raise Misread("granularity", f"{text[:40]!r} is none of hour, day, week") from None
