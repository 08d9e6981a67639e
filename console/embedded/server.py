"""What the two embedded servers have in common, and a run of one outside any supervisor."""

import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from console.embedded.launch import dying_with_parent
from console.refusals import Refused

STARTS_WITHIN = 60.0
STOPS_WITHIN = 30.0


class Server(Protocol):
    """`prepare` before the process starts, `populate` once it is ready: both do nothing the second time."""

    @property
    def name(self) -> str: ...
    @property
    def variable(self) -> str: ...  # names, in the environment, a server that already runs
    @property
    def stop_signal(self) -> signal.Signals: ...
    @property
    def ordinary(self) -> bool: ...
    @property
    def url(self) -> str: ...

    def prepare(self) -> None: ...
    def command(self) -> list[str]: ...
    def is_ready(self) -> bool: ...
    def populate(self) -> None: ...


class ServerFailed(Refused):
    """A server ended before it was ready; its own last words are the message."""


@dataclass
class Running:
    """A server that lives as long as this process wants it."""

    server: Server
    process: subprocess.Popen[bytes]
    log: Path

    @classmethod
    def start(cls, server: Server, *, log: Path) -> "Running":
        server.prepare()
        with log.open("ab") as output:
            process = subprocess.Popen(
                dying_with_parent(server.command(), death=server.stop_signal, ordinary=server.ordinary),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # a Ctrl-C at the terminal is for us, who stop things in order
            )
        running = cls(server, process, log)
        running.await_ready()
        server.populate()
        return running

    def await_ready(self) -> None:
        deadline = time.monotonic() + STARTS_WITHIN
        while not self.server.is_ready():
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise ServerFailed(f"{self.server.name} did not start:\n{_last_lines(self.log)}")
            time.sleep(0.02)

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(self.server.stop_signal)
        try:
            self.process.wait(STOPS_WITHIN)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def _last_lines(log: Path) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-12:])
