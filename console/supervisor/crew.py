"""The parts that run. Those that came together leave together, the last to come first."""

import asyncio

from console.refusals import Refused
from console.supervisor.keeper import Keeper
from console.supervisor.log import Log
from console.supervisor.part import Part, PartFailed


class Crew:
    def __init__(self, log: Log) -> None:
        self._log = log
        self._watches: list[tuple[Keeper, ...]] = []

    async def add(self, *parts: Part) -> None:
        """Starts them side by side, and returns when all are ready."""
        watch = tuple(Keeper(part, self._log) for part in parts)
        self._watches.append(watch)
        try:
            async with asyncio.TaskGroup() as starting:
                for keeper in watch:
                    starting.create_task(keeper.start())
        except* Refused as failures:
            raise PartFailed("\n".join(str(failure) for failure in failures.exceptions)) from None

    async def dismiss(self) -> None:
        while self._watches:
            await asyncio.gather(*(keeper.stop() for keeper in self._watches.pop()))

    def kill(self) -> None:
        for watch in self._watches:
            for keeper in watch:
                keeper.kill()
