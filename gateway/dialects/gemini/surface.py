"""Errors, as callers of this surface expect them."""

from __future__ import annotations

from collections.abc import Mapping
from math import ceil
from typing import Any

import msgspec

from gateway.dialects.dialect import Rendered
from gateway.dialects.rendering import fitting
from gateway.dialects.sse import write_event
from gateway.errors import MAX_RETRY_AFTER_S, GatewayError, Kind

_WORDS: Mapping[Kind, str] = {
    Kind.INVALID: "INVALID_ARGUMENT",
    Kind.UNAUTHENTICATED: "UNAUTHENTICATED",
    Kind.FORBIDDEN: "PERMISSION_DENIED",
    Kind.NOT_FOUND: "NOT_FOUND",
    Kind.CONFLICT: "ABORTED",
    Kind.TOO_LARGE: "INVALID_ARGUMENT",
    Kind.RATE_LIMIT: "RESOURCE_EXHAUSTED",
    Kind.PAYMENT: "RESOURCE_EXHAUSTED",
    Kind.OVERLOADED: "UNAVAILABLE",
    Kind.TIMEOUT: "DEADLINE_EXCEEDED",
    Kind.SERVER: "INTERNAL",
}
_TYPE = "type.googleapis.com/google.rpc."


def render_error(error: GatewayError, request_id: str) -> Rendered:
    body = fitting(
        lambda message: msgspec.json.encode({"error": error_object(error, message)}), error.message
    )
    head = [
        (b"content-type", b"application/json; charset=UTF-8"),
        (b"x-request-id", request_id.encode("ascii", "replace")),
    ]
    return Rendered(error.status, head + error.headers, body)


def stream_error(error: GatewayError) -> bytes:
    return fitting(
        lambda message: write_event(msgspec.json.encode({"error": error_object(error, message)})),
        error.message,
    )


def error_object(error: GatewayError, message: str) -> dict[str, Any]:
    """Our code is the reason; the place and the wait are said as Google's own types of details say them."""
    details: list[dict[str, Any]] = [
        {"@type": f"{_TYPE}ErrorInfo", "reason": error.code.upper(), "domain": "rungway"}
    ]
    if error.param is not None:
        violation = {"field": error.param, "description": message}
        details.append({"@type": f"{_TYPE}BadRequest", "fieldViolations": [violation]})
    if error.headers and error.retry_after is not None:
        seconds = min(max(1, ceil(error.retry_after)), MAX_RETRY_AFTER_S)
        details.append({"@type": f"{_TYPE}RetryInfo", "retryDelay": f"{seconds}s"})
    word = "UNAVAILABLE" if error.status == 503 else _WORDS[error.kind]
    return {"code": error.status, "message": message, "status": word, "details": details}
