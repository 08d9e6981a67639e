"""The server that carries the gateway: what comes over one connection, well or badly, fast or slowly."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
import pytest_asyncio
from redis import Redis

from gateway.core.facts import Tier
from gateway.core.policy import Otherwise, Policy
from gateway.exchange import Answer
from gateway.front import Front
from gateway.incoming import BODY_IDLE
from gateway.server import connection as lines
from gateway.server.response import Clock
from tests.gateway.world import KEY, Served, serving_gateway, snapshot

pytestmark = pytest.mark.asyncio
LIGHT = Policy(baseline="openai/gpt-5", whitelist=("openai/*",), otherwise=Otherwise(tier=Tier.LIGHTWEIGHT))
BODY = msgspec.json.encode({"model": "x", "messages": [{"role": "user", "content": "hi"}]})
PATH = b"/router/support/v1/chat/completions"


@pytest_asyncio.fixture
async def served(redis: Redis, tmp_path: Path) -> AsyncIterator[Served]:
    async with serving_gateway(redis, tmp_path, snapshot(("support", LIGHT))) as running:
        yield running


@pytest_asyncio.fixture
async def caller(served: Served) -> AsyncIterator[Caller]:
    host, _, port = served.url.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    yield Caller(reader, writer)
    writer.close()
    await writer.wait_closed()


class Caller:
    """One connection, by hand."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    def send(self, data: bytes) -> None:
        self.writer.write(data)

    async def answer(self) -> tuple[int, dict[str, str], bytes]:
        async with asyncio.timeout(10):
            head = (await self.reader.readuntil(b"\r\n\r\n")).decode()
            status, *lines = head.strip().split("\r\n")
            headers = dict(line.split(": ", 1) for line in lines)
            body = await self.reader.readexactly(int(headers.get("content-length", "0")))
        return int(status.split()[1]), headers, body

    async def rest(self) -> bytes:
        async with asyncio.timeout(10):
            return await self.reader.read()


def request(*more: bytes, body: bytes = BODY, version: bytes = b"1.1", path: bytes = PATH) -> bytes:
    head = [
        b"POST %b HTTP/%b" % (path, version),
        b"Host: x",
        b"Authorization: Bearer %b" % KEY.encode(),
        b"Content-Type: application/json",
    ]
    length = (
        () if any(line.startswith(b"Transfer") for line in more) else (b"Content-Length: %d" % len(body),)
    )
    return b"\r\n".join([*head, *more, *length]) + b"\r\n\r\n" + body


async def test_a_connection_serves_again_and_again(caller: Caller) -> None:
    ids = set()
    for _ in range(3):
        caller.send(request())
        status, headers, body = await caller.answer()
        assert (status, msgspec.json.decode(body)["object"]) == (200, "chat.completion")
        assert "connection" not in headers
        assert headers["date"].endswith(" GMT")
        ids.add(headers["x-request-id"])
    assert len(ids) == 3


async def test_requests_sent_ahead_are_answered_in_their_order(caller: Caller) -> None:
    told = request(path=b"/nowhere")
    caller.send(request() + told + request() + told * 20 + request())
    statuses = [(await caller.answer())[0] for _ in range(24)]
    assert statuses == [200, 404, 200, *[404] * 20, 200]


async def test_a_request_may_come_byte_by_byte(caller: Caller) -> None:
    for byte in request():
        caller.send(bytes([byte]))
        await caller.writer.drain()
    assert (await caller.answer())[0] == 200


async def test_a_body_may_come_in_chunks(caller: Caller) -> None:
    chunks = b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in (BODY[:9], BODY[9:])) + b"0\r\n\r\n"
    caller.send(request(b"Transfer-Encoding: chunked", body=chunks))
    assert (await caller.answer())[0] == 200


async def test_who_asks_whether_to_go_on_is_told_to(caller: Caller) -> None:
    caller.send(request(b"Expect: 100-continue", body=BODY)[: -len(BODY)])
    assert (await caller.answer())[0] == 100
    caller.send(BODY)
    assert (await caller.answer())[0] == 200


async def test_who_may_not_send_its_body_is_not_told_to(caller: Caller) -> None:
    caller.send(request(b"Expect: 100-continue", path=b"/nowhere")[: -len(BODY)])
    status, headers, _ = await caller.answer()
    assert (status, headers["connection"]) == (404, "close")
    assert await caller.rest() == b""


@pytest.mark.parametrize(("asked", "kept"), [(b"keep-alive", True), (b"close", False), (b"", False)])
async def test_the_old_protocol(caller: Caller, asked: bytes, *, kept: bool) -> None:
    caller.send(request(*([b"Connection: " + asked] if asked else []), version=b"1.0"))
    status, headers, _ = await caller.answer()
    assert (status, headers["connection"]) == (200, "keep-alive" if kept else "close")
    if kept:
        caller.send(request())
        assert (await caller.answer())[0] == 200
    else:
        assert await caller.rest() == b""


async def test_the_old_protocol_has_no_chunks(caller: Caller) -> None:
    streamed = msgspec.json.encode({**msgspec.json.decode(BODY), "stream": True})
    caller.send(request(body=streamed, version=b"1.0"))
    head, _, body = (await caller.rest()).partition(b"\r\n\r\n")
    assert b"transfer-encoding" not in head
    assert body.startswith(b"data: ")
    assert b"data: [DONE]" in body


async def test_a_stream_leaves_the_connection_usable(served: Served) -> None:
    async with httpx.AsyncClient(limits=httpx.Limits(max_connections=1)) as client:
        for _ in range(3):
            answer = await client.post(
                served.url + PATH.decode(),
                json={**msgspec.json.decode(BODY), "stream": True},
                headers={"authorization": f"Bearer {KEY}"},
            )
            assert answer.headers["transfer-encoding"] == "chunked"
            assert "data: [DONE]" in answer.text


@pytest.mark.parametrize(
    "garbage",
    [b"\x16\x03\x01\x02\x00\x01", b"NONSENSE\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"POST / HTTP/1.1\r\na b: c\r\n\r\n"],
)  # fmt: skip
async def test_what_is_not_http_is_refused(caller: Caller, garbage: bytes) -> None:
    caller.send(garbage)
    assert (await caller.rest()).startswith(b"HTTP/1.1 400 Bad Request\r\n")


@pytest.mark.parametrize(
    "two",
    [
        (b"Content-Length: 4", b"Content-Length: 5"),
        (b"Content-Length: 4", b"Transfer-Encoding: chunked"),
        (b"Transfer-Encoding: chunked, identity",),
    ],
)
async def test_a_body_of_two_lengths_is_refused(caller: Caller, two: tuple[bytes, ...]) -> None:
    """Two readings of one request are how a second one is smuggled in."""
    head = b"\r\n".join([b"POST %b HTTP/1.1" % PATH, b"Host: x", *two])
    caller.send(head + b"\r\n\r\n0\r\n\r\nGET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
    answered = await caller.rest()
    assert answered.startswith(b"HTTP/1.1 4")
    assert answered.count(b"HTTP/1.1 ") == 1


async def test_a_head_without_end_is_cut_off(caller: Caller) -> None:
    caller.send(request()[: -len(BODY) - 2])
    for number in range(80):
        caller.send(b"X-%d: %b\r\n" % (number, b"a" * 1000))
    status, headers, body = await caller.answer()
    assert (status, headers["connection"]) == (431, "close")
    assert msgspec.json.decode(body)["error"]["code"] == "headers_too_large"


async def test_a_body_larger_than_it_said_is_cut_off(caller: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "MAX_BODY", 1000)
    caller.send(request(b"Transfer-Encoding: chunked", body=b"") + b"7d0\r\n" + b"a" * 2000)
    status, headers, body = await caller.answer()
    assert (status, headers["connection"]) == (413, "close")
    assert msgspec.json.decode(body)["error"]["code"] == "request_too_large"


class Table:
    """A connection over a transport that only notes what is done with it, and a clock that is set by hand."""

    def __init__(self, handle: Callable[[Any], Any]) -> None:
        self.at = 1000.0
        self.front = Front(handle, {})
        self.clock, self.connections = Clock(), set[Any]()
        self.loop = asyncio.get_running_loop()
        self.written, self.done = b"", ""
        self.connection = lines.Connection(self)  # type: ignore[arg-type]
        self.connection.connection_made(self)  # type: ignore[arg-type]

    def now(self) -> float:
        return self.at

    def forget(self, connection: Any) -> None: ...

    def write(self, data: bytes) -> None:
        self.written += data

    def can_write_eof(self) -> bool:
        return True

    def write_eof(self) -> None:
        self.done = "half closed"

    def close(self) -> None:
        self.done = "closed"

    def abort(self) -> None:
        self.done = "aborted"

    def resume_reading(self) -> None: ...

    def later(self, seconds: float) -> None:
        self.at += seconds
        self.connection.expire(self.at)


async def ok(call: Any) -> Answer:
    return Answer(status=200, headers=[], body=b"ok")


async def test_an_unused_connection_is_closed_after_its_time() -> None:
    table = Table(ok)
    table.connection.data_received(request())
    assert table.written.startswith(b"HTTP/1.1 200 OK")
    table.later(lines.KEPT - 1)
    assert table.done == ""
    table.later(1)
    assert table.done == "closed"


@pytest.mark.parametrize(("sent", "limit"), [(10, lines.HEAD_WITHIN), (-5, BODY_IDLE)])
async def test_a_slow_request_is_told_so(sent: int, limit: float) -> None:
    table = Table(ok)
    table.connection.data_received(request()[:sent])
    table.later(limit - 1)
    assert table.written == b""
    table.later(1)
    assert table.written.startswith(b"HTTP/1.1 408 ")
    assert table.done == "half closed"
    table.later(lines.LINGER)
    assert table.done == "closed"


async def test_who_does_not_read_its_answer_is_let_go() -> None:
    table = Table(ok)
    table.connection.pause_writing()
    table.later(lines.UNREAD)
    assert table.done == "aborted"


async def test_while_an_answer_is_made_nobody_is_too_slow() -> None:
    under_way = asyncio.Event()

    async def slow(call: Any) -> Answer:
        await under_way.wait()
        return await ok(call)

    table = Table(slow)
    table.connection.data_received(request())
    table.later(3600)
    assert table.done == ""
    under_way.set()
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert table.written.startswith(b"HTTP/1.1 200 OK")
