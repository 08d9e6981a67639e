"""Errors as this protocol says them: a status, their name in a header, `{"message": …}`; in a stream, an exception."""

from __future__ import annotations

from collections.abc import Mapping

from gateway.dialects.failures import Complaint, classify, parsed, retry_after_of, text_of
from gateway.errors import UpstreamError

_STATUS_OF: Mapping[str, int] = {
    "accessdeniedexception": 403,
    "internalserverexception": 500,
    "modelerrorexception": 424,
    "modelnotreadyexception": 429,
    "modelstreamerrorexception": 424,
    "modeltimeoutexception": 408,
    "resourcenotfoundexception": 404,
    "servicequotaexceededexception": 429,
    "serviceunavailableexception": 503,
    "throttlingexception": 429,
    "validationexception": 400,
}
_TOO_LONG = ("input is too long", "input length and", "too many input tokens", "maximum context length")
_NO_SUCH_MODEL = ("model identifier is invalid", "on-demand throughput isn", "end of its life")


def classify_error(
    status: int, headers: Mapping[bytes, bytes], body: bytes, *, now: float, secret: str
) -> UpstreamError:
    kind = headers.get(b"x-amzn-errortype", b"").decode("latin-1").partition(":")[0]
    said = parsed(body)
    if not kind and type(said) is dict:
        kind = text_of(said.get("__type")).rpartition("#")[2]
    if kind.lower() == "servicequotaexceededexception":  # comes with a status that blames the request
        status = 429
    retry_after = retry_after_of(headers, body, now=now)
    return _classified(status, kind, said, retry_after=retry_after, secret=secret)


def error_of(exception: str, said: Mapping[str, object], secret: str) -> UpstreamError:
    """One that is told in a stream."""
    status = _STATUS_OF.get(exception.lower(), 500)
    original = said.get("originalStatusCode")
    if type(original) is int and 400 <= original < 600:
        status = original
    return _classified(status, exception, said, secret=secret)


def _classified(
    status: int, kind: str, said: object, *, secret: str, retry_after: float | None = None
) -> UpstreamError:
    message = ""
    if type(said) is dict:
        message = text_of(said.get("message")) or text_of(said.get("Message"))
    lower, code = message.lower(), ""
    if status == 400 and any(words in lower for words in _TOO_LONG):
        code = "context_length_exceeded"
    elif status == 400 and any(words in lower for words in _NO_SUCH_MODEL):
        status = 404
    return classify(status, Complaint(message, code, kind), retry_after=retry_after, secret=secret)
