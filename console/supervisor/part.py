"""What the supervisor knows of a thing it runs."""

import signal
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from console.embedded.server import Server
from console.refusals import Refused


def _nothing() -> None: ...


def _always() -> bool:
    return True


@dataclass(frozen=True, kw_only=True)
class Part:
    """A process that ought to run for as long as the product does.

    `prepare` comes before every start, `populate` after every one that succeeded; both may block.
    """

    name: str
    command: tuple[str, ...]
    environ: Mapping[str, str] = field(default_factory=dict)
    sockets: tuple[int, ...] = ()  # listening, and handed on: a restart loses no connection
    ordinary: bool = False
    prepare: Callable[[], None] = _nothing
    is_ready: Callable[[], bool] = _always
    populate: Callable[[], None] = _nothing
    ready_within: float = 90.0
    stop_signal: signal.Signals = signal.SIGTERM
    stops_within: float = 10.0
    # When the supervisor is killed: a part that keeps nothing in memory is killed with it, so that its port
    # and its files are free for the next `up` at once.
    death_signal: signal.Signals = signal.SIGKILL

    @classmethod
    def of(cls, server: Server) -> "Part":
        return cls(
            name=server.name,
            command=tuple(server.command()),
            ordinary=server.ordinary,
            prepare=server.prepare,
            is_ready=server.is_ready,
            populate=server.populate,
            stop_signal=server.stop_signal,
            stops_within=30.0,
            death_signal=server.stop_signal,
        )


@dataclass(frozen=True, kw_only=True)
class Errand:
    """A process that ought to end by itself, and well."""

    name: str
    command: tuple[str, ...]
    environ: Mapping[str, str]


class PartFailed(Refused):
    """A part did not become ready, or an errand did not succeed, when the product was starting."""
