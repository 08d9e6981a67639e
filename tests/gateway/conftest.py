from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping

import pytest
import uvloop

from gateway.egress import Egress

type LoopFactories = Mapping[str, Callable[[], asyncio.AbstractEventLoop]]


def pytest_asyncio_loop_factories(config: pytest.Config, item: pytest.Item) -> LoopFactories:
    """What speaks to sockets itself is tried on both loops: production has uvloop, and they differ in the corners."""
    plain: LoopFactories = {"asyncio": asyncio.new_event_loop}
    return (
        {**plain, "uvloop": uvloop.new_event_loop}
        if item.path.name.startswith(("test_egress", "test_server"))
        else plain
    )


@pytest.fixture
async def egress() -> AsyncIterator[Egress]:
    """May reach the loopback, where the tests' servers are."""
    out = Egress(allowed=["127.0.0.0/8"])
    yield out
    await out.aclose()
