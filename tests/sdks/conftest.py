from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from redis import Redis

from tests.gateway.simulated import running_simulator
from tests.gateway.world import Served, serving_gateway
from tests.sdks.world import tenant


@pytest.fixture(scope="module")
def valkey() -> Iterator[Redis]:
    with Redis.from_url(os.environ["REDIS_URL"]) as connection:
        connection.flushdb()
        yield connection
        connection.flushdb()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def served(valkey: Redis, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Served]:
    """One gateway for all SDKs."""
    folder: Path = tmp_path_factory.mktemp("gateway")
    async with (
        running_simulator(log=folder / "bills.jsonl") as simulator,
        serving_gateway(
            valkey, folder, tenant(simulator), allowed_private_networks=("127.0.0.0/8",)
        ) as gateway,
    ):
        yield gateway
