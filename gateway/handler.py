"""The gateway without a server: what it holds for its life, and what it does with one call."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from os import urandom
from time import time

import structlog
from redis.asyncio import Redis

from gateway import telemetry
from gateway.admit import Admission
from gateway.authenticate import authenticate
from gateway.breakers import Breakers
from gateway.budgets.watch import Watch
from gateway.cooldowns import Cooldowns
from gateway.dispatch import Dispatcher
from gateway.egress import Egress
from gateway.errors import Draining
from gateway.exchange import Answer, Call
from gateway.experience import Experience
from gateway.gossip import Gossip
from gateway.idempotency import HEADER, Once
from gateway.makers import Makers
from gateway.pipeline import answer
from gateway.record import Spool
from gateway.settings import Settings
from gateway.ship import Shipper
from gateway.state import State, budgets_of
from gateway.steps import Tools
from gateway.subscribe import Shelf, Subscriber

SHIP_AT_END = 5.0  # seconds for what is in the spool, when we stop; what stays is shipped by the next process
STALE_AFTER = 15 * 60.0  # seconds without word from Redis after which keys are no longer believed

log = structlog.get_logger()


class Handler:
    def __init__(self, settings: Settings) -> None:
        telemetry.configure(settings.log_level, form=settings.log_format)
        # On the request path Redis may only ever cost a moment: no retry, short time-outs.
        self._redis = Redis.from_url(
            settings.redis_url, socket_timeout=2.0, socket_connect_timeout=1.0, retry=None
        )
        self._state = State(settings.master_keys, settings.simulator_url)
        shelf = Shelf(settings.var_dir / "snapshots", settings.secret_key)
        self._subscriber = Subscriber(self._state, self._redis, shelf)
        self._spool = Spool(settings.var_dir / "spool", urandom(8).hex())
        self._shipper = Shipper(self._spool, self._redis)
        self._egress = Egress(allowed=settings.allowed_private_networks, exempt=settings.simulator_url)
        breakers = Breakers()
        self._cooldowns = Cooldowns(self._redis, breakers)
        self._tools = Tools(
            spool=self._spool,
            dispatcher=Dispatcher(self._egress, breakers, settings.secret_key),
            breakers=breakers,
            admission=Admission(self._redis, gateways=settings.gateways, process=self._spool.process),
            makers=Makers(self._redis),
            experience=Experience(secret=settings.secret_key),
        )
        self._gossip = Gossip(self._redis, self._tools.experience.conversations)
        self._once = Once(self._redis, settings.secret_key)
        self._tasks: list[asyncio.Task[None]] = []
        self._draining = False
        self.probes: Mapping[bytes, Callable[[], Awaitable[Answer]]] = {
            b"/healthz": self.healthz,
            b"/readyz": self.readyz,
            b"/metrics": self.metrics,
        }

    async def start(self) -> None:
        settle_memory()
        self._spool.open()
        self._subscriber.recover()
        with suppress(Exception):
            await self._subscriber.refresh()
        self._tasks = [
            asyncio.create_task(self._subscriber.run()),
            asyncio.create_task(self._shipper.run()),
            asyncio.create_task(self._watch().run()),
            asyncio.create_task(self._cooldowns.run()),
            asyncio.create_task(self._gossip.run()),
        ]

    def _watch(self) -> Watch:
        memory, process = self._tools.admission.memory, self._spool.process
        return Watch(self._redis, memory, process, lambda: budgets_of(self._state.world))

    async def stop(self) -> None:
        self._draining = True
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        with suppress(Exception):
            async with asyncio.timeout(SHIP_AT_END):
                while await self._shipper.ship():
                    pass
        self._spool.close()
        await self._egress.aclose()
        await self._redis.aclose()

    async def handle(self, call: Call) -> Answer:
        if self._draining:
            raise Draining()
        world = self._state.world
        if HEADER not in call.headers:
            return await answer(call, world, self._tools)
        tenant = authenticate(call, world).runtime.id
        return await self._once.run(call, tenant, lambda: answer(call, world, self._tools))

    async def healthz(self) -> Answer:
        return _said(200, b"ok")

    async def readyz(self) -> Answer:
        """Ready when configured, recording, and not on the way out."""
        problems = [
            problem
            for problem, there in (
                (b"draining", self._draining),
                (b"no configuration yet", not self._state.world.tenants and not self._state.fresh_at),
                (b"configuration is stale", self._stale),
                (b"the spool takes no more", not self._spool.writable),
            )
            if there
        ]
        return _said(503, b"; ".join(problems)) if problems else _said(200, b"ready")

    @property
    def _stale(self) -> bool:
        return bool(self._state.fresh_at) and time() - self._state.fresh_at > STALE_AFTER

    async def metrics(self) -> Answer:
        return Answer(
            status=200, headers=[(b"content-type", b"text/plain; version=0.0.4")], body=telemetry.page()
        )


def settle_memory() -> None:
    """Modules and tables stay for the life of the process; the collector need not walk them at every turn."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 50, 100)


def _said(status: int, text: bytes) -> Answer:
    return Answer(status=status, headers=[(b"content-type", b"text/plain; charset=utf-8")], body=text + b"\n")
