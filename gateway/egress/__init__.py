"""The only way out. Everything the gateway says to a provider goes through here.

`Egress.send` keeps connections by origin and checks every address before connecting to it; `PoolTransport` puts httpx
on top of it. No redirect is followed, no proxy is taken from the environment, no cookie is kept. What goes into the
headers is the caller's choice, from an allow-list; what would break the framing is refused here.
"""

from __future__ import annotations

from gateway.core.addresses import Boundary, check_url
from gateway.core.url import Url, UrlNotAllowed
from gateway.egress.connection import Timeouts
from gateway.egress.egress import Egress
from gateway.egress.errors import (
    AddressNotAllowed,
    ConnectFailed,
    ConnectionCut,
    ConnectTimeout,
    DeadlineExceeded,
    EgressError,
    FirstByteTimeout,
    IdleTimeout,
    InvalidRequest,
    InvalidResponse,
    ResponseTooLarge,
    TlsFailed,
    TooManyWaiting,
)
from gateway.egress.response import Response
from gateway.egress.transport import PoolTransport

__all__ = [
    "AddressNotAllowed",
    "Boundary",
    "ConnectFailed",
    "ConnectTimeout",
    "ConnectionCut",
    "DeadlineExceeded",
    "Egress",
    "EgressError",
    "FirstByteTimeout",
    "IdleTimeout",
    "InvalidRequest",
    "InvalidResponse",
    "PoolTransport",
    "Response",
    "ResponseTooLarge",
    "Timeouts",
    "TlsFailed",
    "TooManyWaiting",
    "Url",
    "UrlNotAllowed",
    "check_url",
]
