"""The simulated providers on a free port, inside the test's own event loop."""

from __future__ import annotations

import asyncio
import random
import socket
from collections.abc import AsyncIterator, Generator
from contextlib import asynccontextmanager, contextmanager
from math import inf
from pathlib import Path
from typing import Any

import msgspec
import uvicorn

from gateway.simulator import Simulator
from gateway.simulator.statement import Line


@asynccontextmanager
async def running_simulator(
    *, log: Path | None = None, speed: float = inf, seed: int = 7
) -> AsyncIterator[str]:
    """Its address: append `/openai/v1` or `/anthropic` for what an SDK of that provider takes."""
    app = Simulator(log=str(log or ""), speed=speed, dice=random.Random(seed))
    async with serving(app) as url:
        yield url


@asynccontextmanager
async def serving(app: Any, **options: Any) -> AsyncIterator[str]:
    """Any ASGI application, on a free port of the loopback."""
    # With its protocol named: asyncio turns off Nagle's delay only where it sees that.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.bind(("127.0.0.1", 0))
    config = uvicorn.Config(app, http="httptools", log_level="error", timeout_graceful_shutdown=1, **options)
    server = Announcing(config)
    serve = asyncio.create_task(server.serve([listener]))
    try:
        await server.ready.wait()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        await serve
        listener.close()


class Announcing(uvicorn.Server):
    """Says when it is ready, and leaves the signals to the test run."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready.set()

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        yield


def statement(log: Path) -> list[Line]:
    return [msgspec.json.decode(line, type=Line) for line in log.read_bytes().splitlines()]
