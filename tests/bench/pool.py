"""What a request costs in client CPU: the pool beside a bare socket and httpx. Run it alone on a quiet machine.

    python tests/bench/pool.py [--connections 32] [--seconds 3] [--uvloop]

The server is a tiny one in a process of its own; microseconds are this process's CPU time a request, so that the
server's share is not counted.
"""

from __future__ import annotations

import argparse
import asyncio
import multiprocessing
import socket
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import cast

sys.path.insert(0, str(Path(__file__).parents[2]))

import httpx
import uvloop

from gateway.egress import Egress, PoolTransport, Url

BODY = b'{"model":"m","messages":[{"role":"user","content":"' + b"x" * 940 + b'"}]}'
HEADERS = [
    (b"content-type", b"application/json"),
    (b"authorization", b"Bearer sk-simulated-0000000000000000"),
]
ANSWER = (
    b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 1024\r\nx-request-id: req_1\r\n"
    b"date: Tue, 24 Nov 2026 11:00:00 GMT\r\nserver: bench\r\n\r\n" + b"x" * 1024
)

type Ask = Callable[[], Awaitable[object]]


class Server(asyncio.Protocol):
    """Answers once for every request line; reads nothing else of it."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._seen = b""

    def data_received(self, data: bytes) -> None:
        self._seen += data
        while (end := self._seen.find(b"\r\n\r\n")) >= 0 and len(self._seen) >= end + 4 + len(BODY):
            self._seen = self._seen[end + 4 + len(BODY) :]
            self._transport.write(ANSWER)


def serve(listener: socket.socket) -> None:
    async def forever() -> None:
        server = await asyncio.get_running_loop().create_server(Server, sock=listener)
        await server.serve_forever()

    uvloop.run(forever())


async def bare(port: int) -> Callable[[], Ask]:
    """As little as a client can do: one write, reads until the answer's known length is there."""

    def client() -> Ask:
        waiting: asyncio.Future[None] | None = None
        transport: asyncio.Transport | None = None
        got = 0
        request = b"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-length: %d\r\n\r\n%b" % (
            len(BODY),
            BODY,
        )

        class Client(asyncio.Protocol):
            def data_received(self, data: bytes) -> None:
                nonlocal got
                got += len(data)
                if got >= len(ANSWER) and waiting is not None:
                    got = 0
                    waiting.set_result(None)

        async def ask() -> None:
            nonlocal waiting, transport
            loop = asyncio.get_running_loop()
            if transport is None:
                transport, _ = await loop.create_connection(Client, "127.0.0.1", port)
            waiting = loop.create_future()
            transport.write(request)
            await waiting

        return ask

    return client


async def pool(port: int) -> Callable[[], Ask]:
    egress = Egress(allowed=["127.0.0.0/8"])
    url = Url.parse(f"http://127.0.0.1:{port}/v1/chat/completions")

    async def ask() -> bytes:
        response = await egress.send(b"POST", url, HEADERS, BODY)
        return await response.read()

    return lambda: ask


async def over_httpx(port: int, transport: httpx.AsyncBaseTransport | None) -> Callable[[], Ask]:
    limits = httpx.Limits(max_connections=256, max_keepalive_connections=256)
    client = httpx.AsyncClient(transport=transport, trust_env=False, limits=limits)
    url = f"http://127.0.0.1:{port}/v1/chat/completions"

    async def ask() -> bytes:
        return (
            await client.post(url, content=BODY, headers=[(n.decode(), v.decode()) for n, v in HEADERS])
        ).content

    return lambda: ask


async def measure(client: Callable[[], Ask], connections: int, seconds: float) -> tuple[float, float]:
    """CPU microseconds a request, and requests a second."""
    done = 0
    stop = time.perf_counter() + 0.5

    async def loop(ask: Ask) -> None:
        nonlocal done
        while time.perf_counter() < stop:
            await ask()
            done += 1

    asks = [client() for _ in range(connections)]
    await asyncio.gather(*map(loop, asks))  # warm
    done, stop = 0, time.perf_counter() + seconds
    cpu, wall = time.process_time(), time.perf_counter()
    await asyncio.gather(*map(loop, asks))
    return (time.process_time() - cpu) / done * 1e6, done / (time.perf_counter() - wall)


async def main(port: int, connections: int, seconds: float) -> None:
    kinds: dict[str, Callable[[], Awaitable[Callable[[], Ask]]]] = {
        "bare socket": lambda: bare(port),
        "pool": lambda: pool(port),
        "httpx over the pool": lambda: over_httpx(port, PoolTransport(Egress(allowed=["127.0.0.0/8"]))),
        "httpx": lambda: over_httpx(port, None),
    }
    print(f"{'client':<22}{'CPU us/request':>16}{'requests/s':>14}")
    for name, make in kinds.items():
        cpu, rate = await measure(await make(), connections, seconds)
        print(f"{name:<22}{cpu:>16.1f}{rate:>14,.0f}", flush=True)


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--connections", type=int, default=32)
    options.add_argument("--seconds", type=float, default=3.0)
    options.add_argument("--uvloop", action="store_true")
    chosen = options.parse_args()
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.bind(("127.0.0.1", 0))
    listener.listen(512)
    server = multiprocessing.get_context("fork").Process(target=serve, args=(listener,), daemon=True)
    server.start()
    run = uvloop.run if chosen.uvloop else asyncio.run
    run(main(listener.getsockname()[1], chosen.connections, chosen.seconds))
    server.terminate()
    server.join()
