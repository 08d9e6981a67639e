"""Errors, as callers of this surface expect them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from gateway.dialects.dialect import Rendered
from gateway.dialects.rendering import fitting
from gateway.dialects.sse import write_event
from gateway.errors import GatewayError, Kind

OVERLOADED = 529

_TYPES: Mapping[Kind, str] = {
    Kind.INVALID: "invalid_request_error",
    Kind.UNAUTHENTICATED: "authentication_error",
    Kind.FORBIDDEN: "permission_error",
    Kind.NOT_FOUND: "not_found_error",
    Kind.CONFLICT: "invalid_request_error",
    Kind.TOO_LARGE: "request_too_large",
    Kind.RATE_LIMIT: "rate_limit_error",
    Kind.PAYMENT: "billing_error",
    Kind.OVERLOADED: "overloaded_error",
    Kind.TIMEOUT: "timeout_error",
    Kind.SERVER: "api_error",
}


def render_error(error: GatewayError, request_id: str) -> Rendered:
    def rendered(message: str) -> bytes:
        return msgspec.json.encode(error_body(error, message) | {"request_id": request_id})

    head = [(b"content-type", b"application/json"), (b"request-id", request_id.encode("ascii", "replace"))]
    status = OVERLOADED if error.kind is Kind.OVERLOADED else error.status
    return Rendered(status, head + error.headers, fitting(rendered, error.message))


def stream_error(error: GatewayError) -> bytes:
    return fitting(
        lambda message: write_event(msgspec.json.encode(error_body(error, message)), b"error"),
        error.message,
    )


def error_body(error: GatewayError, message: str) -> dict[str, Any]:
    """The shape has no field for the place, so the message begins with it. Our code comes in addition."""
    said = message if error.param is None or error.param in message else f"{error.param}: {message}"
    return {"type": "error", "error": {"type": _TYPES[error.kind], "message": said, "code": error.code}}
