"""The hot path: requests a second and added latency of the gateway, beside a bare pass-through and going direct.

    python -m tests.bench.gateway [--seconds N] [--rounds N] [--stream] [--json]

The upstream and the load generator are small C programs (tests/bench/load, compiled with `cc` on the spot), so that
neither is what is measured. They share one core, the server under test has the other. The pass-through is the
same server (uvicorn, httptools, uvloop) and the same client (our pool) without any duty: what it loses against the
gateway is what authenticating, classifying, deciding and recording cost. Read ratios within one run, never absolutes.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any
from urllib.request import urlopen

from tests.servers import running_servers

HERE = Path(__file__).parent
PROMPT = (
    "Classify the sentiment of the following product review as positive, negative or neutral. Answer with one word. "
    "Review: I bought this umbrella in March and it has been through two storms. The handle is comfortable, the "
    "fabric dries quickly, and the colour is as pictured. The button stuck once but worked again after a day. "
    "Delivery took a week, which is longer than promised, and the box was dented; the umbrella itself was fine. "
    "Compared with the one I had before, which cost twice as much, this one is lighter and folds smaller. I would "
    "buy it again, though perhaps in another colour, and I have already recommended it to two friends at work. "
)


def main() -> None:
    arguments = parsed()
    with tempfile.TemporaryDirectory(prefix="rungway-bench-") as folder, running_servers() as environ:
        bench = Bench(Path(folder), {**os.environ, **environ}, arguments)
        with bench.upstream(), bench.passing() as bare, bench.gateway() as routed:
            rows = bench.rounds({"direct": bench.direct, "pass-through": bare, "gateway": routed})
    report(rows, as_json=arguments.json)


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=4.0, help="of load for each figure")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--connections", type=int, default=32)
    parser.add_argument("--stream", action="store_true", help="50-chunk streams instead of whole answers")
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


class Bench:
    def __init__(self, folder: Path, environ: dict[str, str], arguments: argparse.Namespace) -> None:
        self.folder, self.environ, self.arguments = folder, environ, arguments
        self.cores = sorted(os.sched_getaffinity(0))
        self.ports = iter(range(18_480, 18_500))
        self.upstream_port = next(self.ports)
        self.mock, self.lg = (self._compile(name) for name in ("mock", "lg"))
        self.body = folder / "body.json"
        request = {"model": "gpt-5", "messages": [{"role": "user", "content": PROMPT}]}
        self.body.write_text(json.dumps(request | ({"stream": True} if arguments.stream else {})))

    @property
    def direct(self) -> tuple[str, int]:
        return f"http://127.0.0.1:{self.upstream_port}/v1/chat/completions", 0

    @contextmanager
    def upstream(self) -> Iterator[None]:
        with self._running([str(self.mock), str(self.upstream_port), "0", "50", "0"], core=0):
            yield

    @contextmanager
    def passing(self) -> Iterator[tuple[str, int]]:
        with self._server("tests.bench.passing:app", next(self.ports)) as served:
            yield served

    @contextmanager
    def gateway(self) -> Iterator[tuple[str, int]]:
        command = [sys.executable, "-m", "tests.bench.publish", f"http://127.0.0.1:{self.upstream_port}/v1"]
        subprocess.run(command, check=True, env=self.environ)
        with self._server("gateway.app:app", next(self.ports)) as (url, pid):
            yield url.replace("/v1/", "/router/support/v1/"), pid

    @contextmanager
    def _server(self, app: str, port: int) -> Iterator[tuple[str, int]]:
        command = [sys.executable, "-m", "uvicorn", app, "--port", str(port), "--http", "httptools"]
        options = ["--loop", "uvloop", "--no-access-log", "--log-level", "warning"]
        extra = {
            "ALLOWED_PRIVATE_NETWORKS": "127.0.0.0/8",
            "VAR_DIR": str(self.folder / str(port)),
            "LOG_LEVEL": "WARNING",
            "UPSTREAM": f"http://127.0.0.1:{self.upstream_port}/v1/chat/completions",
        }
        with self._running([*command, *options], core=1, environ=extra) as process:
            wait_for(f"http://127.0.0.1:{port}/readyz")
            yield f"http://127.0.0.1:{port}/v1/chat/completions", process.pid

    @contextmanager
    def _running(
        self, command: Sequence[str], *, core: int, environ: dict[str, str] | None = None
    ) -> Iterator[subprocess.Popen[bytes]]:
        pinned = ["taskset", "-c", str(self.cores[core % len(self.cores)]), *command]
        process = subprocess.Popen(pinned, env=self.environ | (environ or {}))
        try:
            yield process
        finally:
            process.terminate()
            process.wait(20)

    def _compile(self, name: str) -> Path:
        program = self.folder / name
        compiler = shutil.which("cc") or sys.exit("a C compiler (`cc`) is needed for the load programs")
        subprocess.run([compiler, "-O2", "-w", "-o", program, HERE / "load" / f"{name}.c", "-lm"], check=True)
        return program

    def rounds(self, targets: dict[str, tuple[str, int]]) -> dict[str, dict[str, float]]:
        """Interleaved, so that a machine that drifts drifts for all; the median of each figure."""
        seen: dict[str, list[dict[str, Any]]] = {name: [] for name in targets}
        for _ in range(self.arguments.rounds):
            for name, (url, pid) in targets.items():
                busy = self._load(url, pid, connections=self.arguments.connections)
                alone = self._load(url, pid, connections=1)
                seen[name].append(busy | {f"{key}_alone": value for key, value in alone.items()})
        return {
            name: {
                key: median(row[key] for row in rows)
                for key in rows[0]
                if isinstance(rows[0][key], int | float)
            }
            for name, rows in seen.items()
        }

    def _load(self, url: str, pid: int, *, connections: int) -> dict[str, Any]:
        from tests.gateway.world import KEY

        command = ["taskset", "-c", str(self.cores[0]), str(self.lg), "-c", str(connections)]
        command += ["-d", str(self.arguments.seconds), "-w", "1", "-b", str(self.body)]
        command += ["-H", f"Authorization: Bearer {KEY}", "-H", "Content-Type: application/json"]
        command += ["-p", str(pid)] if pid else []
        done = subprocess.run([*command, url], check=True, capture_output=True, timeout=120)
        figures: dict[str, Any] = json.loads(done.stdout)
        return figures


def wait_for(url: str) -> None:
    for _ in range(200):
        try:
            with urlopen(url, timeout=2) as answer:
                if answer.status == 200:
                    return
        except OSError:
            time.sleep(0.05)
    sys.exit(f"{url} did not become ready")


def report(rows: dict[str, dict[str, float]], *, as_json: bool) -> None:
    if as_json:
        return print(json.dumps(rows))
    for name, row in rows.items():
        print(name, {key: round(value, 2) for key, value in row.items()})
    return None


if __name__ == "__main__":
    main()
