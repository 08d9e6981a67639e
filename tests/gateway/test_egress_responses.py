"""Whatever a server sends is either a response or an error of our own tree."""

from __future__ import annotations

import asyncio
import gzip
import resource
import zlib
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.egress import (
    ConnectionCut,
    Egress,
    EgressError,
    InvalidResponse,
    Response,
    ResponseTooLarge,
    Timeouts,
)
from gateway.egress.response import Decoder
from tests.gateway.upstream import HEADERS, Upstream, Visit, always, answer, chunked, once, post, upstream

EVENTS = b'data: {"a":"\xc3\xa9"}\n\ndata: {"b":2}\r\n\r\n: ping\n\ndata: [DONE]\n\n'
STREAM = chunked(EVENTS[:7], EVENTS[7:8], EVENTS[8:])


async def test_a_stream_cut_at_every_byte_reads_the_same(egress: Egress) -> None:
    async def behave(visit: Visit) -> None:
        for place in range(len(STREAM)):
            await visit.request()
            await visit.say(STREAM[:place])
            await asyncio.sleep(0)
            await visit.say(STREAM[place:])

    async with upstream(behave) as server:
        for _ in range(len(STREAM)):
            response = await egress.send(b"POST", server.url(), HEADERS, b"{}")
            assert b"".join([chunk async for chunk in response]) == EVENTS
        assert server.accepted == 1


async def test_a_stream_byte_by_byte(egress: Egress) -> None:
    async with upstream(once(*(STREAM[at : at + 1] for at in range(len(STREAM))))) as server:
        assert await post(egress, server.url()) == EVENTS


async def test_what_comes_together_is_handed_on_together(egress: Egress) -> None:
    """A hundred events in one segment are one message, not a hundred."""
    async with upstream(once(chunked(*[b"data: x\n\n"] * 100))) as server:
        response = await egress.send(b"POST", server.url(), HEADERS, b"{}")
        chunks = [chunk async for chunk in response]
        assert b"".join(chunks) == b"data: x\n\n" * 100
        assert len(chunks) <= 2


@pytest.mark.parametrize("kind", ["fin", "rst"])
@pytest.mark.parametrize("place", [0, 10, 60, 70, -8, -1])
async def test_a_cut_is_never_the_end(egress: Egress, kind: str, place: int) -> None:
    async def behave(visit: Visit) -> None:
        await visit.request()
        await visit.say(STREAM[:place])
        await asyncio.sleep(0.02)
        visit.reset() if kind == "rst" else visit.close()

    async with upstream(behave) as server:
        with pytest.raises(ConnectionCut):
            await post(egress, server.url())


@pytest.mark.parametrize("pause", [0.02, 0])
@pytest.mark.parametrize("kind", ["fin", "rst"])
async def test_what_came_before_a_cut_is_handed_on(egress: Egress, kind: str, pause: float) -> None:
    async def behave(visit: Visit) -> None:
        await visit.request()
        await visit.say(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n")
        await asyncio.sleep(pause)
        visit.reset() if kind == "rst" and pause else visit.close()

    async with upstream(behave) as server:
        response = await egress.send(b"POST", server.url(), HEADERS, b"{}")
        assert await anext(response) == b"hello"
        with pytest.raises(ConnectionCut):
            await anext(response)
        with pytest.raises(ConnectionCut):
            await anext(response)


async def test_a_short_content_length_body_is_cut(egress: Egress) -> None:
    async def behave(visit: Visit) -> None:
        await visit.request()
        await visit.say(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n12345")

    async with upstream(behave) as server:
        with pytest.raises(ConnectionCut):
            await post(egress, server.url())


async def test_a_body_without_length_ends_with_the_connection(egress: Egress) -> None:
    async def behave(visit: Visit) -> None:
        await visit.request()
        await visit.say(b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\n\r\nall of it")

    async with upstream(behave) as server:
        assert await post(egress, server.url()) == b"all of it"
        assert await post(egress, server.url()) == b"all of it"
        assert server.accepted == 2


async def test_no_content_has_no_body(egress: Egress) -> None:
    async with upstream(always(b"HTTP/1.1 204 No Content\r\n\r\n")) as server:
        for _ in range(3):
            assert await post(egress, server.url()) == b""
        assert server.accepted == 1


async def test_a_head_request_has_no_body(egress: Egress) -> None:
    async with upstream(always(b"HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n")) as server:
        response = await egress.send(b"HEAD", server.url(), [])
        assert (response.status, await response.read()) == (200, b"")


async def test_interim_responses_are_skipped(egress: Egress) -> None:
    early = b"HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n"
    async with upstream(always(b"HTTP/1.1 100 Continue\r\n\r\n", early, answer(b"ok", b"x-a: 1"))) as server:
        for _ in range(3):
            response = await egress.send(b"POST", server.url(), HEADERS, b"{}")
            assert (response.status, response.header(b"link"), response.header(b"x-a")) == (200, None, b"1")
            assert await response.read() == b"ok"
        assert server.accepted == 1


@pytest.mark.parametrize(
    "line", [b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n"]
)
async def test_a_flood_of_interim_responses(egress: Egress, line: bytes) -> None:
    async with upstream(once(line * 10_000)) as server:
        with pytest.raises(InvalidResponse, match="interim"):
            await post(egress, server.url())


@pytest.mark.parametrize(
    "bad",
    [
        b"HTTP/1.1 99 Low\r\ncontent-length: 0\r\n\r\n",
        b"HTTP/1.1 099 Low\r\ncontent-length: 0\r\n\r\n",
        b"HTTP/1.1 600 High\r\ncontent-length: 0\r\n\r\n",
        b"HTTP/1.1 999 High\r\ncontent-length: 0\r\n\r\n",
        b"HTTP/1.1 101 Switching\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n",
        b"HTTP/1.1 2x0 OK\r\n\r\n",
        b"HTTP/9.9 200 OK\r\n\r\n",
        b"<html>not http</html>",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\ncontent-length: -5\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\ncontent-length: +5\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\ncontent-length: 0x5\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\ncontent-length: 99999999999999999999\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nx-a: 1\rx-b: 2\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nx-a: 1\0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nx a: 1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\nhello\r\n",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n-5\r\nhello\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nffffffffffffffffff\r\nhello\r\n",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nhello\r\n0\r\n\r\n",
    ],
)
async def test_what_is_not_http(egress: Egress, bad: bytes) -> None:
    async with upstream(once(bad)) as server:
        with pytest.raises(InvalidResponse):
            await post(egress, server.url(), timeouts=Timeouts(first_byte=1, idle=1))
        await asyncio.wait_for(server.left.wait(), 1)


@pytest.mark.parametrize(
    "head",
    [
        b"x-a: " + b"a" * 200_000 + b"\r\n",
        b"x-a: 1\r\n" * 10_000,
        b"x-%d: 1\r\n" * 600,
        b"set-cookie: " + b"a" * 70_000 + b"\r\n",
        b"a" * 200_000,
    ],
)
async def test_headers_without_measure(egress: Egress, head: bytes) -> None:
    async with upstream(once(b"HTTP/1.1 200 OK\r\n", head, b"content-length: 0\r\n\r\n")) as server:
        with pytest.raises((ResponseTooLarge, InvalidResponse)):
            await post(egress, server.url())
        await asyncio.wait_for(server.left.wait(), 1)


async def test_trailers_and_chunk_extensions_without_measure(egress: Egress) -> None:
    begun = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n"
    for endless in (b"0\r\nx-a: " + b"a" * 1_000_000, b"5;" + b"e" * 1_000_000):
        async with upstream(once(begun, endless)) as server:
            with pytest.raises((ResponseTooLarge, InvalidResponse)):
                await post(egress, server.url())


async def test_a_body_over_the_cap(egress: Egress) -> None:
    declared = b"HTTP/1.1 200 OK\r\ncontent-length: 2000000\r\n\r\n" + b"x" * 1000
    for said in ([declared], [chunked(b"x" * 400_000, b"x" * 800_000)], [answer(b"x" * 1_000_001)]):
        async with upstream(once(*said)) as server:
            response = await egress.send(b"POST", server.url(), HEADERS, b"{}")
            with pytest.raises(ResponseTooLarge):
                await response.read(cap=1_000_000)
            await asyncio.wait_for(server.left.wait(), 1) if said[0] is declared else None


async def test_a_body_just_under_the_cap(egress: Egress) -> None:
    async with upstream(once(answer(b"x" * 1_000_000))) as server:
        response = await egress.send(b"POST", server.url(), HEADERS, b"{}")
        assert len(await response.read(cap=1_000_000)) == 1_000_000


async def test_an_endless_body_stops_at_the_cap(egress: Egress) -> None:
    async def behave(visit: Visit) -> None:
        await visit.request()
        await visit.say(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
        while True:
            await visit.say(b"10000\r\n" + b"x" * 65536 + b"\r\n")

    async with upstream(behave) as server:
        before = peak_memory()
        with pytest.raises(ResponseTooLarge):
            await post(egress, server.url())
        assert peak_memory() - before < 160 << 20  # twice 64 MiB would be a copy of it
        await asyncio.wait_for(server.left.wait(), 1)


@pytest.mark.parametrize(
    ("name", "packed"),
    [
        (b"gzip", gzip.compress(EVENTS)),
        (b"x-gzip", gzip.compress(EVENTS)),
        (b"GZIP", gzip.compress(EVENTS)),
        (b"deflate", zlib.compress(EVENTS)),
        (b"identity", EVENTS),
    ],
    ids=["gzip", "x-gzip", "upper case", "deflate", "identity"],
)
async def test_a_provider_that_compresses_unasked(egress: Egress, name: bytes, packed: bytes) -> None:
    encoded = b"content-encoding: " + name
    async with upstream(always(answer(packed, encoded))) as server:
        response = await egress.send(b"POST", server.url(), HEADERS, b"{}")
        assert await response.read() == EVENTS
        response = await egress.send(b"POST", server.url(), HEADERS, b"{}")
        assert b"".join([chunk async for chunk in response]) == EVENTS
        assert response.header(b"content-encoding") in {None, b"identity"}


@pytest.mark.parametrize("name", [b"br", b"zstd", b"gzip, gzip", b"compress"])
async def test_an_encoding_nobody_asked_for(egress: Egress, name: bytes) -> None:
    async with upstream(always(answer(b"whatever", b"content-encoding: " + name))) as server:
        with pytest.raises(InvalidResponse):
            await post(egress, server.url())


@pytest.mark.parametrize(
    "packed",
    [gzip.compress(EVENTS)[:-4], b"not gzip at all", gzip.compress(EVENTS) + b"junk"],
    ids=["short", "other", "long"],
)
async def test_a_compressed_body_that_is_broken(egress: Egress, packed: bytes) -> None:
    async with upstream(always(answer(packed, b"content-encoding: gzip"))) as server:
        with pytest.raises(InvalidResponse):
            await post(egress, server.url())


async def test_a_compression_bomb_does_not_go_off(egress: Egress) -> None:
    async with upstream(always(answer(bomb(), b"content-encoding: gzip"))) as server:
        before = peak_memory()
        with pytest.raises(ResponseTooLarge):
            await post(egress, server.url())
        response = await egress.send(b"POST", server.url(), HEADERS, b"{}")
        with pytest.raises(ResponseTooLarge):
            await all_of(response)
        assert peak_memory() - before < 64 << 20


@given(st.binary(max_size=2000), st.integers(1, 400))
def test_decoding_anything(data: bytes, step: int) -> None:
    decoder = Decoder(b"gzip")
    try:
        for at in range(0, len(data), step):
            decoder.decode(data[at : at + step])
    except EgressError:
        pass


@cache
def bomb() -> bytes:
    """300 MB of spaces in 300 KB."""
    packer = zlib.compressobj(wbits=zlib.MAX_WBITS | 16)
    return b"".join(packer.compress(b" " * 1_000_000) for _ in range(300)) + packer.flush()


async def all_of(response: Response) -> list[bytes]:
    return [chunk async for chunk in response]


def peak_memory() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10


# Bytes that look like HTTP more often than not.
PARTS = st.one_of(
    st.sampled_from(
        [
            b"HTTP/1.1 200 OK\r\n",
            b"HTTP/1.0 503 Busy\r\n",
            b"HTTP/1.1 100 Continue\r\n\r\n",
            b"HTTP/1.1 204 No Content\r\n",
            b"content-length: 5\r\n",
            b"content-length: 0\r\n",
            b"transfer-encoding: chunked\r\n",
            b"content-encoding: gzip\r\n",
            b"connection: close\r\n",
            b"\r\n",
            b"\n",
            b"5\r\nhello\r\n",
            b"0\r\n\r\n",
            b"hello",
            gzip.compress(b"hello"),
        ]
    ),
    st.binary(max_size=40),
)


@settings(max_examples=300, deadline=None)
@given(parts=st.lists(PARTS, max_size=8), ending=st.sampled_from(["close", "reset", "stay"]))
def test_no_bytes_lead_out_of_the_error_tree(parts: list[bytes], ending: str) -> None:
    async def behave(visit: Visit) -> None:
        await visit.request()
        await visit.say(*parts)
        if ending == "stay":
            await visit.gone()
        elif ending == "reset":
            visit.reset()

    async def run() -> None:
        troubles: list[object] = []
        asyncio.get_running_loop().set_exception_handler(lambda _, context: troubles.append(context))
        egress = Egress(allowed=["127.0.0.0/8"])
        server: Upstream
        async with upstream(behave) as server:
            for _ in range(2):
                try:
                    response = await egress.send(b"POST", server.url(), HEADERS, b"{}", BRIEF)
                    assert 200 <= response.status < 600
                    await response.read()
                except EgressError:
                    pass
            await egress.aclose()
        assert not troubles

    asyncio.run(run())


BRIEF = Timeouts(connect=1, first_byte=0.03, idle=0.03)
