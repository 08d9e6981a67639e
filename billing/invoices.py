"""A provider's own account of costs, held against the ledger: by provider key, day and model.

A file is read by the names of its columns, as the providers' consoles write them, or as the person who uploads it
names them. Days are those of UTC, as providers reckon them.
"""

from __future__ import annotations

import csv
import io
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

from django.db import connection
from msgspec import Struct

from gateway.core.money import NANO

if TYPE_CHECKING:
    from console.tenants.models import Tenant

MOST_BYTES = 5_000_000
MOST_ROWS = 100_000
MOST_NANO = 10**16

# What a column is called, in small letters and without spaces; the first that is there is taken.
HEADS: Mapping[str, Sequence[str]] = {
    "day": (
        "usage_date_utc",
        "usage_date",
        "date",
        "day",
        "start_time_iso",
        "chargeperiodstart",
        "start_time",
        "timestamp",
    ),
    "amount": (
        "cost_usd",
        "amount_value",
        "amount_usd",
        "billedcost",
        "cost",
        "amount",
        "total",
    ),
    "model": ("model", "line_item", "skuid", "sku", "model_name", "description"),
    "key": ("api_key_name", "api_key", "key", "key_name"),
    "currency": ("amount_currency", "currency", "billingcurrency"),
}

type Place = tuple[str, date, str]  # provider key, day, model


class Unreadable(ValueError):
    """The file, or a row of it, is no account of costs; the message says where."""


class Charge(Struct, frozen=True, kw_only=True):
    """What a provider asks for one model on one day, in nano-dollars; credits are below zero."""

    key: str  # empty: the file does not say
    day: date
    model: str  # as the provider writes it
    amount: int


class Match(Struct, frozen=True, kw_only=True):
    """`ours` is what the ledger knows; `unpriced` of its attempts have no known cost."""

    key: str
    day: date
    model: str
    theirs: int
    ours: int
    attempts: int
    unpriced: int

    @property
    def drift(self) -> int:
        """Above zero: the provider asks for more than is in the ledger."""
        return self.theirs - self.ours

    @property
    def drift_share(self) -> float | None:
        return self.drift / self.theirs if self.theirs else None


def read(raw: bytes, *, columns: Mapping[str, str] | None = None) -> list[Charge]:
    """`columns` names those that are called otherwise than `HEADS` knows."""
    if len(raw) > MOST_BYTES:
        raise Unreadable(f"The file is longer than {MOST_BYTES:,} bytes: upload a shorter span.")
    try:
        text = raw.decode("utf-8-sig")
        rows = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    except (UnicodeDecodeError, csv.Error):
        raise Unreadable("This is not CSV in UTF-8.") from None
    rows = [row for row in rows if any(cell.strip() for cell in row)]
    if len(rows) < 2:
        raise Unreadable("There is no row under the head.")
    if len(rows) > MOST_ROWS:
        raise Unreadable(f"The file has more than {MOST_ROWS:,} rows: upload a shorter span.")
    places = _places(rows[0], columns or {})
    return [_charge(row, places, number) for number, row in enumerate(rows[1:], start=2)]


def placed(
    charges: Iterable[Charge],
    *,
    key: str,
    keys: Iterable[str],
    model_of: Callable[[str], str],
) -> Mapping[Place, int]:
    """Summed by our own names: a key that the file names and we have is that one, any other is `key`."""
    known, sums = frozenset(keys), defaultdict[Place, int](int)
    for charge in charges:
        name = charge.key if charge.key in known else key
        sums[name, charge.day, model_of(charge.model)] += charge.amount
    return sums


def matched(tenant: Tenant, theirs: Mapping[Place, int]) -> list[Match]:
    """Every place that either side knows, within the days and keys of the provider's account; the largest drift first."""
    if not theirs:
        return []
    keys, days = sorted({key for key, _, _ in theirs}), [day for _, day, _ in theirs]
    ours = _ours(tenant, keys, min(days), max(days))
    nothing = (0, 0, 0)
    found = [
        Match(
            key=place[0],
            day=place[1],
            model=place[2],
            theirs=theirs.get(place, 0),
            ours=ours.get(place, nothing)[0],
            attempts=ours.get(place, nothing)[1],
            unpriced=ours.get(place, nothing)[2],
        )
        for place in dict.fromkeys((*theirs, *ours))
    ]
    return sorted(found, key=lambda match: (-abs(match.drift), match.day, match.key, match.model))


def _ours(
    tenant: Tenant, keys: Sequence[str], first: date, last: date
) -> Mapping[Place, tuple[int, int, int]]:
    start = datetime(first.year, first.month, first.day, tzinfo=UTC)
    end = datetime(last.year, last.month, last.day, tzinfo=UTC) + timedelta(days=1)
    with connection.cursor() as cursor:
        # A request may have begun the day before the attempt that is billed.
        cursor.execute(_OURS, [tenant.pk, start - timedelta(days=1), end, list(keys), start, end])
        return {(key, day, model): (int(a), int(b), int(c)) for key, day, model, a, b, c in cursor.fetchall()}


_STARTED = "(at + started_ms * interval '1 millisecond')"
_OURS = f"""
    SELECT provider_key, ({_STARTED} AT TIME ZONE 'UTC')::date, model,
           coalesce(sum(sign * cost_nano), 0), sum(sign), coalesce(sum(sign) FILTER (WHERE cost_nano IS NULL), 0)
    FROM billing_ledgerentry
    WHERE tenant_id = %s AND at >= %s AND at < %s AND provider_key = ANY(%s)
      AND {_STARTED} >= %s AND {_STARTED} < %s
    GROUP BY 1, 2, 3
    HAVING sum(sign) <> 0 OR sum(sign * cost_nano) <> 0
"""  # noqa: S608 (of constants)


def _places(head: Sequence[str], columns: Mapping[str, str]) -> Mapping[str, int]:
    names = [_plain(cell) for cell in head]
    found: dict[str, int] = {}
    for part, usual in HEADS.items():
        wanted = [_plain(columns[part])] if columns.get(part) else usual
        place = next((names.index(name) for name in wanted if name in names), None)
        if place is not None:
            found[part] = place
        elif part in {"day", "amount", "model"} or columns.get(part):
            raise Unreadable(
                f"No column is the {part}: none is called {' or '.join(wanted)}. Say which one it is."
            )
    return found


def _plain(name: str) -> str:
    return re.sub(r"\s+", "_", name.strip().lower())


def _charge(row: Sequence[str], places: Mapping[str, int], number: int) -> Charge:
    cells = {part: row[place].strip() if place < len(row) else "" for part, place in places.items()}
    if cells.get("currency", "usd").lower() not in {"", "usd"}:
        raise Unreadable(f"Row {number} is in {cells['currency'][:10]}, and only USD can be compared.")
    return Charge(
        key=cells.get("key", ""),
        day=_day(cells["day"], number),
        # "model, input" and "model, output" are two lines of one model.
        model=cells["model"].partition(",")[0].strip()[:200].replace("\0", ""),
        amount=_amount(cells["amount"], number),
    )


def _day(text: str, number: int) -> date:
    try:
        if text.isascii() and text.isdigit() and len(text) == 10:
            return datetime.fromtimestamp(int(text), UTC).date()
        moment = datetime.fromisoformat(text)
    except (ValueError, OverflowError):
        raise Unreadable(f"Row {number}: {text[:30]!r} is no day like 2026-03-01.") from None
    day = (moment.astimezone(UTC) if moment.tzinfo else moment).date()
    if not 2000 <= day.year < 2200:
        raise Unreadable(f"Row {number}: the day lies outside the years 2000 to 2200.")
    return day


def _amount(text: str, number: int) -> int:
    try:
        amount = Decimal(text.replace("$", "").replace(",", "") or "0") * NANO
        nano = int(amount.to_integral_value()) if amount.is_finite() else MOST_NANO + 1
    except InvalidOperation:
        raise Unreadable(f"Row {number}: {text[:30]!r} is no amount.") from None
    if abs(nano) > MOST_NANO:
        raise Unreadable(f"Row {number}: {text[:30]!r} is no amount that a bill would show.")
    return nano
