"""Errors as this protocol says them: a status and `{"message": …}`; at a stream's end, one that ended in an error."""

from __future__ import annotations

from collections.abc import Mapping

from gateway.dialects.failures import Complaint, classify, parsed, retry_after_of, text_of
from gateway.errors import UpstreamError

_TOO_LONG = ("too many tokens", "number of tokens", "total number of tokens")


def classify_error(
    status: int, headers: Mapping[bytes, bytes], body: bytes, *, now: float, secret: str
) -> UpstreamError:
    message = message_of(parsed(body))
    lower, code = message.lower(), ""
    if status == 429 and "limited to" in lower and "month" in lower:  # of a trial: no use to wait for
        status = 402
    elif status in {400, 422} and any(words in lower for words in _TOO_LONG):
        code = "context_length_exceeded"
    retry_after = retry_after_of(headers, body, now=now)
    return classify(status, Complaint(message, code), retry_after=retry_after, secret=secret)


def message_of(body: object) -> str:
    if type(body) is not dict:
        return text_of(body)
    return text_of(body.get("message")) or text_of(body.get("error"))
