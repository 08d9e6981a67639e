"""From a request's head to its answer, whatever server carries it. Every error is told in the caller's shape."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from time import monotonic

import structlog
from msgspec import Struct

from gateway.authenticate import KEY_HEADERS
from gateway.dialects import SURFACES
from gateway.endpoints import find
from gateway.errors import Draining, GatewayError, InternalError, MethodNotAllowed, NotFound, TargetTooLong
from gateway.exchange import LEFT, Answer, Call, Endpoint, new_request_id
from gateway.incoming import MAX_TARGET, check_encodings, check_fields, check_length
from gateway.telemetry import place_of

log = structlog.get_logger()

Probe = Callable[[], Awaitable[Answer]]


class Opened(Struct, kw_only=True):
    """A request of which the head has come. With a `problem` its body need not be read."""

    method: str
    surface: str  # in whose shape errors are told
    endpoint: Endpoint | None = None
    headers: Mapping[bytes, bytes] = {}
    credentials: tuple[bytes, ...] = ()
    query: bytes = b""
    request_id: str = ""
    arrived: float = 0.0
    probe: Probe | None = None
    problem: GatewayError | None = None


class Front:
    def __init__(self, handle: Callable[[Call], Awaitable[Answer]], probes: Mapping[bytes, Probe]) -> None:
        self._handle, self._probes = handle, probes

    def open(self, method: str, target: bytes, fields: Sequence[tuple[bytes, bytes]]) -> Opened:
        """`target` as it stands in the request line; header names are lower-case."""
        path, _, query = target.partition(b"?")
        if path in self._probes:
            return Opened(method=method, surface="openai_chat", probe=self._probes[path])
        endpoint, surface = find(path)
        opened = Opened(
            method=method,
            surface=surface,
            endpoint=endpoint,
            headers=dict(reversed(fields)),
            credentials=tuple([value for name, value in fields if name in KEY_HEADERS]),
            query=query,
            request_id=new_request_id(),
            arrived=monotonic(),
        )
        try:
            check(opened, target, fields)
        except GatewayError as problem:
            opened.problem = problem
        return opened

    async def answer(self, opened: Opened, body: bytes) -> Answer:
        """Raises only where the caller has left (`LEFT`)."""
        if opened.probe is not None:
            return await opened.probe()
        try:
            if opened.problem is not None:
                raise opened.problem
            return await self._handle(call_of(opened, body))
        except GatewayError as error:
            return told(error, opened)
        except asyncio.CancelledError as reason:
            if LEFT in reason.args:
                raise
            return told(Draining(), opened)  # the server has waited for us as long as it may
        except Exception as fault:  # noqa: BLE001 - whatever it is, it is told without its words
            log.error(
                "request.fault", request=opened.request_id, kind=type(fault).__name__, at=place_of(fault)
            )
            return told(InternalError(), opened)


def check(opened: Opened, target: bytes, fields: Sequence[tuple[bytes, bytes]]) -> None:
    """What can be said before the body is read."""
    if opened.endpoint is None:
        raise NotFound()
    if opened.method != opened.endpoint.method:
        raise MethodNotAllowed(opened.method, opened.endpoint.method)
    if len(target) > MAX_TARGET:
        raise TargetTooLong()
    check_fields(fields)
    if opened.method == "POST":
        check_encodings(opened.headers)
        check_length(opened.headers)


def call_of(opened: Opened, body: bytes) -> Call:
    assert opened.endpoint is not None
    return Call(
        method=opened.method,
        endpoint=opened.endpoint,
        headers=opened.headers,
        credentials=opened.credentials,
        body=body,
        request_id=opened.request_id,
        arrived=opened.arrived,
        query=opened.query,
    )


def told(error: GatewayError, opened: Opened) -> Answer:
    """An error in the caller's shape."""
    rendered = SURFACES[opened.surface].render_error(error, opened.request_id)
    return Answer(status=rendered.status, headers=[*rendered.headers, *error.routed], body=rendered.body)
