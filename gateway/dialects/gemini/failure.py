"""Errors as this protocol says them: `{"error": {code, message, status, details}}`, alone or in a list of one.

Source: https://google.aip.dev/193
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gateway.dialects.failures import Complaint, classify, parsed, retry_after_of, text_of
from gateway.errors import UpstreamError

_STATUS_OF_WORD: Mapping[str, int] = {
    "INVALID_ARGUMENT": 400,
    "FAILED_PRECONDITION": 400,
    "OUT_OF_RANGE": 400,
    "UNAUTHENTICATED": 401,
    "PERMISSION_DENIED": 403,
    "NOT_FOUND": 404,
    "RESOURCE_EXHAUSTED": 429,
    "UNAVAILABLE": 503,
    "DEADLINE_EXCEEDED": 504,
}
_KEY_REASONS = frozenset({"API_KEY_INVALID", "API_KEY_SERVICE_BLOCKED", "SERVICE_DISABLED"})


def classify_error(
    status: int, headers: Mapping[bytes, bytes], body: bytes, *, now: float, secret: str
) -> UpstreamError:
    told, complaint = _read(parsed(body))
    retry_after = retry_after_of(headers, body, now=now)
    return classify(_meant(status, told, complaint), complaint, retry_after=retry_after, secret=secret)


def error_in(body: Mapping[str, Any], secret: str) -> UpstreamError | None:
    """An error where an answer was promised."""
    if not body.get("error"):
        return None
    told, complaint = _read(body)
    code = told.get("code")
    status = code if type(code) is int and 400 <= code < 600 else _STATUS_OF_WORD.get(complaint.kind, 502)
    return classify(_meant(status, told, complaint), complaint, secret=secret)


def _meant(status: int, told: Mapping[str, Any], complaint: Complaint) -> int:
    """What is the account's fault, and not the request's, is told with 400 as well."""
    if status == 400 and _reasons(told) & _KEY_REASONS:
        return 401
    if status == 400 and complaint.kind == "FAILED_PRECONDITION":  # no billing, or not for this country
        return 402
    if status == 429 and "PerDay" in str(told.get("details") or ""):  # a day's quota is not back in a moment
        return 402
    return status


def _read(body: object) -> tuple[Mapping[str, Any], Complaint]:
    if type(body) is list and body:
        return _read(body[0])
    error = body.get("error", body) if type(body) is dict else body
    if type(error) is not dict:
        return {}, Complaint(message=text_of(error))
    message = text_of(error.get("message"))
    too_long = "exceeds the maximum number of tokens" in message
    complaint = Complaint(
        message=message,
        code="context_length_exceeded" if too_long else "",
        kind=text_of(error.get("status")),
        param=_field(error),
    )
    return error, complaint


def _reasons(error: Mapping[str, Any]) -> set[str]:
    return {text_of(detail.get("reason")) for detail in _details(error)}


def _field(error: Mapping[str, Any]) -> str | None:
    for detail in _details(error):
        violations = detail.get("fieldViolations")
        for violation in violations if type(violations) is list else ():
            if type(violation) is dict and text_of(violation.get("field")):
                return text_of(violation["field"])
    return None


def _details(error: Mapping[str, Any]) -> list[dict[str, Any]]:
    details = error.get("details")
    return [detail for detail in details if type(detail) is dict] if type(details) is list else []
