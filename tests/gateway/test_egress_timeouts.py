"""Every wait has an end of its own kind, and nothing stays open behind it."""

from __future__ import annotations

import asyncio
import socket
import time

import pytest

from gateway.egress import (
    ConnectTimeout,
    DeadlineExceeded,
    Egress,
    FirstByteTimeout,
    IdleTimeout,
    Timeouts,
    TlsFailed,
    Url,
)
from gateway.egress import pool as pools
from tests.gateway.upstream import HEADERS, Visit, always, answer, once, post, upstream

BEGUN = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n"
SHORT = 0.15


async def test_headers_that_never_come(egress: Egress) -> None:
    async with upstream(once()) as server:
        begun = time.monotonic()
        with pytest.raises(FirstByteTimeout):
            await post(egress, server.url(), timeouts=Timeouts(first_byte=SHORT))
        assert SHORT - 0.01 <= time.monotonic() - begun < SHORT + 0.3
        await asyncio.wait_for(server.left.wait(), 1)


async def test_headers_that_drip_do_not_put_off_the_time(egress: Egress) -> None:
    async def behave(visit: Visit) -> None:
        await visit.request()
        while True:
            await visit.say(b"H")
            await asyncio.sleep(SHORT / 5)

    async def drip(visit: Visit) -> None:
        await visit.request()
        await visit.say(b"HTTP/1.1 200 OK\r\n")
        while True:
            await visit.say(b"x-a: 1\r\n")
            await asyncio.sleep(SHORT / 5)

    async with upstream(drip) as server:
        with pytest.raises(FirstByteTimeout):
            await post(egress, server.url(), timeouts=Timeouts(first_byte=SHORT))


async def test_interim_responses_do_not_put_off_the_time(egress: Egress) -> None:
    async def behave(visit: Visit) -> None:
        await visit.request()
        for _ in range(5):
            await visit.say(b"HTTP/1.1 100 Continue\r\n\r\n")
            await asyncio.sleep(SHORT / 3)
        await visit.gone()

    async with upstream(behave) as server:
        with pytest.raises(FirstByteTimeout):
            await post(egress, server.url(), timeouts=Timeouts(first_byte=SHORT))


async def test_a_body_that_stalls(egress: Egress) -> None:
    async with upstream(once(BEGUN)) as server:
        response = await egress.send(b"POST", server.url(), HEADERS, b"{}", Timeouts(idle=SHORT))
        assert await anext(response) == b"hello"
        begun = time.monotonic()
        with pytest.raises(IdleTimeout):
            await anext(response)
        assert time.monotonic() - begun < SHORT + 0.3
        await asyncio.wait_for(server.left.wait(), 0.2)


async def test_a_body_that_stalls_while_it_is_read_whole(egress: Egress) -> None:
    async with upstream(once(BEGUN)) as server:
        with pytest.raises(IdleTimeout):
            await post(egress, server.url(), timeouts=Timeouts(idle=SHORT))


async def test_a_slow_stream_that_lives_is_not_cut(egress: Egress) -> None:
    async def behave(visit: Visit) -> None:
        await visit.request()
        await visit.say(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
        for _ in range(8):
            await asyncio.sleep(SHORT / 2)
            await visit.say(b"1\r\nx\r\n")
        await visit.say(b"0\r\n\r\n")
        await visit.gone()

    async with upstream(behave) as server:
        assert await post(egress, server.url(), timeouts=Timeouts(idle=SHORT)) == b"x" * 8


async def test_a_drip_ends_with_the_deadline(egress: Egress) -> None:
    async def behave(visit: Visit) -> None:
        await visit.request()
        await visit.say(b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n")
        while True:
            await visit.say(b"x")
            await asyncio.sleep(SHORT / 5)

    async with upstream(behave) as server:
        begun = time.monotonic()
        with pytest.raises(DeadlineExceeded):
            await post(egress, server.url(), timeouts=Timeouts(idle=SHORT, total=SHORT * 3))
        assert time.monotonic() - begun < SHORT * 3 + 0.3
        await asyncio.wait_for(server.left.wait(), 1)


async def test_the_deadline_counts_before_the_headers_too(egress: Egress) -> None:
    async with upstream(once()) as server:
        with pytest.raises(DeadlineExceeded):
            await post(egress, server.url(), timeouts=Timeouts(total=SHORT))


async def test_a_short_time_after_a_long_one_on_the_same_connection(egress: Egress) -> None:
    """The one timer of a connection has to come forward."""

    async def behave(visit: Visit) -> None:
        await visit.request()
        await visit.say(answer())
        await visit.request()
        await visit.gone()

    async with upstream(behave) as server:
        await post(egress, server.url(), timeouts=Timeouts(first_byte=60))
        begun = time.monotonic()
        with pytest.raises(FirstByteTimeout):
            await post(egress, server.url(), timeouts=Timeouts(first_byte=SHORT))
        assert time.monotonic() - begun < SHORT + 0.3
        assert server.accepted == 1


async def test_a_large_request_that_gets_on_is_not_late(egress: Egress) -> None:
    """The server reads slowly; the time for its first byte runs while nothing moves."""

    async def behave(visit: Visit) -> None:
        _, length = await visit.head()
        for place in range(length >> 20):
            await visit.take(1 << 20)
            await asyncio.sleep(SHORT / 2 if place < 8 else 0)
        await visit.say(answer(b"got it"))
        await visit.gone()

    async with upstream(behave) as server:
        body = b"x" * (24 << 20)
        patience = Timeouts(first_byte=SHORT, idle=SHORT)
        assert await post(egress, server.url(), body, patience) == b"got it"


async def test_a_large_request_that_is_never_read_is_late(egress: Egress) -> None:
    hold = asyncio.Event()

    async def behave(visit: Visit) -> None:
        await hold.wait()

    async with upstream(behave) as server:
        with pytest.raises(FirstByteTimeout):
            await post(egress, server.url(), b"x" * (24 << 20), Timeouts(first_byte=SHORT, idle=SHORT))
        hold.set()


async def test_a_host_that_does_not_answer_to_connecting(egress: Egress) -> None:
    """A backlog that is full: the kernel drops what knocks."""
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        port = full.getsockname()[1]
        fillers = [socket.socket() for _ in range(4)]
        try:
            for filler in fillers:
                filler.setblocking(False)
                filler.connect_ex(("127.0.0.1", port))
            begun = time.monotonic()
            with pytest.raises(ConnectTimeout):
                await post(egress, Url.parse(f"http://127.0.0.1:{port}/"), timeouts=Timeouts(connect=SHORT))
            assert time.monotonic() - begun < SHORT + 0.1
        finally:
            for filler in fillers:
                filler.close()


async def test_a_handshake_that_hangs_is_a_failure_to_connect() -> None:
    egress = Egress(allowed=["127.0.0.0/8"])
    async with upstream(once()) as server:
        with pytest.raises((ConnectTimeout, TlsFailed)):
            await post(egress, server.url(scheme="https"), timeouts=Timeouts(connect=SHORT))
        await asyncio.wait_for(server.left.wait(), 1)
    await egress.aclose()


async def test_one_dead_address_does_not_use_up_the_time() -> None:
    """Of two addresses the first is silent; the second gets its turn."""

    async def lookup(host: str, port: int) -> list[str]:
        return ["127.0.0.2", "127.0.0.1"]

    egress = Egress(allowed=["127.0.0.0/8"], lookup=lookup)
    async with upstream(always(answer(b"second"))) as server:
        assert await post(egress, server.url(host="two.test"), timeouts=Timeouts(connect=1)) == b"second"
    assert pools.MOST_TRIED >= 2
    await egress.aclose()
