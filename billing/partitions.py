"""The ledger and its requests by day (UTC): made ahead, dropped when their time is over.

A partition grants nothing to anybody: its rows are reached through the table, where row-level security is.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta

import structlog
from django.db import connection

PARTITIONED = ("billing_ledgerentry", "billing_requestrecord")
AHEAD = timedelta(days=7)

log = structlog.get_logger(__name__)


def span(day: date) -> tuple[datetime, datetime]:
    start = datetime.combine(day, time(), UTC)
    return start, start + timedelta(days=1)


def ensure(days: Iterable[date]) -> None:
    """Makes the partitions of days that have none. Within a transaction of the one writer."""
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT billing_partition(parent, day) FROM unnest(%s::text[]) AS parent, unnest(%s::date[]) AS day
               WHERE to_regclass(parent || to_char(day, '_YYYYMMDD')) IS NULL""",
            [list(PARTITIONED), sorted(set(days))],
        )


def make_ahead(today: date) -> None:
    ensure(today + timedelta(days=n) for n in range(AHEAD.days + 1))


def analyse() -> None:
    """What the planner knows of the whole; PostgreSQL looks at each partition by itself, never at all of them."""
    with connection.cursor() as cursor:
        for table in PARTITIONED:
            cursor.execute(f"ANALYZE {table}")


def days() -> list[date]:
    """The days that have a partition, oldest first."""
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT right(relid::text, 8)::date FROM pg_partition_tree(%s) WHERE isleaf AND level > 0
               ORDER BY 1""",
            [PARTITIONED[0]],
        )
        return [day for (day,) in cursor.fetchall()]


def oldest() -> date:
    """What was recorded before this day has been dropped."""
    return min(days(), default=date(2020, 1, 1))


def drop_before(day: date) -> list[date]:
    """Retention. The lines are gone, their sums stay."""
    gone = [each for each in days() if each < day]
    with connection.cursor() as cursor:
        for each in gone:
            for table in PARTITIONED:
                cursor.execute(f"DROP TABLE IF EXISTS {table}_{each:%Y%m%d}")
    if gone:
        log.warning("ledger_days_dropped", first=str(gone[0]), last=str(gone[-1]), days=len(gone))
    return gone
