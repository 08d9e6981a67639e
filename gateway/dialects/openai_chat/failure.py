"""Errors as this protocol says them: `{"error": {…}}` with a status, in a body of 200, or in a stream."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gateway.dialects.failures import Complaint, classify, parsed, retry_after_of, text_of
from gateway.errors import UpstreamError

STATUS_OF_KIND: Mapping[str, int] = {
    "invalid_request_error": 400,
    "not_found_error": 404,
    "authentication_error": 401,
    "permission_error": 403,
    "insufficient_quota": 429,
    "rate_limit_error": 429,
    "rate_limit_exceeded": 429,
    "tokens": 429,
    "requests": 429,
}


def classify_error(
    status: int, headers: Mapping[bytes, bytes], body: bytes, *, now: float, secret: str
) -> UpstreamError:
    retry_after = retry_after_of(headers, body, now=now)
    return classify(status, complaint_of(parsed(body)), retry_after=retry_after, secret=secret)


def error_in(body: Mapping[str, Any], secret: str) -> UpstreamError | None:
    """An error where an answer was promised."""
    error = body.get("error")
    if not error:
        return None
    complaint = complaint_of(body)
    said = error if type(error) is dict else {}
    status = next((said[f] for f in ("status_code", "status", "code") if type(said.get(f)) is int), 0)
    if not 400 <= status < 600:
        status = STATUS_OF_KIND.get(complaint.kind) or STATUS_OF_KIND.get(complaint.code) or 502
    return classify(status, complaint, secret=secret)


def complaint_of(body: object) -> Complaint:
    error = body.get("error", body) if type(body) is dict else body
    if type(error) is list and error:  # some vendors wrap it once more
        return complaint_of(error[0])
    if type(error) is not dict:
        return Complaint(message=text_of(error))
    message = text_of(error.get("message")) or text_of(error.get("detail"))
    code, param = error.get("code"), error.get("param")
    return Complaint(
        message=message,
        code=text_of(code),
        kind=text_of(error.get("type")),
        param=param if type(param) is str else None,
    )
