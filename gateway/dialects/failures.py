"""A provider's error → ours: by status first, by its words second. A 500 that says "policy" is an outage."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from math import isfinite
from typing import Any
from urllib.parse import quote

import msgspec
from msgspec import Struct

from gateway.errors import (
    MAX_RETRY_AFTER_S,
    ProviderCredentialsInvalid,
    ProviderInvalidRequest,
    ProviderQuotaExhausted,
    UpstreamError,
    UpstreamInvalidResponse,
    UpstreamRateLimited,
    UpstreamRedirectRefused,
    UpstreamTimeout,
)

MAX_MESSAGE = 1_000  # characters of a provider's text that are shown on
REFUSALS = frozenset({400, 404, 413, 422})  # the request's own fault
QUOTA_CODES = frozenset({"insufficient_quota", "billing_error", "billing_hard_limit_reached"})

_KEY_LIKE = re.compile(r"\b(?:sk|rw|rwa|gsk|xai|pk|AIza|hf)[-_][A-Za-z0-9_*.-]{6,}|\bBearer\s+\S+")
_RETRY_DELAY = re.compile(rb'"retryDelay"\s*:\s*"(\d+(?:\.\d+)?)s"')


class Complaint(Struct, frozen=True):
    """What a provider's body says is wrong."""

    message: str = ""
    code: str = ""
    kind: str = ""
    param: str | None = None


def classify(
    status: int, complaint: Complaint, *, retry_after: float | None = None, secret: str = ""
) -> UpstreamError:
    if status == 429 or status == 402:
        if status == 402 or complaint.code in QUOTA_CODES or complaint.kind in QUOTA_CODES:
            return ProviderQuotaExhausted(upstream_status=status)
        return UpstreamRateLimited(retry_after=retry_after, upstream_status=status)
    if status in {401, 403}:
        return ProviderCredentialsInvalid(upstream_status=status)
    if status in REFUSALS:
        return ProviderInvalidRequest(
            redact(complaint.message, secret),
            status=status,
            retryable=status == 404 or is_too_long(complaint),
            param=complaint.param,
        )
    if 300 <= status < 400:
        return UpstreamRedirectRefused(upstream_status=status)
    if status in {408, 504}:
        return UpstreamTimeout(upstream_status=status)
    if 400 <= status < 600:
        return UpstreamError(retry_after=retry_after, upstream_status=status)
    return UpstreamInvalidResponse(upstream_status=status)


def is_too_long(complaint: Complaint) -> bool:
    """Like a model that is not there: elsewhere there may be more room. What else is wrong is wrong everywhere."""
    return complaint.code == "context_length_exceeded" or "prompt is too long" in complaint.message


def redact(text: str, secret: str) -> str:
    """A provider's text, without the key it was called with, short and on one line."""
    for known in _spellings(secret):
        text = text.replace(known, "[redacted]")
    text = _KEY_LIKE.sub("[redacted]", text)
    text = "".join(char if char.isprintable() else " " for char in text).strip()
    return text if len(text) <= MAX_MESSAGE else text[: MAX_MESSAGE - 1] + "…"


def _spellings(secret: str) -> list[str]:
    """Of the whole, and of each part of a key pair, without the region before it."""
    found: list[str] = []
    parts = secret.split(":")
    for part in dict.fromkeys([secret, *parts, parts[0].partition("/")[2]]):
        if len(part) >= 8:
            encoded = b64encode(part.encode()).decode("ascii")
            found += [part, quote(part, safe=""), encoded, encoded.rstrip("=")]
    return found


def retry_after_of(headers: Mapping[bytes, bytes], body: bytes, *, now: float) -> float | None:
    """Seconds to wait, wherever the provider says so; nonsense is not said at all."""
    milliseconds = _number(headers.get(b"retry-after-ms", b""))
    if milliseconds is not None:
        return _sensible(milliseconds / 1000)
    value = headers.get(b"retry-after", b"").strip()
    if value:
        seconds = _number(value)
        return _sensible(_until(value, now) if seconds is None else seconds)
    found = _RETRY_DELAY.search(body[:65_536])
    return _sensible(float(found[1])) if found else None


def _number(value: bytes) -> float | None:
    try:
        return float(value)
    except ValueError:
        return None


def _until(date: bytes, now: float) -> float:
    try:
        return max(0.0, parsedate_to_datetime(date.decode("ascii")).timestamp() - now)
    except (ValueError, OverflowError, TypeError):
        return -1.0


def _sensible(seconds: float) -> float | None:
    """A provider may ask for ten minutes; who asks for years, or for the past, has asked for nothing."""
    if not isfinite(seconds) or seconds < 0 or seconds > 86_400:
        return None
    return min(seconds, MAX_RETRY_AFTER_S)


def text_of(value: Any) -> str:
    return value if type(value) is str else ""


def parsed(body: bytes) -> object:
    """Whatever it is: a page of HTML has nothing to say to the caller."""
    try:
        return msgspec.json.decode(body[:1_048_576])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        text = body[:2_048].decode("utf-8", "replace").strip()
        return "" if text.startswith("<") else text
