"""A gateway is told to stop while streams are open: they finish, or are told; no row is missing either way."""

from __future__ import annotations

import asyncio
import signal
from collections import Counter
from time import monotonic

import httpx
import pytest

from billing import ingest
from billing.stream import Stream
from console.tenants.models import Tenant
from tests.faults.books import Books
from tests.faults.conftest import Works
from tests.faults.processes import Plant
from tests.faults.traffic import CHAT, MESSAGES, Ask, Told, quiet, send

pytestmark = pytest.mark.django_db(transaction=True)
STORY = "Write a long story about a river, in ten paragraphs."


def asking(router: str, path: str, *, streaming: bool = True) -> Ask:
    messages = [{"role": "user", "content": STORY}]
    return Ask(
        router=router,
        path=path,
        body={"model": "any", "max_tokens": 400, "stream": streaming, "messages": messages},
    )


OPEN = [asking(router, path) for router in ("premium", "plain") for path in (CHAT, MESSAGES)] * 5
STUCK = [asking(router, path) for router in ("stalls", "stalls-too") for path in (CHAT, MESSAGES)] * 4
SILENT = [asking("hangs", path, streaming=False) for path in (CHAT, MESSAGES)]


async def stopped(works: Plant, asks: list[Ask], *, signals: int = 1) -> list[Told]:
    """All of them are open when the gateway is told."""
    quiet()
    (gateway,) = works.gateways
    async with httpx.AsyncClient(timeout=60, limits=httpx.Limits(max_connections=None)) as client:
        sending = [asyncio.create_task(send(client, works.url, ask)) for ask in asks]
        await asyncio.sleep(0.4)
        assert [each.result() for each in sending if each.done()] == []
        for _ in range(signals):
            gateway.send_signal(signal.SIGTERM)
            await asyncio.sleep(0.3)
        return [await each for each in sending]


def test_streams_that_can_finish_do(tenant: Tenant, works: Works) -> None:
    here = works(speed="0.2")
    told = asyncio.run(stopped(here, OPEN))
    assert here.gateways[0].wait(10) == 0
    assert {each.end for each in told} == {"whole"}
    all_recorded(tenant, here, told)


def test_what_cannot_finish_is_told_in_its_own_shape(tenant: Tenant, works: Works) -> None:
    here = works(graceful=1)
    told = asyncio.run(stopped(here, [*STUCK, *SILENT]))
    assert here.gateways[0].wait(10) == 0
    for each in told[: len(STUCK)]:
        assert each.end == "broken", each
        assert "draining" in each.text, each
        assert ("event: error" if each.ask.path == MESSAGES else '"finish_reason":"error"') in each.text
    for each in told[len(STUCK) :]:
        assert (each.status, each.end) == (503, "error"), each
        assert "draining" in each.text
    books = all_recorded(tenant, here, [each for each in told if each.request_id])
    ended = Counter((request.outcome, request.error) for request in books.requests.values())
    assert ended == {("failed", "draining"): len(told)}
    assert all(line.input_tokens for line in books.ledger.values())


def test_told_twice_it_goes_at_once_and_still_leaves_no_row_out(tenant: Tenant, works: Works) -> None:
    here = works()
    began = monotonic()
    told = asyncio.run(stopped(here, STUCK, signals=2))
    here.gateways[0].wait(3)
    assert monotonic() - began < 5
    books = all_recorded(tenant, here, told)
    assert {request.error for request in books.requests.values()} == {"draining"}


def all_recorded(tenant: Tenant, works: Plant, told: list[Told]) -> Books:
    """By the gateway itself, before it was gone."""
    ingest.drain(Stream(works.redis))
    books = Books(tenant, works.statement)
    books.agree()
    assert {each.request_id for each in told} <= set(books.requests)
    return books
