"""Errors as this protocol says them: with a status as in chats, in an answer that failed, or in a stream."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gateway.dialects.failures import Complaint, classify, parsed, text_of
from gateway.dialects.openai_chat import failure as chat
from gateway.errors import ProviderInvalidRequest, UpstreamError

_STATUS_OF_CODE: Mapping[str, int] = {
    "server_error": 500,
    "rate_limit_exceeded": 429,
    "insufficient_quota": 429,
    "vector_store_timeout": 504,
    "context_length_exceeded": 400,
    "invalid_prompt": 400,
}
_UNKNOWN = frozenset({"previous_response_not_found", "conversation_not_found", "invalid_encrypted_content"})
_REFUSED_IMAGE = "image"  # codes that name one: too large, of the wrong type, not to be had


def classify_error(
    status: int, headers: Mapping[bytes, bytes], body: bytes, *, now: float, secret: str
) -> UpstreamError:
    error = chat.classify_error(status, headers, body, now=now, secret=secret)
    if isinstance(error, ProviderInvalidRequest) and _is_unknown(parsed(body)):
        return ProviderInvalidRequest(error.message, status=404, retryable=True, param=error.param)
    return error


def _is_unknown(body: object) -> bool:
    """What is kept, or was encrypted, at another account than the one asked: that one may know it."""
    return chat.complaint_of(body).code in _UNKNOWN


def error_in(body: Mapping[str, Any], secret: str) -> UpstreamError | None:
    """An error where an answer was promised."""
    if body.get("type") == "error":
        return error_in_event(body, secret)
    error = body.get("error")
    has_failed = body.get("status") == "failed"
    if type(error) is dict and (has_failed or body.get("object") == "response"):
        return _failed(error, secret)
    if has_failed:
        return UpstreamError("The provider says that its answer failed.")
    return chat.error_in(body, secret)


def error_in_event(event: Mapping[str, Any], secret: str) -> UpstreamError:
    """Its words stand in the event itself, by the reference, or in an object of it, as the wire has it."""
    inner = event.get("error")
    return _failed(inner if type(inner) is dict else event, secret)


def _failed(error: Mapping[str, Any], secret: str) -> UpstreamError:
    code, kind = text_of(error.get("code")), text_of(error.get("type"))
    param = error.get("param")
    complaint = Complaint(
        message=text_of(error.get("message")),
        code=code,
        kind=kind,
        param=param if type(param) is str else None,
    )
    return classify(_status_of(code, kind), complaint, secret=secret)


def _status_of(code: str, kind: str) -> int:
    known = _STATUS_OF_CODE.get(code) or chat.STATUS_OF_KIND.get(code) or chat.STATUS_OF_KIND.get(kind)
    return known or (400 if _REFUSED_IMAGE in code else 502)
