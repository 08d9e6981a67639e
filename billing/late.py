"""A settlement that comes after its request was given up as interrupted: corrected, not rewritten.

The lines of the interruption are taken back by lines with the opposite sign, the true ones are entered, and
the rollups move by the difference. The request's record, a summary, says from then on what was settled.
"""

from __future__ import annotations

from django.db.backends.utils import CursorWrapper

from billing.lines import LINE_COLUMNS, REQUEST_COLUMNS
from billing.rollup import ADD

_LINES = ", ".join(LINE_COLUMNS)
_REST = ", ".join(column for column in LINE_COLUMNS if column != "attempt_id")
_REQUESTS = ", ".join(REQUEST_COLUMNS)
_LANDED = ", ".join(f"landed_request.{column}" for column in REQUEST_COLUMNS)

_FIND = """
    SELECT request.request_id FROM billing_requestrecord AS request
    JOIN landed_request USING (request_id) WHERE request.interrupted FOR UPDATE OF request
"""

_CORRECT = f"""
    WITH old AS (
        SELECT * FROM billing_requestrecord WHERE request_id = ANY(%(late)s)
    ), taken_back AS (
        INSERT INTO billing_ledgerentry (attempt_id, {_REST}, sign, corrects)
        SELECT attempt_id || '~back', {_REST}, -1, attempt_id FROM billing_ledgerentry
        WHERE request_id = ANY(%(late)s) RETURNING *
    ), entered AS (
        INSERT INTO billing_ledgerentry (attempt_id, {_REST}, corrects)
        SELECT landed_line.attempt_id || CASE WHEN known_before THEN '~1' ELSE '' END, {_REST},
               CASE WHEN known_before THEN landed_line.attempt_id ELSE '' END
        FROM landed_line, LATERAL (
            SELECT EXISTS (SELECT FROM billing_ledgerentry AS line
                           WHERE line.attempt_id = landed_line.attempt_id) AS known_before
        ) AS before
        WHERE request_id = ANY(%(late)s) ON CONFLICT (attempt_id) DO NOTHING RETURNING *
    ), renewed AS (
        UPDATE billing_requestrecord AS request SET ({_REQUESTS}) = ROW({_LANDED}), corrected = true
        FROM landed_request
        WHERE request.request_id = landed_request.request_id AND request.request_id = ANY(%(late)s)
        RETURNING request.*
    ), fresh_lines AS (
        SELECT * FROM taken_back UNION ALL SELECT * FROM entered
    ), fresh_requests AS (
        SELECT *, -1 AS sign FROM old UNION ALL SELECT *, 1 AS sign FROM renewed
    )
    {ADD}
"""  # noqa: S608 (of constants)


def correct(cursor: CursorWrapper) -> None:
    """Within the transaction of `store`, over what has landed."""
    cursor.execute(_FIND)
    late = [request_id for (request_id,) in cursor.fetchall()]
    if late:
        cursor.execute(_CORRECT, {"late": late})
