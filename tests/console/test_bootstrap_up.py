"""The whole product under `up`: starts, is used beside, is killed, comes back, and stops when told."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPResponse
from pathlib import Path
from typing import cast
from urllib.request import Request, urlopen

import pytest

from console.environment import ROOT
from console.supervisor.welcome import REQUEST, Trial

READY = "Ctrl-C stops everything."
ANSWERED, UNDER_WAY = 25, 6
OPEN = """
from billing.models import OpenIntent
from console.tenancy import every_tenant
with every_tenant():
    print(OpenIntent.objects.values("request_id").distinct().count())
"""
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

    @contextmanager
    def up(self) -> Iterator[subprocess.Popen[str]]:
        """Ready at the beginning; at the end killed, and all its parts gone."""
        process = self.command("up")
        try:
            _await_line(process, READY)
            yield process
        finally:
            process.kill()
            process.communicate()
        _await_silence(self)

    def answers(self, port: str, path: str = "/healthz", key: str = "", body: bytes | None = None) -> int:
        with self._asked(port, path, key, body) as answer:
            return int(answer.status)

    def counted(self, token: str) -> int:
        with self._asked("CONSOLE_PORT", "/api/v1/usage", token) as answer:
            return int(json.load(answer)["total"]["requests"])

    def _asked(self, port: str, path: str, credential: str, body: bytes | None = None) -> HTTPResponse:
        headers = {"authorization": f"Bearer {credential}", "content-type": "application/json"}
        request = Request(f"http://127.0.0.1:{self.environ[port]}{path}", body, headers)
        return cast(HTTPResponse, urlopen(request, timeout=30))

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
    with installation.up() as process:
        yield process


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
    (gateway,) = [pid for pid in installation.processes() if _runs(pid, "gateway.server")]
    os.kill(int(gateway), signal.SIGKILL)
    _await_line(running, "gateway ended (signal 9); starting it again in 0.5 s")
    assert installation.answers("GATEWAY_PORT") == 200  # the connection waited in the supervisor's own socket


def test_a_killed_supervisor_takes_all_with_it_and_the_next_recovers(
    installation: Installation, running: subprocess.Popen[str]
) -> None:
    """Last in this file: what it kills, the others shared."""
    made = (installation.var / "secrets.json").read_bytes()
    running.kill()
    with installation.up() as again:
        assert installation.answers("CONSOLE_PORT") == 200
        assert (installation.var / "secrets.json").read_bytes() == made
        again.send_signal(signal.SIGINT)
        output, _ = again.communicate(timeout=60)
    assert again.returncode == 0, output
    assert "Traceback" not in output
    assert installation.processes() == []


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory, installation: Installation) -> tuple[Installation, str]:
    """An installation with a company in it, and what `up --check` said of it."""
    var = tmp_path_factory.mktemp("demo") / "var"
    made = Installation(var, {**installation.environ, "VAR_DIR": str(var), "DEMO": "1"})
    code, output = made.run("up", "--check")
    assert code == 0, output
    return made, output


def test_check_sees_its_request_in_the_figures(demo: tuple[Installation, str]) -> None:
    made, output = demo
    assert "seen on the dashboard's figures" in output
    assert made.processes() == []


def test_what_was_answered_before_a_kill_is_counted_after_it(demo: tuple[Installation, str]) -> None:
    made, _ = demo
    trial = Trial(**json.loads((made.var / "trial.json").read_text()))
    with made.up() as running:
        token = made.run("token", trial.tenant, "--role", "viewer")[1].strip().rpartition("\n")[2]
        before = made.counted(token)
        for _ in range(ANSWERED):
            assert made.answers("GATEWAY_PORT", *chat(trial)) == 200
        with ThreadPoolExecutor(UNDER_WAY) as callers:
            waiting = [callers.submit(made.answers, "GATEWAY_PORT", *chat(trial)) for _ in range(UNDER_WAY)]
            time.sleep(0.3)
            running.kill()
        answered = ANSWERED + sum(each.exception() is None for each in waiting)
    with made.up():
        deadline = time.monotonic() + 30
        while not_yet_told(made, token, before) < ANSWERED + UNDER_WAY and time.monotonic() < deadline:
            time.sleep(0.2)
        assert not_yet_told(made, token, before) == ANSWERED + UNDER_WAY
        assert made.counted(token) - before >= answered


def not_yet_told(made: Installation, token: str, before: int) -> int:
    """Requests that are counted since, and those whose end the ledger waits for."""
    code, output = made.run("shell", "-v", "0", "-c", OPEN)
    assert code == 0, output
    return made.counted(token) - before + int(output.strip().rpartition("\n")[2])


def chat(trial: Trial) -> tuple[str, str, bytes]:
    return f"/router/{trial.router}/v1/chat/completions", trial.gateway_key, REQUEST.encode()


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
