"""The gateway as a plain ASGI application, for any server that carries one. `gateway.server` needs none of this."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Awaitable, Callable, MutableMapping
from types import FrameType
from typing import Any

from gateway.errors import Draining, GatewayError
from gateway.exchange import LEFT, Answer
from gateway.front import Front, Opened
from gateway.handler import Handler
from gateway.incoming import Gone, read_body
from gateway.settings import Settings, read

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

WATCH_AFTER = 0.2  # seconds a call may take before we watch for its caller leaving


class Gateway:
    """Starts with the server's lifespan; nothing happens before."""

    def __init__(self, settings: Settings | None = None) -> None:
        self._settings = settings
        self._handler: Handler | None = None
        self._front: Front | None = None
        self._open: set[asyncio.Task[None]] = set()
        self._stopping = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await self._http(scope, receive, send)
        elif scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        else:
            await send({"type": "websocket.close", "code": 1003})

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        await receive()
        self._handler = Handler(self._settings or read())
        self._front = Front(self._handler.handle, self._handler.probes)
        try:
            await self._handler.start()
        except Exception as error:
            await send({"type": "lifespan.startup.failed", "message": f"{type(error).__name__}: {error}"})
            raise
        self._hasten_when_told_again()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self._handler.stop()
        await send({"type": "lifespan.shutdown.complete"})

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        assert self._front is not None
        path: bytes = scope.get("raw_path") or scope["path"].encode()
        target = path + b"?" + scope["query_string"] if scope["query_string"] else path
        opened = self._front.open(scope["method"], target, scope["headers"])
        task = asyncio.current_task()
        assert task is not None
        self._open.add(task)
        try:
            body = await body_of(opened, receive)
            with LeavingCaller(receive):
                await respond(await self._front.answer(opened, body), send)
        except Gone:
            return
        finally:
            self._open.discard(task)

    def _hasten_when_told_again(self) -> None:
        """After one SIGTERM the server waits for open requests; after another they are ended."""
        server, loop = signal.getsignal(signal.SIGTERM), asyncio.get_running_loop()
        if threading.current_thread() is not threading.main_thread() or not callable(server):
            return

        def told(number: int, frame: FrameType | None) -> None:
            if self._stopping:
                loop.call_soon_threadsafe(self._end_open_requests)
            self._stopping = True
            server(number, frame)

        signal.signal(signal.SIGTERM, told)

    def _end_open_requests(self) -> None:
        for task in self._open:
            task.cancel()


async def body_of(opened: Opened, receive: Receive) -> bytes:
    if opened.method != "POST" or opened.problem is not None:
        return b""
    try:
        return await read_body(receive)
    except GatewayError as problem:
        opened.problem = problem
    except asyncio.CancelledError:
        opened.problem = Draining()  # the server has waited for us as long as it may
    return b""


async def respond(answer: Answer, send: Send) -> None:
    body, headers = answer.body, answer.headers
    if isinstance(body, bytes):
        headers = [*headers, (b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        return await send({"type": "http.response.body", "body": body})
    try:
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        async for part in body:
            await send({"type": "http.response.body", "body": part, "more_body": True})
    except asyncio.CancelledError as reason:
        if LEFT in reason.args:
            raise
        return await send({"type": "http.response.body", "body": body.stop()})
    finally:
        body.close()
    return await send({"type": "http.response.body", "body": b""})


class LeavingCaller:
    """Cancels the task when the caller leaves: only `receive` tells, `send` to a dead socket succeeds.

    Most calls are over before the watch begins, so they do not pay for it.
    """

    __slots__ = ("_gone", "_receive", "_task", "_timer", "_watch")

    def __init__(self, receive: Receive) -> None:
        self._receive, self._gone = receive, False
        self._watch: asyncio.Task[None] | None = None

    def __enter__(self) -> None:
        loop = asyncio.get_running_loop()
        self._task = asyncio.current_task()
        self._timer = loop.call_later(WATCH_AFTER, self._begin)

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._timer.cancel()
        if self._watch is not None:
            self._watch.cancel()
        if self._gone and kind is asyncio.CancelledError:
            if self._task is not None:
                self._task.uncancel()
            raise Gone

    def _begin(self) -> None:
        self._watch = asyncio.get_running_loop().create_task(self._watch_over())

    async def _watch_over(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self._gone = True
        if self._task is not None:
            self._task.cancel(LEFT)


app = Gateway()
