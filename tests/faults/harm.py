"""What is done to the processes while requests go on. Each leaves them running."""

from __future__ import annotations

import asyncio
import os
import random
import signal
from collections.abc import Awaitable, Callable

from gateway.core.events import GROUP, STREAM
from tests.faults.processes import Plant

type Fault = Callable[[Plant], Awaitable[None]]


async def killed(works: Plant) -> None:
    for _ in range(2):
        works.valkey.process.kill()
        await asyncio.sleep(1.0)
        works.restart_valkey()  # in this thread: it dies with the one that starts it
        await asyncio.sleep(0.5)


async def frozen(works: Plant) -> None:
    os.kill(works.valkey.process.pid, signal.SIGSTOP)
    await asyncio.sleep(4.0)
    os.kill(works.valkey.process.pid, signal.SIGCONT)


async def emptied(works: Plant) -> None:
    works.redis.flushall()
    await asyncio.sleep(1.5)
    works.redis.xgroup_destroy(STREAM, GROUP)
    await asyncio.sleep(0.5)
    works.redis.flushall()


async def gateway_killed(works: Plant) -> None:
    random.choice([each for each in works.gateways if each.poll() is None]).kill()
    await asyncio.to_thread(works.start_gateway)
