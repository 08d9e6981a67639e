"""Whose servers a command uses: those of an `up` that runs in the same folder, or its own while it lives."""

import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from console.embedded.locks import Claim
from console.embedded.places import Places
from console.embedded.postgres import Postgres
from console.embedded.server import Running, Server
from console.embedded.valkey import Valkey
from console.refusals import Refused

READY_WITHIN = 300.0  # a first `up` makes its demo before it lets others in
NOTICE_AFTER = 2.0


class InUse(Refused):
    """Another process holds the servers of this folder."""


@dataclass(frozen=True)
class Provided:
    """Servers for one command. `fresh`: started for it, so the database may be older than the code."""

    addresses: Mapping[str, str]
    fresh: bool


def needed(places: Places, environ: Mapping[str, str]) -> tuple[Server, ...]:
    """The servers that the environment does not name, in the order in which they start."""
    both = (Postgres(places.postgres, places.sockets), Valkey(places.valkey, places.sockets))
    return tuple(server for server in both if not environ.get(server.variable))


@contextmanager
def servers_for(command: str, places: Places, servers: tuple[Server, ...]) -> Iterator[Provided]:
    addresses = {server.variable: server.url for server in servers}
    places.make()
    with Claim.on(places) as claim:
        if not _own_or_join(claim, command, servers):
            yield Provided(addresses, fresh=False)
            return
        with _running(servers, places):
            claim.open()
            yield Provided(addresses, fresh=True)
            claim.shut()


def _own_or_join(claim: Claim, command: str, servers: tuple[Server, ...]) -> bool:
    """True for the owner. Neither can be had while the owner is still starting, or just stopping."""
    began = time.monotonic()
    noticed = False
    while time.monotonic() < began + READY_WITHIN:
        if claim.own(command):
            return True
        if _joined(claim, servers):
            return False
        if not noticed and time.monotonic() > began + NOTICE_AFTER:
            noticed = True
            print(f"waiting for {claim.owner.signature()} to be ready", file=sys.stderr)
        time.sleep(0.1)
    raise InUse(f"{claim.owner.signature()} has the servers and does not get ready: end it.")


def _joined(claim: Claim, servers: tuple[Server, ...]) -> bool:
    if not claim.join():
        return False
    if all(server.is_ready() for server in servers):
        return True
    claim.leave()
    return False


@contextmanager
def _running(servers: tuple[Server, ...], places: Places) -> Iterator[None]:
    with ExitStack() as stack:
        for server in servers:
            stack.callback(Running.start(server, log=places.var / f"{server.name}.log").stop)
        yield
