"""Keeps one part running: started, watched, started again after longer and longer pauses, stopped."""

import asyncio
import contextlib
import os
import time
from asyncio.subprocess import DEVNULL, PIPE, STDOUT, Process

from console.embedded.launch import dying_with_parent
from console.environment import ROOT
from console.supervisor.log import Log
from console.supervisor.part import Errand, Part, PartFailed

FIRST_PAUSE = 0.5
LONGEST_PAUSE = 30.0
STABLE_AFTER = 60.0
PROBE_EVERY = 0.1


class Keeper:
    def __init__(self, part: Part, log: Log) -> None:
        self.part = part
        self._log = log
        self._process: Process | None = None
        self._reading: asyncio.Task[None] | None = None
        self._watching: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Returns when the part is ready; from then on it is kept so."""
        await asyncio.to_thread(self.part.prepare)
        await self._launch()
        await self._await_ready()
        await asyncio.to_thread(self.part.populate)
        self._watching = asyncio.create_task(self._watch())

    async def stop(self) -> None:
        if self._watching:
            self._watching.cancel()
        if self._process and self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.send_signal(self.part.stop_signal)
            await self._await_end(self._process)
        if self._reading:
            await self._reading

    def kill(self) -> None:
        if self._process and self._process.returncode is None:
            self._process.kill()

    async def _launch(self) -> None:
        self._process = await asyncio.create_subprocess_exec(
            *dying_with_parent(self.part.command, death=self.part.death_signal, ordinary=self.part.ordinary),
            stdin=DEVNULL,
            stdout=PIPE,
            stderr=STDOUT,
            env={**os.environ, **self.part.environ},
            pass_fds=self.part.sockets,
            cwd=ROOT,
            start_new_session=True,  # a Ctrl-C at the terminal is for us, who stop things in order
        )
        assert self._process.stdout is not None
        self._reading = asyncio.create_task(self._log.follow(self.part.name, self._process.stdout))

    async def _await_ready(self) -> None:
        assert self._process is not None
        deadline = time.monotonic() + self.part.ready_within
        while not await asyncio.to_thread(self.part.is_ready):
            if self._process.returncode is not None:
                raise PartFailed(f"{self.part.name} ended ({_how(self._process)}) before it was ready.")
            if time.monotonic() > deadline:
                raise PartFailed(f"{self.part.name} was not ready within {self.part.ready_within:.0f} s.")
            await asyncio.sleep(PROBE_EVERY)

    async def _watch(self) -> None:
        pause = FIRST_PAUSE
        while True:
            assert self._process is not None
            began = time.monotonic()
            await self._process.wait()
            if time.monotonic() > began + STABLE_AFTER:
                pause = FIRST_PAUSE
            self._log.say(f"{self.part.name} ended ({_how(self._process)}); starting it again in {pause:g} s")
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)
            await self._restart()

    async def _restart(self) -> None:
        """A restart that fails is one more reason to wait longer, not a reason to give up."""
        try:
            await asyncio.to_thread(self.part.prepare)
            await self._launch()
        except Exception as refusal:  # noqa: BLE001 (whatever it was, the part must be tried again)
            self._log.say(f"{self.part.name} could not be started: {refusal}")

    async def _await_end(self, process: Process) -> None:
        try:
            await asyncio.wait_for(process.wait(), self.part.stops_within)
        except TimeoutError:
            self._log.say(f"{self.part.name} did not stop within {self.part.stops_within:.0f} s: killed")
            process.kill()
            await process.wait()


async def run(errand: Errand, log: Log) -> str:
    """Runs it to its end and returns what it printed; its other output goes to the log."""
    process = await asyncio.create_subprocess_exec(
        *dying_with_parent(errand.command),
        stdin=DEVNULL,
        stdout=PIPE,
        stderr=PIPE,
        env={**os.environ, **errand.environ},
        cwd=ROOT,
        start_new_session=True,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    following = asyncio.create_task(log.follow(errand.name, process.stderr))
    try:
        printed = await process.stdout.read()
        await asyncio.gather(process.wait(), following)
    except asyncio.CancelledError:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await asyncio.gather(process.wait(), following)
        raise
    if process.returncode != 0:
        raise PartFailed(f"{errand.name} failed ({_how(process)}).")
    return printed.decode(errors="replace")


def _how(process: Process) -> str:
    code = process.returncode or 0
    return f"signal {-code}" if code < 0 else f"exit code {code}"
