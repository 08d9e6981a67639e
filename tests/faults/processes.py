"""Real processes to kill, freeze and stop: gateways on one socket, simulated providers, a Valkey, a ledger worker."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from http.client import HTTPException
from pathlib import Path

from django.db import connection
from redis import Redis

from console.embedded.server import Running
from console.embedded.valkey import Valkey
from console.environment import ROOT
from gateway.core.snapshot import TenantSnapshot
from tests.gateway.world import publish
from tests.servers import SECRETS

PYTHON = (sys.executable, "-m")
SERVE = (
    *PYTHON,
    "uvicorn",
    "--http",
    "httptools",
    "--loop",
    "uvloop",
    "--no-access-log",
    "--log-level",
    "warning",
)
STARTS_WITHIN = 30.0


@dataclass
class Plant:
    """Everything a gateway needs, and as many of them as wanted, in a folder of its own."""

    folder: Path
    open: ExitStack
    valkey: Running
    redis: Redis
    simulator: str
    listening: socket.socket
    log_level: str = "WARNING"
    gateways: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.listening.getsockname()[1]}"

    @property
    def statement(self) -> Path:
        return self.folder / "statement.jsonl"

    @property
    def gateway_log(self) -> Path:
        return self.folder / "gateway.log"

    @property
    def spool(self) -> Path:
        return self.folder / "spool"

    @property
    def environ(self) -> dict[str, str]:
        return {
            **os.environ,
            **SECRETS,
            "VAR_DIR": str(self.folder),
            "REDIS_URL": self.valkey.server.url,
            "SIMULATOR_URL": self.simulator,
            "LOG_LEVEL": self.log_level,
        }

    def start_gateway(self, *, graceful: int = 25) -> subprocess.Popen[bytes]:
        """Ready at the end. The socket is ours, so that callers wait where there is no gateway for a moment."""
        handed = self.listening.fileno()
        command = (sys.executable, "-m", "gateway.server", "--grace", str(graceful), "--fd", str(handed))
        process = self.run(*command, log=self.gateway_log, sockets=(handed,))
        self.gateways.append(process)
        until(lambda: _is_alive(process) and _has_spool(process) and answers(f"{self.url}/readyz"))
        return process

    def run(
        self, *command: str, log: Path, sockets: tuple[int, ...] = (), **environ: str
    ) -> subprocess.Popen[bytes]:
        with log.open("ab") as output:
            process = subprocess.Popen(
                command,
                cwd=ROOT,
                env={**self.environ, **environ},
                stdout=output,
                stderr=output,
                pass_fds=sockets,
            )
        self.open.callback(end, process)
        return process

    def start_worker(self) -> subprocess.Popen[bytes]:
        """Drains the stream into the test's database, and reconciles, until it is ended."""
        here = connection.settings_dict
        return self.run(
            *PYTHON,
            "tests.faults.worker",
            log=self.folder / "worker.log",
            DATABASE_URL=f"host={here['HOST']} user={here['USER']} dbname={here['NAME']}",
            DJANGO_SETTINGS_MODULE="console.settings",
        )

    def publish(self, *snapshots: TenantSnapshot) -> None:
        publish(self.redis, *snapshots)

    def restart_valkey(self) -> None:
        """From its append-only file."""
        self.valkey = Running.start(self.valkey.server, log=self.folder / "valkey.log")
        self.open.callback(self.valkey.stop)
        self.redis.connection_pool.disconnect()


@contextmanager
def plant(
    folder: Path, *snapshots: TenantSnapshot, speed: str = "inf", log_level: str = "WARNING"
) -> Iterator[Plant]:
    with ExitStack() as stack:
        server = Valkey(folder / "valkey", folder)
        valkey = Running.start(server, log=folder / "valkey.log")
        stack.callback(valkey.stop)
        redis = stack.enter_context(Redis.from_url(server.url))
        made = Plant(folder, stack, valkey, redis, "", stack.enter_context(listening()), log_level)
        made.simulator = _start_simulator(made, speed)
        made.publish(*snapshots)
        yield made


def listening() -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.bind(("127.0.0.1", 0))
    listener.listen(2048)
    return listener


def _start_simulator(made: Plant, speed: str) -> str:
    with listening() as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        handed = listener.fileno()
        made.run(
            *SERVE,
            *("--fd", str(handed), "gateway.simulator:app"),
            log=made.folder / "simulator.log",
            sockets=(handed,),
            SIMULATOR_LOG=str(made.statement),
            SIMULATOR_SPEED=speed,
        )
    until(lambda: answers(f"{url}/healthz"))
    return url


def end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGCONT)
        process.kill()
    process.wait()


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:
            return bool(answer.status == 200)
    except (OSError, HTTPException):
        return False


def until(happened: Callable[[], bool], *, seconds: float = STARTS_WITHIN) -> None:
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


def _is_alive(process: subprocess.Popen[bytes]) -> bool:
    assert process.poll() is None, "the gateway ended at its start"
    return True


def _has_spool(process: subprocess.Popen[bytes]) -> bool:
    """Another gateway may be the one that answers."""
    return any(_target(file).endswith(".spool") for file in Path(f"/proc/{process.pid}/fd").iterdir())


def _target(descriptor: Path) -> str:
    """Empty when it was closed meanwhile."""
    try:
        return str(descriptor.readlink())
    except FileNotFoundError:
        return ""
