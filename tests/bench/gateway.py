"""The hot path: requests a second and added latency of the gateway, beside a bare pass-through and going direct.

    python -m tests.bench.gateway [--seconds N] [--rounds N] [--stream] [--peers FOLDER] [--json]

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
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from typing import Any
from urllib.request import urlopen

from tests.bench import peers
from tests.servers import running_servers

UVICORN = ("uvicorn", "--http", "httptools", "--loop", "uvloop", "--no-access-log", "--log-level", "warning")
HERE = Path(__file__).parent
KEY = "rw_test_0123456789abcdefghijklmnopqrstuvwxyz"  # of tests/gateway/world.py, which the tenant is made by
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
        bench = Bench(Path(folder), environ, arguments)
        with ExitStack() as running:
            running.enter_context(bench.upstream())
            targets = {
                "direct": bench.direct,
                "pass-through": running.enter_context(bench.passing()),
                "gateway": running.enter_context(bench.gateway()),
            }
            for name in filter(shutil.which, ("nginx", "caddy")):
                targets[name] = running.enter_context(bench.proxy(name))
            if arguments.peers:
                peers.install(arguments.peers)
                targets["litellm"] = running.enter_context(bench.litellm(arguments.peers))
                targets["portkey"] = running.enter_context(bench.portkey(arguments.peers))
            rows = bench.rounds(targets)
    report(rows, as_json=arguments.json)


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=4.0, help="of load for each figure")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--connections", type=int, default=32)
    parser.add_argument("--stream", action="store_true", help="50-chunk streams instead of whole answers")
    parser.add_argument("--peers", type=Path, help="a folder to install peers in, and measure them too")
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


@dataclass(frozen=True)
class Target:
    url: str
    pid: int = 0
    headers: tuple[str, ...] = (f"Authorization: Bearer {KEY}",)


def bearer(key: str) -> str:
    return f"Authorization: Bearer {key}"


class Bench:
    def __init__(self, folder: Path, environ: dict[str, str], arguments: argparse.Namespace) -> None:
        self.folder, self.environ, self.arguments = folder, environ, arguments  # environ: of our own parts
        self.cores = sorted(os.sched_getaffinity(0))
        self.ports = iter(range(18_480, 18_560))
        self.upstream_port = next(self.ports)
        self.mock, self.lg = (self._compile(name) for name in ("mock", "lg"))
        self.body = folder / "body.json"
        request = {"model": "gpt-5", "messages": [{"role": "user", "content": PROMPT}]}
        self.body.write_text(json.dumps(request | ({"stream": True} if arguments.stream else {})))

    @property
    def direct(self) -> Target:
        return Target(f"{self.base}/chat/completions")

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.upstream_port}/v1"

    @contextmanager
    def upstream(self) -> Iterator[None]:
        with self._running([str(self.mock), str(self.upstream_port), "0", "50", "0"], core=0):
            yield

    @contextmanager
    def passing(self) -> Iterator[Target]:
        with self._server("tests.bench.passing:app", next(self.ports)) as served:
            yield served

    @contextmanager
    def gateway(self) -> Iterator[Target]:
        self.publish(self.base)
        with self._server("", next(self.ports)) as served:
            yield replace(served, url=served.url.replace("/v1/", "/router/support/v1/"))

    @contextmanager
    def proxy(self, name: str) -> Iterator[Target]:
        """A compiled one, in one process so that its CPU can be counted."""
        port, make = next(self.ports), {"nginx": peers.nginx, "caddy": peers.caddy}[name]
        with self._running(
            make(self.folder, port, self.base), core=1, environ={"GOMAXPROCS": "1"}
        ) as process:
            target = Target(f"http://127.0.0.1:{port}/v1/chat/completions", process.pid)
            wait_until_listening(port)
            workers = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
            yield replace(target, pid=int(workers[0])) if workers else target

    @contextmanager
    def litellm(self, folder: Path) -> Iterator[Target]:
        port = next(self.ports)
        with self._running(peers.litellm(folder, port, self.base), core=1) as process:
            wait_for(f"http://127.0.0.1:{port}/health/liveliness")
            yield Target(f"http://127.0.0.1:{port}/v1/chat/completions", process.pid, (bearer(peers.KEY),))

    @contextmanager
    def portkey(self, folder: Path) -> Iterator[Target]:
        port = next(self.ports)
        with self._running(peers.portkey(folder, port), core=1) as process:
            wait_for(f"http://127.0.0.1:{port}/")
            headers = (bearer("sk-x"), *peers.portkey_headers(self.base))
            yield Target(f"http://127.0.0.1:{port}/v1/chat/completions", process.pid, headers)

    @contextmanager
    def _server(self, app: str, port: int) -> Iterator[Target]:
        command = [sys.executable, "-m", *(UVICORN if app else ()), app or "gateway.server"]
        with self._module(command, port) as served:
            yield served

    def publish(self, base: str, *, tenants: int = 1, keys: int = 1) -> None:
        words = ["--tenants", str(tenants), "--keys", str(keys)]
        command = [sys.executable, "-m", "tests.bench.publish", base, *words]
        subprocess.run(command, check=True, env={**os.environ, **self.environ})

    @contextmanager
    def _module(self, command: Sequence[str], port: int) -> Iterator[Target]:
        with self._running([*command, "--port", str(port)], core=1, environ=self._environ(port)) as process:
            wait_for(f"http://127.0.0.1:{port}/readyz")
            yield Target(f"http://127.0.0.1:{port}/v1/chat/completions", process.pid)

    def _environ(self, port: int) -> dict[str, str]:
        return {
            **os.environ,
            **self.environ,
            "ALLOWED_PRIVATE_NETWORKS": "127.0.0.0/8",
            "VAR_DIR": str(self.folder / str(port)),
            "LOG_LEVEL": "WARNING",
            "UPSTREAM": f"{self.base}/chat/completions",
        }

    @contextmanager
    def _running(
        self, command: Sequence[str], *, core: int, environ: dict[str, str] | None = None
    ) -> Iterator[subprocess.Popen[bytes]]:
        pinned = ["taskset", "-c", str(self.cores[core % len(self.cores)]), *command]
        process = subprocess.Popen(pinned, env={**os.environ, **(environ or {})}, stdout=subprocess.DEVNULL)
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

    def rounds(self, targets: dict[str, Target]) -> dict[str, dict[str, float]]:
        """Interleaved, so that a machine that drifts drifts for all; the median of each figure."""
        seen: dict[str, list[dict[str, Any]]] = {name: [] for name in targets}
        for _ in range(self.arguments.rounds):
            for name, target in targets.items():
                busy = self._load(target, connections=self.arguments.connections)
                alone = self._load(target, connections=1)
                seen[name].append(busy | {f"{key}_alone": value for key, value in alone.items()})
        return {
            name: {
                key: median(row[key] for row in rows)
                for key in rows[0]
                if isinstance(rows[0][key], int | float)
            }
            for name, rows in seen.items()
        }

    def _load(self, target: Target, *, connections: int, rate: float = 0) -> dict[str, Any]:
        """`rate` in requests a second; 0: as fast as answers come."""
        command = ["taskset", "-c", str(self.cores[0]), str(self.lg), "-c", str(connections)]
        command += ["-d", str(self.arguments.seconds), "-w", "2", "-b", str(self.body)]
        for header in target.headers:
            command += ["-H", header]
        command += ["-p", str(target.pid)] if target.pid else []
        command += ["-r", str(rate)] if rate else []
        done = subprocess.run([*command, target.url], check=True, capture_output=True, timeout=120)
        figures: dict[str, Any] = json.loads(done.stdout)
        if figures["bad"] or figures["err"]:
            sys.exit(f"{target.url} answered {figures['bad']} requests badly: {figures}")
        return figures


def wait_for(url: str) -> None:
    for _ in range(1200):
        try:
            with urlopen(url, timeout=2) as answer:
                if answer.status == 200:
                    return
        except OSError:
            time.sleep(0.05)
    sys.exit(f"{url} did not become ready")


def wait_until_listening(port: int) -> None:
    for _ in range(600):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.05)
    sys.exit(f"nobody listens on {port}")


def report(rows: dict[str, dict[str, float]], *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(rows))
        return
    own = rows["gateway"]
    print(f"{'':14}{'req/s':>9}{'CPU us':>9}{'p50 ms':>9}{'p99 ms':>9}{'alone p50':>11}{'alone p99':>11}{'RSS MB':>8}"
          f"{'gateway is':>14}")  # fmt: skip
    for name, row in rows.items():
        figures = (row["p50"], row["p99"], row["p50_alone"], row["p99_alone"])
        p50, p99, alone50, alone99 = (f"{value / 1000:.2f}" for value in figures)
        print(f"{name:14}{row['rps']:9.0f}{row['cpu_us_per_req']:9.0f}{p50:>9}{p99:>9}{alone50:>11}{alone99:>11}"
              f"{row['rss_mb']:8.0f}{own['rps'] / row['rps']:13.2f}x")  # fmt: skip
    added = [own[key] - rows["direct"][key] for key in ("p50_alone", "p99_alone")]
    print(f"added to one request at a time: p50 {added[0] / 1000:.2f} ms, p99 {added[1] / 1000:.2f} ms")


if __name__ == "__main__":
    main()
