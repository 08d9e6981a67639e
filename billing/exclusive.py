"""One writer of rollups at a time. Held until the transaction ends, however it ends."""

from __future__ import annotations

from django.db import connection

LOCK = 0x4C454447  # "LEDG"


def is_ours() -> bool:
    """Whether the lock was free: a second drain would only wait for the first, so it leaves instead."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [LOCK])
        (got,) = cursor.fetchone() or (False,)
    return bool(got)


def wait() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
