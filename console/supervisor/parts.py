"""The parts of the product and how each is started. The compose file starts the same commands."""

import sys
import urllib.request
from collections.abc import Mapping
from functools import partial
from http import HTTPStatus
from http.client import HTTPException
from pathlib import Path

from console.supervisor.part import Errand, Part

PYTHON = sys.executable
CONSOLE = "console.asgi:application"
SERVE = (PYTHON, "-m", "uvicorn", "--http", "httptools", "--loop", "uvloop", "--no-access-log")
QUIET = ("--log-level", "warning")
WORKER = ("worker", "--pool", "threads", "--concurrency", "4", "--without-gossip", "--without-mingle")


def simulator(environ: Mapping[str, str], *, port: int, socket: int) -> Part:
    return Part(
        name="simulator",
        command=(*SERVE, *QUIET, "--fd", str(socket), "gateway.simulator:app"),
        environ=environ,
        sockets=(socket,),
        is_ready=partial(_answers, f"http://127.0.0.1:{port}/healthz"),
    )


def gateways(environ: Mapping[str, str], *, workers: int, url: str, socket: int) -> tuple[Part, ...]:
    """All workers accept from one socket, so that a worker's restart loses no connection."""
    command = (PYTHON, "-m", "gateway.server", "--grace", "25", "--fd", str(socket))
    names = ("gateway",) if workers == 1 else tuple(f"gateway.{number}" for number in range(1, workers + 1))
    return tuple(
        Part(
            name=name,
            command=command,
            environ=environ,
            sockets=(socket,),
            is_ready=partial(_answers, f"{url}/readyz"),
            stops_within=30.0,
        )
        for name in names
    )


def console(environ: Mapping[str, str], *, url: str, socket: int) -> Part:
    return Part(
        name="console",
        command=(*SERVE, *QUIET, "--timeout-graceful-shutdown", "5", "--fd", str(socket), CONSOLE),
        environ=environ,
        sockets=(socket,),
        is_ready=partial(_answers, f"{url}/healthz"),
    )


def worker(environ: Mapping[str, str], *, run: Path) -> Part:
    return _celery("worker", (*WORKER,), environ, run)


def beat(environ: Mapping[str, str], *, run: Path) -> Part:
    return _celery("beat", ("beat",), environ, run)


def command(name: str, environ: Mapping[str, str], *words: str) -> Errand:
    """A management command, with servers and secrets already in its environment."""
    return Errand(name=name, command=(PYTHON, "-m", "django", *words), environ=environ)


def _celery(name: str, words: tuple[str, ...], environ: Mapping[str, str], run: Path) -> Part:
    """Celery listens nowhere: it writes a file when it is ready."""
    ready = run / f"{name}.ready"
    return Part(
        name=name,
        command=(PYTHON, "-m", "celery", "--app", "console.celery", "--quiet", *words),
        environ={**environ, "READY_FILE": str(ready)},
        prepare=partial(ready.unlink, missing_ok=True),
        is_ready=ready.exists,
        stops_within=20.0,
    )


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:  # noqa: S310 (our own loopback address)
            return bool(answer.status == HTTPStatus.OK)
    except (OSError, HTTPException):
        return False
