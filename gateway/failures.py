"""What went wrong on the way to a provider, as an error of the tree."""

from __future__ import annotations

from gateway.egress import (
    ConnectTimeout,
    DeadlineExceeded,
    FirstByteTimeout,
    IdleTimeout,
    InvalidResponse,
    ResponseTooLarge,
    UrlNotAllowed,
)
from gateway.errors import UpstreamError, UpstreamInvalidResponse, UpstreamTimeout

_MEANS: tuple[tuple[type[Exception], type[UpstreamError], str], ...] = (
    (ConnectTimeout, UpstreamTimeout, "The provider did not accept a connection in time."),
    (FirstByteTimeout, UpstreamTimeout, "The provider did not begin to answer in time."),
    (IdleTimeout, UpstreamTimeout, "The provider stopped in the middle of its answer."),
    (DeadlineExceeded, UpstreamTimeout, "The provider did not finish its answer in time."),
    (UrlNotAllowed, UpstreamError, "The provider's address may not be called from here."),
    (ResponseTooLarge, UpstreamInvalidResponse, "The provider's answer is too large."),
    (InvalidResponse, UpstreamInvalidResponse, "The provider's answer is not valid HTTP."),
)
_LASTING = (UrlNotAllowed, ResponseTooLarge)  # would be the same at once


def from_egress(error: Exception) -> UpstreamError:
    """Of an `EgressError` or `UrlNotAllowed`."""
    for kind, means, message in _MEANS:
        if isinstance(error, kind):
            found = means(message)
            found.passing = found.passing and not isinstance(error, _LASTING)
            return found
    return UpstreamError("The provider cannot be reached, or broke off.")
