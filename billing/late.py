"""A settlement that comes after its request was given up as interrupted: corrected, not rewritten.

The lines of the interruption are taken back by lines with the opposite sign, the true ones are entered, and
the rollups move by the difference. The request's record, a summary, says from then on what was settled.
"""

from __future__ import annotations

from datetime import datetime

from django.db.backends.utils import CursorWrapper

from billing.chain import ENTER
from billing.lines import LINE_COLUMNS, REQUEST_COLUMNS
from billing.rollup import ADD

REST = ", ".join(column for column in LINE_COLUMNS if column != "attempt_id")
REQUESTS = ", ".join(REQUEST_COLUMNS)
LANDED = ", ".join(f"landed_request.{column}" for column in REQUEST_COLUMNS)

REASON = "settled late"

_FIND = """
    SELECT request.request_id FROM billing_requestrecord AS request
    JOIN landed_request USING (request_id)
    WHERE request.interrupted AND request.at >= %s AND request.at <= %s FOR UPDATE OF request
"""

MEANT = "request_id = ANY(%(late)s) AND at >= %(first)s AND at <= %(last)s"
# The records of requests that were corrected, as they have landed; `fresh_requests` is the difference.
RENEW = f"""
    renewed AS (
        UPDATE billing_requestrecord AS request SET ({REQUESTS}) = ROW({LANDED}), corrected = true
        FROM landed_request
        WHERE request.request_id = landed_request.request_id AND request.request_id = ANY(%(late)s)
          AND request.at >= %(first)s AND request.at <= %(last)s
        RETURNING request.*
    ), fresh_requests AS (
        SELECT *, -1 AS sign FROM old UNION ALL SELECT *, 1 AS sign FROM renewed
    )
"""  # noqa: S608 (of constants)
_CORRECT = f"""
    WITH old AS (
        SELECT * FROM billing_requestrecord WHERE {MEANT}
    ), entering AS (
        SELECT attempt_id || '~back' AS attempt_id, {REST}, -1::smallint AS sign, attempt_id AS corrects,
               %(reason)s AS reason
        FROM billing_ledgerentry WHERE {MEANT}
        UNION ALL
        SELECT landed_line.attempt_id || CASE WHEN known_before THEN '~1' ELSE '' END, {REST}, 1,
               CASE WHEN known_before THEN landed_line.attempt_id ELSE '' END, %(reason)s
        FROM landed_line, LATERAL (
            SELECT EXISTS (SELECT FROM billing_ledgerentry AS line
                           WHERE line.attempt_id = landed_line.attempt_id AND line.at = landed_line.at) AS known_before
        ) AS before
        WHERE request_id = ANY(%(late)s)
    ), {ENTER}, {RENEW}
    {ADD}
"""  # noqa: S608 (of constants)


def correct(cursor: CursorWrapper, *, first: datetime, last: datetime) -> None:
    """Within the transaction of `store`, over what has landed; `first` and `last` are when its requests came."""
    cursor.execute(_FIND, [first, last])
    late = [request_id for (request_id,) in cursor.fetchall()]
    if late:
        cursor.execute(_CORRECT, {"late": late, "first": first, "last": last, "reason": REASON})
