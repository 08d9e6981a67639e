"""Errors as this protocol says them: `{"type": "error", "error": {…}}`, with a status or in a stream."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gateway.dialects.failures import Complaint, classify, parsed, retry_after_of, text_of
from gateway.errors import UpstreamError

_STATUS_OF_KIND: Mapping[str, int] = {
    "invalid_request_error": 400,
    "authentication_error": 401,
    "billing_error": 402,
    "permission_error": 403,
    "not_found_error": 404,
    "request_too_large": 413,
    "rate_limit_error": 429,
    "timeout_error": 504,
    "overloaded_error": 529,
}


def classify_error(
    status: int, headers: Mapping[bytes, bytes], body: bytes, *, now: float, secret: str
) -> UpstreamError:
    complaint = complaint_of(parsed(body))
    # A key without credit is refused with 400, which is not the request's fault.
    status = 402 if status == 400 and "credit balance" in complaint.message else status
    return classify(status, complaint, retry_after=retry_after_of(headers, body, now=now), secret=secret)


def error_in(body: Mapping[str, Any], secret: str) -> UpstreamError | None:
    """An error where an answer was promised."""
    if body.get("type") != "error" and not body.get("error"):
        return None
    complaint = complaint_of(body)
    return classify(_STATUS_OF_KIND.get(complaint.kind, 500), complaint, secret=secret)


def complaint_of(body: object) -> Complaint:
    error = body.get("error", body) if type(body) is dict else body
    if type(error) is not dict:
        return Complaint(message=text_of(error))
    return Complaint(message=text_of(error.get("message")), kind=text_of(error.get("type")))
