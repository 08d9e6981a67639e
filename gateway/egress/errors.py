"""What can go wrong on the way out.

EgressError
├── InvalidRequest            a header that would break the framing; nothing was sent
├── AddressNotAllowed         the name leads into a network we may not reach (also a UrlNotAllowed)
├── ConnectFailed             refused, unreachable, unknown name; nothing was sent
│   ├── ConnectTimeout
│   ├── TlsFailed             the certificate or the handshake; never retried in clear
│   └── TooManyWaiting        every connection to the origin is busy, and so is the queue
├── FirstByteTimeout          connected and asked, no headers in time
├── IdleTimeout               silence in the middle of a body
├── DeadlineExceeded          the whole of it took too long
├── ConnectionCut             closed or reset before the response was whole
├── ResponseTooLarge          headers, body, or what a compressed body unpacks to
└── InvalidResponse           not HTTP, or HTTP nobody asked for

No message holds a URL's path, a header or a byte of a body: they may hold a secret.
"""

from __future__ import annotations

from gateway.core.url import UrlNotAllowed


class EgressError(Exception):
    pass


class InvalidRequest(EgressError):
    pass


class AddressNotAllowed(EgressError, UrlNotAllowed):
    pass


class ConnectFailed(EgressError):
    pass


class ConnectTimeout(ConnectFailed):
    pass


class TlsFailed(ConnectFailed):
    pass


class TooManyWaiting(ConnectFailed):
    pass


class FirstByteTimeout(EgressError):
    pass


class IdleTimeout(EgressError):
    pass


class DeadlineExceeded(EgressError):
    pass


class ConnectionCut(EgressError):
    pass


class ResponseTooLarge(EgressError):
    pass


class InvalidResponse(EgressError):
    pass
