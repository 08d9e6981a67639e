"""`up`, from the first address claimed to the last part stopped."""

import asyncio
import os
import signal
import time
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from typing import Any

from console.embedded import secrets
from console.embedded.locks import Claim
from console.embedded.places import Places
from console.embedded.sharing import InUse, needed
from console.environment import Environment
from console.supervisor import check, parts
from console.supervisor.crew import Crew
from console.supervisor.keeper import run
from console.supervisor.log import Log
from console.supervisor.part import Part, PartFailed
from console.supervisor.ports import claimed
from console.supervisor.welcome import Welcome

ON_LOOPBACK = frozenset({"SIMULATOR_PORT"})
PASSING_WITHIN = 120.0


def up(environment: Environment, *, checking: bool) -> int:
    """Runs until told to stop or, when checking, until one request has been seen all the way through."""
    places = Places(environment.var_dir)
    places.make()
    ports = {
        "CONSOLE_PORT": environment.console_port,
        "GATEWAY_PORT": environment.gateway_port,
        "SIMULATOR_PORT": environment.simulator_port,
    }
    with Claim.on(places) as claim:
        _own(claim, places)
        with claimed(environment.bind, ports, loopback=ON_LOOPBACK) as sockets:
            return asyncio.run(Product(environment, places, claim, sockets, Log()).live(checking=checking))


def _own(claim: Claim, places: Places) -> None:
    """A passing command is waited for; another `up` is not."""
    deadline = time.monotonic() + PASSING_WITHIN
    while not claim.own("up"):
        holder = claim.owner.signature()
        if holder.startswith("`up`") or time.monotonic() > deadline:
            raise InUse(f"{holder} already runs in {places.var}: end it, or set VAR_DIR to another folder.")
        time.sleep(0.1)


@dataclass(frozen=True)
class Product:
    environment: Environment
    places: Places
    claim: Claim
    sockets: Mapping[str, int]
    log: Log

    async def live(self, *, checking: bool) -> int:
        crew = Crew(self.log)
        _cancel_on_signals(then=crew.kill)
        try:
            environ = self._environ()
            welcome = await self._start(crew, environ)
            if checking:
                return await check.check(self.environment, environ, welcome, self.log)
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            self.log.say(f"stopping; everything is kept in {self.places.var}")
        except PartFailed as failure:
            self.log.say(str(failure))
            return 1
        finally:
            await crew.dismiss()
        return 0

    async def _start(self, crew: Crew, environ: Mapping[str, str]) -> Welcome:
        for server in needed(self.places, os.environ):
            await self._step(server.name, crew.add(Part.of(server)))
        await self._step("tables", run(parts.command("tables", environ, "migrate", "-v", "0"), self.log))
        told = await self._step("welcome", run(parts.command("welcome", environ, "welcome"), self.log))
        await self._step("simulator", crew.add(self._simulator(environ)))
        await self._step("console, gateway, worker and beat", crew.add(*self._product(environ)))
        self.claim.open()
        welcome = Welcome.read(told)
        self._greet(welcome)
        return welcome

    def _environ(self) -> dict[str, str]:
        """What the parts find in their environment beside what we found in ours."""
        return {
            "DJANGO_SETTINGS_MODULE": "console.settings",
            "PYTHONUNBUFFERED": "1",
            "LOG_FORMAT": "text",
            "VAR_DIR": str(self.places.var),
            "SIMULATOR_URL": self.environment.own_simulator_url,
            **secrets.complete(os.environ, self.places.secrets),
            **{server.variable: server.url for server in needed(self.places, os.environ)},
        }

    def _simulator(self, environ: Mapping[str, str]) -> Part:
        port = self.environment.simulator_port
        return parts.simulator(environ, port=port, socket=self.sockets["SIMULATOR_PORT"])

    def _product(self, environ: Mapping[str, str]) -> tuple[Part, ...]:
        here = self.environment
        return (
            parts.console(environ, url=here.own_console_url, socket=self.sockets["CONSOLE_PORT"]),
            *parts.gateways(
                environ,
                workers=here.gateway_workers,
                url=here.own_gateway_url,
                socket=self.sockets["GATEWAY_PORT"],
            ),
            parts.worker(environ, run=self.places.run),
            parts.beat(environ, run=self.places.run),
        )

    async def _step[T](self, what: str, doing: Coroutine[Any, Any, T]) -> T:
        began = time.monotonic()
        done = await doing
        self.log.say(f"{what}: ready after {time.monotonic() - began:.1f} s")
        return done

    def _greet(self, welcome: Welcome) -> None:
        lines = welcome.lines(
            console_url=self.environment.console_url, gateway_url=self.environment.gateway_url
        )
        self.log.plain("\n".join(["", *lines, "", "Ctrl-C stops everything.", ""]))


def _cancel_on_signals(*, then: Callable[[], None]) -> None:
    """The first signal stops in order; a second one kills whatever still takes its time."""
    living = asyncio.current_task()
    assert living is not None
    asked = False

    def stop() -> None:
        nonlocal asked
        if asked:
            then()
        else:
            asked = True
            living.cancel()

    for one in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if one == signal.SIGHUP and signal.getsignal(one) == signal.SIG_IGN:
            continue  # nohup
        asyncio.get_running_loop().add_signal_handler(one, stop)
