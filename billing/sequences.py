"""I-12: each gateway process numbers its events without gaps, so what is missing can be told.

The numbers seen are kept as ranges. A process all of whose events came has one that begins at 1.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence as List
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper
from msgspec import Struct

from gateway.core.events import Event

PATIENCE = timedelta(seconds=20)  # what came out of order has filled its gap by then; told within twice that

_NOTE = """
    INSERT INTO billing_sequence AS known (process, seen, changed_at) VALUES (%s, %s::int8multirange, now())
    ON CONFLICT (process) DO UPDATE SET seen = known.seen + excluded.seen, changed_at = now()
    WHERE NOT known.seen @> excluded.seen
"""
_MISSING = """
    SELECT process, lower(gap), upper(gap) - 1
    FROM billing_sequence, LATERAL unnest(int8multirange(int8range({first}, {end})) - seen) AS gap
    WHERE {where} AND {end} > {first} ORDER BY process, gap
"""
_GAPS = _MISSING.format(first="1", end="settled", where="changed_at > %s")
_NEW = _MISSING.format(first="settled", end="upcoming", where="moved_at <= %s")
_MOVE = "UPDATE billing_sequence SET settled = upcoming, upcoming = upper(seen), moved_at = %s WHERE moved_at <= %s"


class Gap(Struct, frozen=True):
    """Events of a process that never came, the first and the last of them."""

    process: str
    first: int
    last: int


def note(cursor: CursorWrapper, events: List[Event]) -> None:
    """Within the transaction that stores the events."""
    seen: dict[str, set[int]] = defaultdict(set)
    for event in events:
        if event.seq > 0:
            seen[event.process].add(event.seq)
    for process in sorted(seen):
        cursor.execute(_NOTE, [process, f"{{{','.join(f'[{a},{b}]' for a, b in ranges(seen[process]))}}}"])


def ranges(numbers: set[int]) -> list[tuple[int, int]]:
    """Runs of neighbours, first and last."""
    runs: list[tuple[int, int]] = []
    for number in sorted(numbers):
        if runs and number == runs[-1][1] + 1:
            runs[-1] = (runs[-1][0], number)
        else:
            runs.append((number, number))
    return runs


def gaps(*, since: datetime) -> list[Gap]:
    """Of processes heard of since a moment, without what may still come."""
    with connection.cursor() as cursor:
        cursor.execute(_GAPS, [since])
        return [Gap(*row) for row in cursor.fetchall()]


def new_gaps(*, now: datetime) -> list[Gap]:
    """What has had its time and did not come, each told once. Moves on."""
    due = now - PATIENCE
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_NEW, [due])
        found = [Gap(*row) for row in cursor.fetchall()]
        cursor.execute(_MOVE, [now, due])
    return found
