"""Errors as this protocol says them: `{"error": "…"}`, with a status or on a line of a stream."""

from __future__ import annotations

from collections.abc import Mapping

from gateway.dialects.failures import Complaint, classify, parsed, redact, retry_after_of, text_of
from gateway.errors import UpstreamError


def classify_error(
    status: int, headers: Mapping[bytes, bytes], body: bytes, *, now: float, secret: str
) -> UpstreamError:
    complaint = Complaint(message_of(parsed(body)))
    return classify(status, complaint, retry_after=retry_after_of(headers, body, now=now), secret=secret)


def error_in(body: Mapping[str, object], secret: str) -> UpstreamError | None:
    """An error where an answer was promised: the model runs already, so it is the host's."""
    return UpstreamError(redact(message_of(body), secret)) if body.get("error") else None


def message_of(body: object) -> str:
    error = body.get("error") if type(body) is dict else body
    return text_of(error.get("message")) if type(error) is dict else text_of(error)
