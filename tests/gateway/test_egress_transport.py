"""httpx over the pool behaves as httpx users expect, minus what the pool forbids."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest

from gateway.egress import Egress, PoolTransport
from tests.gateway.simulated import running_simulator
from tests.gateway.upstream import Visit, always, answer, chunked, once, upstream


@pytest.fixture
async def client(egress: Egress) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(transport=PoolTransport(egress), timeout=httpx.Timeout(5, read=0.3)) as one:
        yield one


def base(port: int) -> str:
    return f"http://127.0.0.1:{port}"


async def test_a_request_and_its_response(client: httpx.AsyncClient) -> None:
    seen: list[bytes] = []

    async def behave(visit: Visit) -> None:
        while True:
            seen.append(await visit.request())
            await visit.say(answer(b'{"a": 1}', b"content-type: application/json", b"set-cookie: a=1"))

    async with upstream(behave) as server:
        for _ in range(3):
            response = await client.post(f"{base(server.port)}/v1?x=1", json={"b": 2}, headers={"x-a": "1"})
            assert (response.status_code, response.json()) == (200, {"a": 1})
        assert server.accepted == 1
    head = seen[0].lower()
    assert head.startswith(b"post /v1?x=1 http/1.1\r\n")
    assert head.count(b"host:") == head.count(b"content-length:") == head.count(b"accept-encoding:") == 1
    assert b"accept-encoding: identity" in head
    assert seen[0].endswith(b'{"b":2}')


async def test_a_stream(client: httpx.AsyncClient) -> None:
    async with (
        upstream(always(chunked(b"data: 1\n\n", b"data: 2\n\n"))) as server,
        client.stream("GET", base(server.port)) as response,
    ):
        assert [line async for line in response.aiter_lines() if line] == ["data: 1", "data: 2"]


async def test_leaving_a_stream_closes_the_connection(client: httpx.AsyncClient) -> None:
    async with upstream(once(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n")) as server:
        async with client.stream("GET", base(server.port)) as response:
            assert response.status_code == 200
        await server.left.wait()


async def test_a_redirect_is_not_followed(client: httpx.AsyncClient) -> None:
    async with upstream(always(answer(b"", b"location: http://127.0.0.1:9/", status=b"307 Again"))) as server:
        assert (await client.post(base(server.port))).status_code == 307


async def test_errors_are_httpx_errors(client: httpx.AsyncClient) -> None:
    async def cut(visit: Visit) -> None:
        await visit.request()
        await visit.say(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n12345")

    cases = [
        (once(), httpx.ReadTimeout),
        (cut, httpx.ReadError),
        (once(b"nonsense"), httpx.RemoteProtocolError),
    ]
    for behave, expected in cases:
        async with upstream(behave) as server:
            url = base(server.port)
            with pytest.raises(expected) as raised:
                await client.get(f"{url}/secret")
            assert "secret" not in str(raised.value)
    with pytest.raises(httpx.ConnectError):
        await client.get(url)
    for forbidden in ("http://10.0.0.1/", "ftp://127.0.0.1/", "https://user:pass@127.0.0.1/"):
        with pytest.raises(httpx.UnsupportedProtocol):
            await client.get(forbidden)


async def test_it_talks_to_a_provider(client: httpx.AsyncClient) -> None:
    async with running_simulator() as url:
        body = {"model": "gpt-5-nano", "messages": [{"role": "user", "content": "What is 2 + 3?"}]}
        headers = {"authorization": "Bearer sk-x"}
        reply = await client.post(f"{url}/openai/v1/chat/completions", json=body, headers=headers)
        assert reply.json()["choices"][0]["message"]["content"] == "5"
