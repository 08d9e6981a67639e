"""Connections are kept, counted, bounded and given up."""

from __future__ import annotations

import asyncio

import pytest

from gateway.egress import (
    ConnectFailed,
    ConnectionCut,
    ConnectTimeout,
    Egress,
    InvalidRequest,
    Response,
    Timeouts,
    TooManyWaiting,
    Url,
)
from gateway.egress import connection as connections
from gateway.egress import pool as pools
from tests.gateway.upstream import HEADERS, Visit, always, answer, chunked, once, post, until, upstream


async def test_a_request_arrives_as_it_was_meant(egress: Egress) -> None:
    seen: list[bytes] = []

    async def behave(visit: Visit) -> None:
        seen.append(await visit.request())
        await visit.say(answer(b"hello", b"X-Request-ID: req_1"))

    async with upstream(behave) as server:
        url = server.url("/v1/chat?beta=true")
        response = await egress.send(b"POST", url, [(b"authorization", b"Bearer k")], b'{"a":1}')
        assert (response.status, response.header(b"x-request-id")) == (200, b"req_1")
        assert await response.read() == b"hello"
    assert seen == [
        b"POST /v1/chat?beta=true HTTP/1.1\r\nhost: 127.0.0.1:%d\r\naccept-encoding: identity\r\n"
        % server.port
        + b'authorization: Bearer k\r\ncontent-length: 7\r\n\r\n{"a":1}'
    ]


async def test_one_connection_serves_request_after_request(egress: Egress) -> None:
    async with upstream(always(answer(b"one"))) as server:
        for _ in range(20):
            assert await post(egress, server.url()) == b"one"
        assert server.accepted == 1


async def test_streams_and_large_bodies_keep_the_connection(egress: Egress) -> None:
    async with upstream(always(chunked(b"a" * 300_000, b"b" * 300_000))) as server:
        for _ in range(5):
            assert len(await post(egress, server.url(), b"x" * 500_000)) == 600_000
        response = await egress.send(b"POST", server.url(), HEADERS, b"{}")
        assert sum([len(chunk) async for chunk in response]) == 600_000
        assert server.accepted == 1


async def test_as_many_connections_as_requests_at_once(egress: Egress) -> None:
    async with upstream(always(answer())) as server:
        for _ in range(3):
            await asyncio.gather(*(post(egress, server.url()) for _ in range(20)))
        assert server.accepted == 20


async def test_origins_do_not_share_connections(egress: Egress) -> None:
    async with upstream(always(answer(b"one"))) as one, upstream(always(answer(b"two"))) as two:
        for _ in range(3):
            assert await post(egress, one.url()) == b"one"
            assert await post(egress, two.url()) == b"two"
        assert (one.accepted, two.accepted) == (1, 1)


async def test_the_server_may_ask_to_close(egress: Egress) -> None:
    async with upstream(always(answer(b"bye", b"connection: close"))) as server:
        for _ in range(3):
            assert await post(egress, server.url()) == b"bye"
        assert server.accepted == 3


async def test_http_1_0_is_not_kept(egress: Egress) -> None:
    async with upstream(once(b"HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\nok")) as server:
        assert await post(egress, server.url()) == b"ok"
        assert await post(egress, server.url()) == b"ok"
        assert server.accepted == 2


async def test_a_connection_given_up_by_the_server_is_replaced(egress: Egress) -> None:
    """It had answered before, and is closed on the next request without a byte: asked once more, on a new one."""
    got: list[bytes] = []

    async def behave(visit: Visit) -> None:
        got.append(await visit.request())
        await visit.say(answer(b"first"))
        got.append(await visit.request())
        if server.accepted == 2:
            await visit.say(answer(b"second"))
        visit.reset()

    async with upstream(behave) as server:
        assert await post(egress, server.url()) == b"first"
        assert await post(egress, server.url(), b'{"n":2}') == b"first"
        assert server.accepted == 2
        assert [one[-7:] for one in got[1:]] == [b'{"n":2}', b'{"n":2}']


async def test_a_new_connection_that_is_cut_is_not_tried_again(egress: Egress) -> None:
    async def behave(visit: Visit) -> None:
        await visit.request()

    async with upstream(behave) as server:
        with pytest.raises(ConnectionCut):
            await post(egress, server.url())
        assert server.accepted == 1


async def test_a_byte_of_an_answer_is_an_answer(egress: Egress) -> None:
    async def behave(visit: Visit) -> None:
        await visit.request()
        await visit.say(answer())
        await visit.request()
        await visit.say(b"H")

    async with upstream(behave) as server:
        await post(egress, server.url())
        with pytest.raises(ConnectionCut):
            await post(egress, server.url())
        assert server.accepted == 1


async def test_bytes_nobody_asked_for_end_the_connection(egress: Egress) -> None:
    """Else the next request, perhaps another tenant's, would get them for an answer."""

    async def behave(visit: Visit) -> None:
        await visit.request()
        await visit.say(answer(b"mine") + answer(b"planted"))
        await visit.gone()

    async with upstream(behave) as server:
        assert await post(egress, server.url()) == b"mine"
        assert await post(egress, server.url()) == b"mine"
        assert server.accepted == 2


async def test_bytes_on_a_waiting_connection_end_it(egress: Egress) -> None:
    planted = asyncio.Event()

    async def behave(visit: Visit) -> None:
        await visit.request()
        await visit.say(answer(b"mine"))
        await planted.wait()
        await visit.say(answer(b"planted", status=b"408 Timeout"))
        await visit.gone()

    async with upstream(behave) as server:
        assert await post(egress, server.url()) == b"mine"
        planted.set()
        await asyncio.wait_for(server.left.wait(), 5)
        assert await post(egress, server.url()) == b"mine"
        assert server.accepted == 2


async def test_no_more_than_so_many_connections() -> None:
    hold = asyncio.Event()

    async def behave(visit: Visit) -> None:
        while True:
            await visit.request()
            await hold.wait()
            await visit.say(answer())

    egress = Egress(allowed=["127.0.0.0/8"], max_connections=3)
    async with upstream(behave) as server:
        asking = [asyncio.create_task(post(egress, server.url())) for _ in range(12)]
        await until(lambda: server.accepted == 3)
        hold.set()
        assert await asyncio.gather(*asking) == [b"{}"] * 12
        assert server.accepted == 3
        await egress.aclose()


async def test_waiting_for_a_connection_ends_with_the_time_to_connect() -> None:
    egress = Egress(allowed=["127.0.0.0/8"], max_connections=1)
    async with upstream(once()) as server:
        first = asyncio.create_task(post(egress, server.url()))
        await until(lambda: server.accepted == 1)
        with pytest.raises(ConnectTimeout):
            await post(egress, server.url(), timeouts=Timeouts(connect=0.05))
        first.cancel()
        await egress.aclose()


async def test_the_queue_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pools, "MOST_WAITING", 2)
    egress = Egress(allowed=["127.0.0.0/8"], max_connections=1)
    async with upstream(once()) as server:
        asking = [asyncio.create_task(post(egress, server.url())) for _ in range(3)]
        await until(lambda: server.accepted == 1)
        with pytest.raises(TooManyWaiting):
            await post(egress, server.url())
        await egress.aclose()
        ended = await asyncio.gather(*asking, return_exceptions=True)
        assert all(isinstance(one, ConnectFailed | ConnectionCut) for one in ended)


async def test_a_place_in_the_queue_is_not_lost_with_who_leaves_it() -> None:
    egress = Egress(allowed=["127.0.0.0/8"], max_connections=1)
    hold = asyncio.Event()

    async def behave(visit: Visit) -> None:
        while True:
            await visit.request()
            await hold.wait()
            await visit.say(answer())

    async with upstream(behave) as server:
        asking = [asyncio.create_task(post(egress, server.url())) for _ in range(4)]
        await until(lambda: server.accepted == 1)
        asking[1].cancel()
        asking[2].cancel()
        hold.set()
        assert await asyncio.wait_for(asking[3], 5) == b"{}"
        assert await asking[0] == b"{}"
        await egress.aclose()


async def test_an_unused_connection_is_closed_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "KEPT", 0.05)
    egress = Egress(allowed=["127.0.0.0/8"])
    async with upstream(once(answer())) as server:
        await post(egress, server.url())
        await asyncio.wait_for(server.left.wait(), 2)
        assert server.open == 0
        await egress.aclose()


async def test_cancelling_before_the_headers_closes_the_connection(egress: Egress) -> None:
    async with upstream(once()) as server:
        asking = asyncio.create_task(post(egress, server.url()))
        await until(lambda: server.accepted == 1)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        await asyncio.wait_for(server.left.wait(), 1)


async def test_cancelling_in_the_middle_of_a_stream_closes_the_connection(egress: Egress) -> None:
    begun = asyncio.Event()

    async def follow(url: Url) -> None:
        response = await egress.send(b"POST", url, HEADERS, b"{}")
        async for _ in response:
            begun.set()

    async with upstream(once(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n")) as server:
        following = asyncio.create_task(follow(server.url()))
        await begun.wait()
        following.cancel()
        await asyncio.wait_for(server.left.wait(), 1)


async def test_closing_a_response_that_is_not_read_closes_the_connection(egress: Egress) -> None:
    async with upstream(once(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n")) as server:
        response: Response = await egress.send(b"POST", server.url(), HEADERS, b"{}")
        response.close()
        await asyncio.wait_for(server.left.wait(), 1)


async def test_closing_a_whole_response_keeps_the_connection(egress: Egress) -> None:
    async with upstream(always(answer(b"all of it"))) as server:
        for _ in range(3):
            (await egress.send(b"POST", server.url(), HEADERS, b"{}")).close()
        assert server.accepted == 1


async def test_a_reader_that_is_slow_slows_the_server(egress: Egress) -> None:
    """What is read ahead stays bounded, and all of it arrives in the end."""
    sent = 0

    async def behave(visit: Visit) -> None:
        nonlocal sent
        await visit.request()
        await visit.say(b"HTTP/1.1 200 OK\r\ncontent-length: 33554432\r\n\r\n")
        for _ in range(512):
            await visit.say(b"x" * 65536)
            sent += 65536

    async with upstream(behave) as server:
        response = await egress.send(b"POST", server.url(), HEADERS, b"{}", Timeouts(idle=0.2))
        first = await anext(response)
        await asyncio.sleep(0.5)
        assert sent < 16 << 20, "and waiting for the reader is not the server's silence"
        assert len(first) + sum([len(chunk) async for chunk in response]) == 33554432


@pytest.mark.parametrize(
    ("name", "value"),
    [
        (b"x-a", b"1\r\nx-b: 2"),
        (b"x-a", b"1\nx-b: 2"),
        (b"x-a", b"1\r"),
        (b"x-a", b"1\0"),
        (b"x-a: 1\r\nx-b", b"2"),
        (b"x a", b"1"),
        (b"", b"1"),
        (b"Host", b"evil.test"),
        (b"content-length", b"0"),
        (b"transfer-encoding", b"chunked"),
        (b"connection", b"upgrade"),
    ],
)
async def test_a_header_that_breaks_the_framing_is_not_sent(
    egress: Egress, name: bytes, value: bytes
) -> None:
    async with upstream(always(answer())) as server:
        with pytest.raises(InvalidRequest):
            await egress.send(b"POST", server.url(), [(name, value)], b"{}")
        assert server.accepted == 0


async def test_nobody_listens(egress: Egress) -> None:
    async with upstream(always(answer())) as server:
        url = server.url()
    with pytest.raises(ConnectFailed):
        await post(egress, url)


async def test_no_proxy_is_taken_from_the_environment(
    egress: Egress, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    async with upstream(always(answer(b"direct"))) as server:
        assert await post(egress, server.url()) == b"direct"


@pytest.mark.parametrize(
    "status", [b"301 Moved", b"302 Found", b"303 See Other", b"307 Again", b"308 Always"]
)
async def test_a_redirect_is_handed_over_not_followed(egress: Egress, status: bytes) -> None:
    async with upstream(always(answer(b"stolen"))) as elsewhere:
        location = b"location: http://127.0.0.1:%d/" % elsewhere.port
        async with upstream(always(answer(b"", location, status=status))) as server:
            response = await egress.send(b"POST", server.url(), [(b"authorization", b"Bearer k")], b"{}")
            assert response.status == int(status[:3])
        assert elsewhere.accepted == 0


async def test_a_thousand_at_once_leave_nothing_behind(egress: Egress) -> None:
    async with upstream(always(answer())) as server:
        for _ in range(4):
            assert await asyncio.gather(*(post(egress, server.url()) for _ in range(250))) == [b"{}"] * 250
        await until(lambda: server.open == server.accepted)
        assert server.accepted <= 250
        await egress.aclose()
        await until(lambda: server.open == 0)
