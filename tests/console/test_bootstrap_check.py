"""`up --check` against a gateway and a console that say what a test wants them to say."""

import json
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import StringIO
from typing import Any

import pytest

from console.environment import Environment
from console.supervisor import check as checking
from console.supervisor import parts
from console.supervisor.check import check
from console.supervisor.log import Log
from console.supervisor.part import Errand, PartFailed
from console.supervisor.welcome import Trial, Welcome

TRIAL = Trial(tenant="acme", router="support", gateway_key="rw_trial")
WELCOME = Welcome(sign_in=None, person=None, trial=TRIAL)
REQUEST = {
    "id": "r-1",
    "requested_model": "gpt-5",
    "class": "classification",
    "tier": "lightweight",
    "model": "openai/gpt-5-nano",
    "outcome": "answered",
    "cost_usd": "0.000012200",
    "baseline_usd": "0.000305000",
    "saved_usd": "0.000292800",
}


class Product:
    """Both servers in one: what was asked of it, and how many requests its figures count."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []
        self.counted = 41
        self.gateway_status = 200
        self.counts_requests = True

    def answer(self, path: str, credential: str) -> tuple[int, dict[str, str], Any]:
        self.asked.append((path, credential))
        match path:
            case "/router/support/v1/chat/completions":
                self.counted += self.counts_requests
                return self.gateway_status, {"x-rungway-request-id": "r-1"}, {"error": "no such key"}
            case "/api/v1/usage":
                return 200, {}, {"total": {"requests": self.counted}}
            case "/api/v1/requests/r-1":
                return 200, {}, REQUEST
            case _:
                return 404, {}, {}


@pytest.fixture
def product() -> Product:
    return Product()


@pytest.fixture
def environment(product: Product) -> Iterator[Environment]:
    with serving(product) as port:
        yield Environment.from_environ({"CONSOLE_PORT": str(port), "GATEWAY_PORT": str(port)})


@pytest.fixture(autouse=True)
def _token(monkeypatch: pytest.MonkeyPatch) -> None:
    """Instead of the command, which needs a tenant: something that prints a token on its last line."""
    code = "print('made for acme'); print('rwa_token')"
    token = Errand(name="token", command=(sys.executable, "-c", code), environ={})
    monkeypatch.setattr(parts, "command", lambda *_: token)


async def test_a_request_seen_in_the_figures(environment: Environment, product: Product) -> None:
    output = StringIO()
    assert await check(environment, {}, WELCOME, Log(output)) == 0
    assert "Saved     $0.000292800" in output.getvalue()
    assert ("/router/support/v1/chat/completions", "Bearer rw_trial") in product.asked
    assert ("/api/v1/requests/r-1", "Bearer rwa_token") in product.asked


async def test_a_refused_request(environment: Environment, product: Product) -> None:
    product.gateway_status = 401
    with pytest.raises(PartFailed, match=r"The gateway answered 401: .*no such key"):
        await check(environment, {}, WELCOME, Log(StringIO()))


async def test_a_request_that_is_never_counted(
    environment: Environment, product: Product, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checking, "SEEN_WITHIN", 0.3)
    product.counts_requests = False
    with pytest.raises(PartFailed, match="r-1 was answered, but is not in the figures"):
        await check(environment, {}, WELCOME, Log(StringIO()))


async def test_nothing_to_send_to(environment: Environment) -> None:
    nobody = Welcome(sign_in=None, person=None, trial=None)
    with pytest.raises(PartFailed, match="no router to send a request to"):
        await check(environment, {}, nobody, Log(StringIO()))


@contextmanager
def serving(product: Product) -> Iterator[int]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, headers, body = product.answer(self.path, self.headers["authorization"])
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(json.dumps(body).encode())

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            self.do_GET()

        def log_message(self, *_: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield int(server.server_address[1])
        finally:
            server.shutdown()
            thread.join()
