"""The form of a stream, where its address asks for another than events."""

from __future__ import annotations

from collections.abc import AsyncIterator

from msgspec.structs import replace

from gateway.dialects.framing import Frames, frames_for
from gateway.dispatch import EVENTS, JSON
from gateway.exchange import Answer, Call, Parts


def framed(answer: Answer, call: Call) -> Answer:
    content_type = (b"content-type", EVENTS)
    frames = frames_for(call.endpoint.surface, call.query)
    if frames is None or content_type not in answer.headers:
        return answer
    headers = [(b"content-type", JSON) if header == content_type else header for header in answer.headers]
    if isinstance(answer.body, bytes):
        return replace(answer, headers=headers, body=frames.feed(answer.body) + frames.end())
    return replace(answer, headers=headers, body=Framed(answer.body, frames))


class Framed:
    """Parts in another form."""

    def __init__(self, parts: Parts, frames: Frames) -> None:
        self._parts, self._frames = parts, frames

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for part in self._parts:
            if said := self._frames.feed(part):
                yield said
        yield self._frames.end()

    def stop(self) -> bytes:
        return self._frames.feed(self._parts.stop()) + self._frames.end()

    def close(self) -> None:
        self._parts.close()
