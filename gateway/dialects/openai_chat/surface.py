"""Errors, as callers of this surface expect them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from gateway.dialects.dialect import Rendered
from gateway.dialects.rendering import fitting
from gateway.errors import GatewayError, Kind

_TYPES: Mapping[Kind, str] = {
    Kind.INVALID: "invalid_request_error",
    Kind.UNAUTHENTICATED: "invalid_request_error",
    Kind.FORBIDDEN: "permission_error",
    Kind.NOT_FOUND: "invalid_request_error",
    Kind.CONFLICT: "invalid_request_error",
    Kind.TOO_LARGE: "invalid_request_error",
    Kind.RATE_LIMIT: "rate_limit_error",
    Kind.PAYMENT: "insufficient_quota",
    Kind.OVERLOADED: "server_error",
    Kind.TIMEOUT: "server_error",
    Kind.SERVER: "server_error",
}


def render_error(error: GatewayError, request_id: str) -> Rendered:
    body = fitting(
        lambda message: msgspec.json.encode({"error": error_object(error, message)}), error.message
    )
    head = [(b"content-type", b"application/json"), (b"x-request-id", request_id.encode("ascii", "replace"))]
    return Rendered(error.status, head + error.headers, body)


def error_object(error: GatewayError, message: str) -> dict[str, Any]:
    return {"message": message, "type": _TYPES[error.kind], "param": error.param, "code": error.code}
