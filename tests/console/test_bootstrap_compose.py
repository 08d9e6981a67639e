"""compose.yaml: every service's own command runs and passes its own health check, here without a container."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import pytest
import yaml

from console.embedded.valkey import Valkey
from console.environment import ROOT

SERVICES: dict[str, dict[str, Any]] = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]
HEALTHY_WITHIN = 60.0
VARIABLE = re.compile(r"\$\$|\$\{(?P<name>\w+)(?::-(?P<default>[^}]*)|:\?[^}]*)?\}")


@pytest.fixture(scope="module")
def outside(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What a person sets before `docker compose up`, and what a container has of its own."""
    var = tmp_path_factory.mktemp("var")
    return {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "HOSTNAME": socket.gethostname(),
        "SECRET_KEY": os.environ["SECRET_KEY"],
        "MASTER_KEYS": os.environ["MASTER_KEYS"],
        "DATABASE_PASSWORD": "unused-over-a-trusted-socket",
        "CONSOLE_PORT": _free_port(),
        "GATEWAY_PORT": _free_port(),
        "VAR_DIR": str(var),
        "BEAT_READY_FILE": str(var / "beat.ready"),
        "DJANGO_SETTINGS_MODULE": "console.settings",
    }


def test_the_services() -> None:
    assert set(SERVICES) == {"postgres", "valkey", "migrate", "console", "gateway", "worker", "beat"}
    assert all("healthcheck" in service for name, service in SERVICES.items() if name != "migrate")


def test_the_image_holds_all_that_runs() -> None:
    lines = (ROOT / ".docker" / "Dockerfile").read_text().splitlines()
    copied = {line.split()[1] for line in lines if line.startswith("COPY ")}
    assert all((ROOT / source).exists() for source in copied)
    assert {"gateway", "console", "billing", "templates", "static", "manage.py"} <= copied


def test_valkey_keeps_everything(tmp_path: Path) -> None:
    embedded = Valkey(tmp_path / "data", tmp_path)
    command = [embedded.command()[0], *SERVICES["valkey"]["command"][1:-2], "--dir", str(tmp_path)]
    with _running([*command, "--port", "0", "--unixsocket", str(embedded.socket)], os.environ) as process:
        _await(process, embedded.is_ready)
        with embedded.connection() as connection:
            kept = cast(dict[str, str], connection.config_get("appendonly", "maxmemory-policy"))
    assert kept == {"appendonly": "yes", "maxmemory-policy": "noeviction"}


@pytest.fixture(scope="module")
def migrated(outside: dict[str, str]) -> None:
    command = _interpolated(SERVICES["migrate"]["command"], outside)
    subprocess.run(command, env=_environ("migrate", outside), cwd=ROOT, check=True, capture_output=True)


@pytest.mark.usefixtures("migrated")
@pytest.mark.parametrize("name", ["console", "gateway", "worker", "beat"])
def test_a_service_gets_healthy_and_ends_when_told(name: str, outside: dict[str, str]) -> None:
    service, environ = SERVICES[name], _environ(name, outside)
    kind, *check = _interpolated(service["healthcheck"]["test"], outside)
    shell = kind == "CMD-SHELL"
    with _running(_interpolated(service["command"], outside), environ) as process:
        _await(process, lambda: _passes(check[0] if shell else check, environ, shell=shell))


def _environ(name: str, outside: Mapping[str, str]) -> dict[str, str]:
    declared = SERVICES[name]["environment"]
    written = dict(zip(declared, _interpolated(list(declared.values()), outside), strict=True))
    addresses = {variable: os.environ[variable] for variable in ("DATABASE_URL", "REDIS_URL")}
    return {**outside, **written, **addresses}


def _interpolated(words: list[str], outside: Mapping[str, str]) -> list[str]:
    def value(found: re.Match[str]) -> str:
        name = found["name"]
        return outside.get(name, found["default"] or "") if name else "$"

    return [VARIABLE.sub(value, word) for word in words]


@contextmanager
def _running(command: list[str], environ: Mapping[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(
        command, env=environ, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    try:
        yield process
    finally:
        process.terminate()
        output, _ = process.communicate(timeout=30)
        print(output.decode(errors="replace"))
    assert process.returncode in {0, -signal.SIGTERM}


def _passes(check: str | list[str], environ: Mapping[str, str], *, shell: bool) -> bool:
    ran = subprocess.run(check, env=environ, cwd=ROOT, shell=shell, check=False, capture_output=True)
    return ran.returncode == 0


def _await(process: subprocess.Popen[bytes], is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + HEALTHY_WITHIN
    while not is_so():
        assert process.poll() is None, "ended instead of getting healthy"
        assert time.monotonic() < deadline, "not healthy in time"
        time.sleep(0.1)


def _free_port() -> str:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return str(listening.getsockname()[1])
