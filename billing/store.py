"""Rows → tables, in one transaction: what is there is left alone, what is new is summed into the rollups.

The row itself is the mark that an event has been stored, so a replay at any point changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

import msgspec
from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from billing import evidence, exclusive, late, partitions, sequences
from billing.chain import ENTER
from billing.lines import LINE_COLUMNS, REQUEST_COLUMNS, Row, Rows, rows_of
from billing.rollup import ADD
from gateway.core.events import Event, Intent, RequestSettled

GRACE = timedelta(seconds=60)  # beyond an intent's own deadline

_LINES = ", ".join(LINE_COLUMNS)
_REQUESTS = ", ".join(REQUEST_COLUMNS)
_INTENT_COLUMNS = ("tenant_id", "attempt_id", "request_id", "at", "due", "intent")
_INTENTS = ", ".join(_INTENT_COLUMNS)

# A session keeps its landing tables; a batch empties them first.
LANDING = f"""
    CREATE TEMP TABLE IF NOT EXISTS landed_request AS
        SELECT {_REQUESTS} FROM billing_requestrecord WITH NO DATA;
    CREATE TEMP TABLE IF NOT EXISTS landed_line AS
        SELECT {_LINES} FROM billing_ledgerentry WITH NO DATA;
    CREATE TEMP TABLE IF NOT EXISTS landed_intent AS
        SELECT {_INTENTS} FROM billing_openintent WITH NO DATA;
    TRUNCATE landed_request, landed_line, landed_intent
"""  # noqa: S608 (of constants)

# Lines come in with their request or not at all: a request that is there has all its lines.
_STORE = f"""
    WITH fresh_requests AS (
        INSERT INTO billing_requestrecord ({_REQUESTS}) SELECT {_REQUESTS} FROM landed_request
        ON CONFLICT (request_id, at) DO NOTHING RETURNING *, 1 AS sign
    ), entering AS (
        SELECT {_LINES}, 1::smallint AS sign, '' AS corrects, NULL::text AS reason FROM landed_line
        WHERE request_id IN (SELECT request_id FROM fresh_requests)
    ), {ENTER}
    {ADD}
"""  # noqa: S608 (of constants)

# With bounds on `at`, only the partitions of those days are looked at.
_KNOWN = "request.at >= {first} AND request.at <= {last}"
_OPEN = f"""
    INSERT INTO billing_openintent ({_INTENTS})
    SELECT {_INTENTS} FROM landed_intent AS intent
    WHERE NOT EXISTS (SELECT FROM billing_requestrecord AS request
                      WHERE request.request_id = intent.request_id AND {_KNOWN.format(first="%s", last="%s")})
    ON CONFLICT (attempt_id) DO NOTHING
"""  # noqa: S608 (of constants)

_CLOSE = "DELETE FROM billing_openintent WHERE request_id IN (SELECT request_id FROM landed_request)"
_BOUND = "(SELECT {}(at) FROM billing_openintent)"
_CLOSE_SETTLED = f"""
    DELETE FROM billing_openintent AS intent USING billing_requestrecord AS request
    WHERE request.request_id = intent.request_id
      AND {_KNOWN.format(first=_BOUND.format("min"), last=_BOUND.format("max"))}
"""  # noqa: S608 (of constants)


class Prepared(NamedTuple):
    """An event with its rows, which an intent has not."""

    event: Event
    rows: Rows | None


def prepare(event: Event) -> Prepared:
    return Prepared(event, rows_of(event) if isinstance(event, RequestSettled) else None)


def store(events: Iterable[Event]) -> None:
    """Inside `every_tenant()`. Raises `DataError` or `IntegrityError` where the database refuses a row."""
    store_prepared(list(map(prepare, events)))


def store_prepared(batch: Sequence[Prepared]) -> None:
    """As `store`."""
    rows = [each.rows for each in batch if each.rows is not None]
    settled = [each.event for each in batch if isinstance(each.event, RequestSettled)]
    over = {event.origin.request_id for event in settled}
    intents = [
        each.event
        for each in batch
        if isinstance(each.event, Intent) and each.event.origin.request_id not in over
    ]
    with transaction.atomic(), connection.cursor() as cursor:
        exclusive.wait()
        sequences.note(cursor, [each.event for each in batch])
        land(cursor, rows, intents)
        if intents:
            arrivals = [arrival(intent) for intent in intents]
            cursor.execute(_OPEN, [min(arrivals), max(arrivals)])
        if settled:
            enter(cursor, _days(settled))
            moments = [event.at for event in settled]
            late.correct(cursor, first=min(moments), last=max(moments))
            cursor.execute(_CLOSE)
            evidence.keep(settled)


def store_interrupted(events: Sequence[RequestSettled]) -> None:
    """Inside `every_tenant()`. A request that did settle meanwhile is left as it settled."""
    if not events:
        return
    with transaction.atomic(), connection.cursor() as cursor:
        exclusive.wait()
        land(cursor, [rows_of(event, interrupted=True) for event in events], [])
        enter(cursor, _days(events))
        cursor.execute(_CLOSE)


def arrival(intent: Intent) -> datetime:
    """When its request came: what its record will stand under."""
    return intent.facts.at if intent.facts else intent.at


def close_settled() -> None:
    """Forgets intents that arrived behind their settlement."""
    with connection.cursor() as cursor:
        cursor.execute(_CLOSE_SETTLED)


def enter(cursor: CursorWrapper, days: Iterable[date]) -> None:
    """What has landed, of these days (UTC), into the books."""
    partitions.ensure(days)
    cursor.execute(_STORE)


def _days(settled: Iterable[RequestSettled]) -> set[date]:
    return {event.at.astimezone(UTC).date() for event in settled}


def land(cursor: CursorWrapper, rows: Sequence[Rows], intents: Sequence[Intent]) -> None:
    cursor.execute(LANDING)
    _copy(cursor, "landed_intent", _INTENT_COLUMNS, map(_intent, intents))
    _copy(cursor, "landed_request", REQUEST_COLUMNS, (row.request for row in rows))
    _copy(cursor, "landed_line", LINE_COLUMNS, (line for row in rows for line in row.lines))


def _copy(cursor: CursorWrapper, table: str, columns: Sequence[str], rows: Iterable[Row]) -> None:
    copying = cursor.copy(f"COPY {table} ({', '.join(columns)}) FROM STDIN")
    with connection.wrap_database_errors, copying as copy:
        for row in rows:
            copy.write_row(row)


def _intent(intent: Intent) -> Row:
    due = intent.at + timedelta(seconds=intent.deadline_s) + GRACE
    origin, payload = intent.origin, msgspec.json.encode(intent).decode()
    return (origin.tenant, intent.attempt_id, origin.request_id, arrival(intent), due, payload)
