"""The whole product under `up`: starts, is used beside, is killed, comes back, and stops when told."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from console.environment import ROOT

READY = "Ctrl-C stops everything."
DEMO = ROOT / "console" / "management" / "commands" / "demo.py"
UNSET = {"DATABASE_URL", "REDIS_URL", "SECRET_KEY", "MASTER_KEYS", "DJANGO_SETTINGS_MODULE"}


@dataclass(frozen=True)
class Installation:
    var: Path
    environ: dict[str, str]

    def command(self, *words: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, str(ROOT / "manage.py"), *words],
            env=self.environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self, *words: str) -> tuple[int, str]:
        process = self.command(*words)
        output, _ = process.communicate(timeout=300)
        return process.returncode, output

    def answers(self, port: str, path: str = "/healthz") -> int:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.environ[port]}{path}", timeout=10) as answer:
            return int(answer.status)

    def processes(self) -> list[str]:
        """Everything that runs with this installation's folder in its environment."""
        marked = f"VAR_DIR={self.var}".encode()
        return [
            entry.name
            for entry in Path("/proc").iterdir()
            if entry.name.isdigit() and marked in _environ_of(entry).split(b"\0")
        ]


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    ports = {name: _free_port() for name in ("CONSOLE_PORT", "GATEWAY_PORT", "SIMULATOR_PORT")}
    kept = {name: value for name, value in os.environ.items() if name not in UNSET}
    var = tmp_path_factory.mktemp("up") / "var"
    return Installation(var, {**kept, **ports, "VAR_DIR": str(var), "DEMO": "0"})


@pytest.fixture(scope="module")
def running(installation: Installation) -> Iterator[subprocess.Popen[str]]:
    process = installation.command("up")
    try:
        _await_line(process, READY)
        yield process
    finally:
        process.kill()
        process.communicate()
    _await_silence(installation)


def test_a_taken_port_is_named(installation: Installation) -> None:
    with socket.create_server(("127.0.0.1", int(installation.environ["GATEWAY_PORT"]))):
        code, output = installation.run("up")
    assert code != 0
    assert "set GATEWAY_PORT to a free port" in output
    assert "Traceback" not in output


@pytest.mark.usefixtures("running")
@pytest.mark.parametrize(
    ("port", "path"),
    [("CONSOLE_PORT", "/healthz"), ("GATEWAY_PORT", "/healthz"), ("GATEWAY_PORT", "/readyz")],
)
def test_up_serves(installation: Installation, port: str, path: str) -> None:
    assert installation.answers(port, path) == 200


@pytest.mark.usefixtures("running")
def test_commands_work_beside_it(installation: Installation) -> None:
    code, output = installation.run("showmigrations", "tenants")
    assert code == 0, output
    assert "[X] 0001_initial" in output
    code, output = installation.run("up")
    assert code != 0
    assert re.search(r"`up` \(process \d+\) already runs in .*VAR_DIR", output)


def test_a_killed_part_comes_back(installation: Installation, running: subprocess.Popen[str]) -> None:
    (gateway,) = [pid for pid in installation.processes() if _runs(pid, "gateway.app:app")]
    os.kill(int(gateway), signal.SIGKILL)
    _await_line(running, "gateway ended (signal 9); starting it again in 0.5 s")
    assert installation.answers("GATEWAY_PORT") == 200  # the connection waited in the supervisor's own socket


def test_a_killed_supervisor_takes_all_with_it_and_the_next_recovers(
    installation: Installation, running: subprocess.Popen[str]
) -> None:
    """Last in this file: what it kills, the others shared."""
    made = (installation.var / "secrets.json").read_bytes()
    running.kill()
    again = installation.command("up")
    try:
        _await_line(again, READY)
        assert installation.answers("CONSOLE_PORT") == 200
        assert (installation.var / "secrets.json").read_bytes() == made
        again.send_signal(signal.SIGINT)
        output, _ = again.communicate(timeout=60)
    finally:
        again.kill()
        again.communicate()
    assert again.returncode == 0, output
    assert "Traceback" not in output
    assert installation.processes() == []


@pytest.mark.skipif(not DEMO.exists(), reason="there is no demo to send a request to")
def test_check_sees_its_request_in_the_figures(tmp_path: Path, installation: Installation) -> None:
    var = tmp_path / "var"
    first = Installation(var, {**installation.environ, "VAR_DIR": str(var), "DEMO": "1"})
    code, output = first.run("up", "--check")
    assert code == 0, output
    assert "seen on the dashboard's figures" in output
    assert first.processes() == []


def _await_line(process: subprocess.Popen[str], text: str) -> None:
    assert process.stdout is not None
    read: list[str] = []
    for line in process.stdout:
        read.append(line)
        if text in line:
            return
    raise AssertionError("".join(read))


def _await_silence(installation: Installation) -> None:
    deadline = time.monotonic() + 20
    while installation.processes():
        assert time.monotonic() < deadline, "a part outlived its supervisor"
        time.sleep(0.05)


def _environ_of(entry: Path) -> bytes:
    try:
        return (entry / "environ").read_bytes()
    except OSError:
        return b""


def _runs(pid: str, word: str) -> bool:
    return word.encode() in (Path("/proc") / pid / "cmdline").read_bytes().split(b"\0")


def _free_port() -> str:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return str(listening.getsockname()[1])
