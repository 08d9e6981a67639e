"""Keep-alives while a stream's first event is long in coming, for proxies on the way hang up on silence.

Until then another model may still be asked, or the status may still tell of an error. After `SILENCE` the answer begins
with what is certain; what is decided later is told in comments, and an error in the stream.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine

from gateway.dialects.dialect import CallerSide
from gateway.dispatch import EVENTS
from gateway.errors import Draining, GatewayError
from gateway.exchange import LEFT, Answer, Parts
from gateway.journey import Journey
from gateway.outgoing import decided
from gateway.streaming import SILENCE

_TOLD_LATER = (b"x-rungway-model", b"x-rungway-attempts", b"x-rungway-outcome", b"x-rungway-unchecked")


async def patiently(going: Coroutine[None, None, Answer], surface: CallerSide, journey: Journey) -> Answer:
    """The answer at its first event; after a while, one that begins without it."""
    task = asyncio.Task(going, loop=asyncio.get_running_loop(), eager_start=True)
    if not task.done():
        try:
            await asyncio.wait({task}, timeout=SILENCE)
        except asyncio.CancelledError as reason:
            task.cancel(*reason.args)
            await asyncio.wait({task})
            _let_go(task)
            raise
    if task.done():
        return task.result()
    headers = [*decided(journey), (b"content-type", EVENTS), (b"cache-control", b"no-cache")]
    return Answer(status=200, headers=headers, body=Waiting(task, surface))


class Waiting:
    """The body of an answer that is still being asked for."""

    def __init__(self, task: asyncio.Task[Answer], surface: CallerSide) -> None:
        self._task, self._surface = task, surface
        self._parts: Parts | None = None

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while not self._task.done():
            yield self._surface.keep_alive
            await asyncio.wait({self._task}, timeout=SILENCE)
        try:
            answer = self._task.result()
        except GatewayError as error:
            yield self._surface.stream_error(error)
            return
        if self._surface.takes_comments:
            yield comment(answer)
        if isinstance(answer.body, bytes):
            yield answer.body
            return
        self._parts = answer.body
        async for part in answer.body:
            yield part

    def stop(self) -> bytes:
        if self._parts is not None:
            return self._parts.stop()
        self._task.cancel()
        return self._surface.stream_error(Draining())

    def close(self) -> None:
        if self._parts is not None:
            self._parts.close()
        elif self._task.done():
            _let_go(self._task)
        else:
            self._task.cancel(LEFT)


def comment(answer: Answer) -> bytes:
    """What was not decided yet when the headers went."""
    told = b" ".join(b"%b=%b" % field for field in answer.headers if field[0] in _TOLD_LATER)
    return b": %b\n\n" % told


def _let_go(task: asyncio.Task[Answer]) -> None:
    """What came is not wanted any more."""
    if (
        not task.cancelled()
        and task.exception() is None
        and not isinstance(body := task.result().body, bytes)
    ):
        body.close()
