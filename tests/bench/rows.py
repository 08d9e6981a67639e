"""The gateway at work in other ways than flat out: half its load, paced streams, two workers, a thousand tenants.

    python -m tests.bench.rows [--seconds N] [--requests N]

Same machine and programs as `tests.bench.gateway`: the upstream and the load generator share one core, the gateway has
the other. Each row says what it is compared with; read ratios, never absolutes.
"""

from __future__ import annotations

import argparse
import json
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import Request, urlopen

from tests.bench.gateway import KEY, Bench, Target, wait_for
from tests.servers import running_servers

PACE = 20_000  # microseconds between the events of a paced stream
TENANTS, KEYS = 1_000, 10


def main() -> None:
    arguments = parsed()
    with tempfile.TemporaryDirectory(prefix="rungway-bench-") as folder, running_servers() as environ:
        bench = Rows(Path(folder), environ, arguments)
        with bench.upstream(), bench.paced() as paced:
            print(f"{'':52}{'gateway':>10}{'beside it':>12}")
            for row in (
                bench.floor, bench.half_load, bench.cold_start, bench.two_workers, bench.many_tenants, bench.memory,
            ):  # fmt: skip
                row()
            bench.first_token(paced)
            bench.event_cost(paced)


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=4.0, help="of load for each figure")
    parser.add_argument("--requests", type=int, default=100_000, help="after which memory is looked at")
    arguments = parser.parse_args()
    return argparse.Namespace(
        rounds=1, connections=32, stream=False, peers=None, json=False, **vars(arguments)
    )


def told(what: str, own: float, beside: float, unit: str = "") -> None:
    print(f"{what:52}{own:10.2f}{beside:12.2f}  {unit}", flush=True)


class Rows(Bench):
    def floor(self) -> None:
        """Against the same server and client without any duty."""
        command = [sys.executable, "-m", "tests.bench.floor"]
        with self.gateway() as own, self._module(command, next(self.ports)) as floor:
            ours, bare = (self._load(each, connections=32) for each in (own, floor))
        told(
            "requests/s, against the Python floor",
            ours["rps"],
            bare["rps"],
            f"{ours['rps'] / bare['rps']:.3f}x",
        )

    def half_load(self) -> None:
        with self.gateway() as own:
            full = self._load(own, connections=32)["rps"]
            ours = self._load(own, connections=64, rate=full / 2)
        direct = self._load(self.direct, connections=64, rate=full / 2)
        told("p99 at half of saturation, ms", ours["p99"] / 1000, direct["p99"] / 1000, "going direct")

    def first_token(self, paced: str) -> None:
        with self.streaming(), self.gateway(paced) as own:
            ours = self._load(own, connections=16)
            direct = self._load(Target(f"{paced}/chat/completions"), connections=16)
        told(
            "p50 to the first event, 16 paced streams, ms",
            ours["ttft50"] / 1000,
            direct["ttft50"] / 1000,
            "direct",
        )

    def event_cost(self, paced: str) -> None:
        with self.streaming(), self.gateway(paced) as own:
            ours = self._load(own, connections=128)
        events = ours["events_s"] * ours["dur"]
        told(
            "CPU of a paced event, 128 streams, µs",
            ours["cpu_s"] * 1e6 / events,
            events / ours["dur"],
            "events/s",
        )

    def two_workers(self) -> None:
        """On both cores, which the load shares: what is lost to it is lost to both sides of the ratio."""
        with self.gateway() as one:
            alone = self._load(one, connections=64)
        with self.gateway(workers=2) as two:
            both = self._load(two, connections=64)
        told(
            "requests/s, two workers against one",
            both["rps"],
            alone["rps"],
            f"{both['rps'] / alone['rps']:.2f}x",
        )

    def many_tenants(self) -> None:
        with self.gateway() as one:
            few = self._load(one, connections=32)
        with self.gateway(tenants=TENANTS, keys=KEYS) as crowded:
            many = self._load(crowded, connections=32)
        cost = many["cpu_us_per_req"], few["cpu_us_per_req"]
        told(
            f"CPU of a request, {TENANTS:,} tenants, {TENANTS * KEYS:,} keys, µs",
            *cost,
            f"{cost[0] / cost[1]:.3f}x",
        )

    def memory(self) -> None:
        with self.gateway() as own:
            self._load(own, connections=1)
            before = resident(own.pid)
            rate = self._load(own, connections=32)["rps"]
            self.arguments.seconds, kept = self.arguments.requests / rate, self.arguments.seconds
            done = self._load(own, connections=32)["ok"]
            self.arguments.seconds = kept
            told(f"RSS after {done:,} requests, MB", resident(own.pid), before, "when it began")

    def cold_start(self) -> None:
        """From the process's start to its first answer."""
        began = time.monotonic()
        with self.gateway(waits=False) as own:
            published = time.monotonic()
            while not answered(own.url):
                time.sleep(0.01)
            told(
                "cold start to the first answer, s",
                time.monotonic() - published,
                published - began,
                "publishing",
            )

    @contextmanager
    def streaming(self) -> Iterator[None]:
        whole = self.body.read_text()
        self.body.write_text(json.dumps({**json.loads(whole), "stream": True}))
        try:
            yield
        finally:
            self.body.write_text(whole)

    @contextmanager
    def paced(self) -> Iterator[str]:
        """Another upstream, whose streams come event by event."""
        port = next(self.ports)
        with self._running([str(self.mock), str(port), "0", "50", str(PACE)], core=0):
            yield f"http://127.0.0.1:{port}/v1"

    @contextmanager
    def gateway(
        self, base: str = "", *, workers: int = 1, tenants: int = 1, keys: int = 1, waits: bool = True
    ) -> Iterator[Target]:
        self.publish(base or self.base, tenants=tenants, keys=keys)
        port = next(self.ports)
        with socket.create_server(("127.0.0.1", port), backlog=2048) as listener:
            listener.set_inheritable(True)
            command = [sys.executable, "-m", "gateway.server", "--fd", str(listener.fileno())]
            with self._served(command, port, listener.fileno(), workers) as pid:
                if waits:
                    wait_for(f"http://127.0.0.1:{port}/readyz")
                yield Target(f"http://127.0.0.1:{port}/router/support/v1/chat/completions", pid)

    @contextmanager
    def _served(self, command: list[str], port: int, listener: int, workers: int) -> Iterator[int]:
        processes = [
            subprocess.Popen(
                ["taskset", "-c", str(self.cores[(number + 1) % len(self.cores)]), *command],
                env=self._environ(port), stdout=subprocess.DEVNULL, pass_fds=(listener,),
            )
            for number in range(workers)
        ]  # fmt: skip
        try:
            yield processes[0].pid
        finally:
            for process in processes:
                process.terminate()
            for process in processes:
                process.wait(30)


def answered(url: str) -> bool:
    body = json.dumps({"model": "gpt-5", "messages": [{"role": "user", "content": "hi"}]}).encode()
    headers = {"authorization": f"Bearer {KEY}", "content-type": "application/json"}
    try:
        with urlopen(Request(url, body, headers), timeout=5) as answer:
            return bool(answer.status == 200)
    except (URLError, OSError):
        return False


def resident(pid: int) -> float:
    """Megabytes of memory that the process has in hand."""
    lines: dict[str, Any] = dict(
        line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines()
    )
    return int(lines["VmRSS"].split()[0]) / 1024


if __name__ == "__main__":
    main()
