"""A bare pass-through: the gateway's server and client, and nothing in between."""

from __future__ import annotations

import os
from typing import Any

from gateway.egress import Egress, Url

URL = Url.parse(os.environ.get("UPSTREAM", "http://127.0.0.1:1/"))
HEADERS = ((b"content-type", b"application/json"), (b"authorization", b"Bearer sk-bench"))


class Passing:
    def __init__(self) -> None:
        self._egress: Egress | None = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await receive()
            self._egress = Egress(allowed=("127.0.0.0/8",))
            await send({"type": "lifespan.startup.complete"})
            await receive()
            await send({"type": "lifespan.shutdown.complete"})
        elif scope["path"] == "/readyz":
            await answer(send, b"ready")
        else:
            await self._pass(receive, send)

    async def _pass(self, receive: Any, send: Any) -> None:
        assert self._egress is not None
        message = await receive()
        response = await self._egress.send(b"POST", URL, HEADERS, message["body"])
        await send({"type": "http.response.start", "status": response.status, "headers": [KIND]})
        async for part in response:
            await send({"type": "http.response.body", "body": part, "more_body": True})
        await send({"type": "http.response.body", "body": b""})


KIND = (b"content-type", b"application/json")


async def answer(send: Any, body: bytes) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": body})


app = Passing()
