"""What Python costs at least: our own server and our own client, and no duty between them.

python -m tests.bench.floor --port PORT
"""

from __future__ import annotations

import argparse
import asyncio
import os
import socket
from types import SimpleNamespace
from typing import Any, cast

import uvloop

from gateway.egress import Egress, Url
from gateway.exchange import Answer
from gateway.front import Opened
from gateway.server.connection import Connection
from gateway.server.response import Clock
from gateway.server.serve import Server

URL = Url.parse(os.environ.get("UPSTREAM", "http://127.0.0.1:1/"))
HEADERS = ((b"content-type", b"application/json"), (b"authorization", b"Bearer sk-bench"))
KIND = (b"content-type", b"application/json")


class Floor:
    """In the front's place: it looks at nothing but the path of a probe."""

    def __init__(self) -> None:
        self._egress = Egress(allowed=("127.0.0.0/8",))

    def open(self, method: str, target: bytes, fields: list[tuple[bytes, bytes]]) -> Opened:
        return Opened(method=method, surface="", query=target)

    async def answer(self, opened: Opened, body: bytes) -> Answer:
        if opened.query == b"/readyz":
            return Answer(status=200, headers=[], body=b"ready")
        response = await self._egress.send(b"POST", URL, HEADERS, body)
        return Answer(status=response.status, headers=[KIND], body=await response.read())


async def main(port: int) -> None:
    loop = asyncio.get_running_loop()
    server: Any = SimpleNamespace(
        loop=loop, now=loop.time, front=Floor(), clock=Clock(), connections=set(), forget=lambda _: None
    )
    listener = socket.create_server(("127.0.0.1", port))
    made = await loop.create_server(lambda: Connection(cast(Server, server)), sock=listener, backlog=2048)
    await made.serve_forever()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    uvloop.run(main(parser.parse_args().port))
