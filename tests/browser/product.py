"""The product itself under `up`, with its demo company: what the browser tests of whole pages look at."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from console.environment import ROOT

READY = "Ctrl-C stops everything."
UNSET = {"DATABASE_URL", "REDIS_URL", "SECRET_KEY", "MASTER_KEYS", "SIMULATOR_URL", "DJANGO_SETTINGS_MODULE"}
OWNER = "ada@halcyon.example"  # of the demo company, and of what the tests make beside it


@dataclass(frozen=True)
class Product:
    environ: dict[str, str] = field(repr=False)
    told: str = field(repr=False)  # what `up` printed

    @property
    def console(self) -> str:
        return f"http://127.0.0.1:{self.environ['CONSOLE_PORT']}"

    @property
    def gateway(self) -> str:
        return f"http://127.0.0.1:{self.environ['GATEWAY_PORT']}"

    @property
    def sign_in(self) -> str:
        """The one-time link."""
        found = re.search(r"http://\S+/enter/\S+", self.told)
        assert found
        return found[0]

    def apply(self, configuration: str) -> None:
        """As `manage.py apply` does it beside a running product."""
        with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
            file.write(configuration)
            file.flush()
            done = subprocess.run(
                [sys.executable, ROOT / "manage.py", "apply", file.name],
                check=False,
                env=self.environ,
                capture_output=True,
                text=True,
            )
        assert done.returncode == 0, done.stdout + done.stderr

    def found(self, tenant: str, *, plan: str = "pro") -> None:
        """A tenant with nothing in it but its owner."""
        self.apply(
            f"tenant: {tenant}\nname: {tenant.title()}\nplan: {plan}\nmembers: [{{email: {OWNER}, role: owner}}]"
        )


@contextmanager
def running() -> Iterator[Product]:
    """Started as the README says, in a folder of its own, and stopped as with Ctrl-C."""
    kept = {name: value for name, value in os.environ.items() if name not in UNSET}
    ports = {name: _free_port() for name in ("CONSOLE_PORT", "GATEWAY_PORT", "SIMULATOR_PORT")}
    with tempfile.TemporaryDirectory(prefix="rungway-shown-", ignore_cleanup_errors=True) as folder:
        environ = {**kept, **ports, "VAR_DIR": str(Path(folder) / "var")}
        output = Path(folder) / "up.log"
        with output.open("w") as log:
            process = subprocess.Popen(
                [sys.executable, ROOT / "manage.py", "up"], env=environ, stdout=log, stderr=log
            )
        try:
            yield Product(environ, _told(process, output))
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(timeout=60)


def _told(process: subprocess.Popen[bytes], output: Path) -> str:
    deadline = time.monotonic() + 180
    while READY not in (told := output.read_text()):
        assert process.poll() is None, told
        assert time.monotonic() < deadline, told
        time.sleep(0.1)
    return told


def _free_port() -> str:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return str(listener.getsockname()[1])
