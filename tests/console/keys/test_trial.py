"""Testing a provider key: the cheapest call there is, to a checked address; only the status is read."""

import json
import socket
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import uvicorn
from pytest_django.fixtures import Settings

from console.catalogue.builtin import vendors
from console.keys import trial
from console.keys.sealing import Secret
from gateway.core.catalogue import SPOKEN
from gateway.simulator import Simulator
from tests.gateway.clouds import LOCATION, PROJECT, account

CANARY = "sk-canary-7f3a9e51c2d84b60"


@dataclass
class Provider:
    """A provider on this machine that answers with one status and remembers what it was shown."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    path: str = ""
    calls: int = 0
    url: str = ""


@pytest.fixture
def provider(settings: Settings) -> Iterator[Provider]:
    provider = Provider()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            provider.calls += 1
            provider.path, provider.headers = self.path, {k.lower(): v for k, v in self.headers.items()}
            self.send_response(provider.status)
            self.send_header("location", "http://169.254.169.254/latest/meta-data/")
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    provider.url = f"http://127.0.0.1:{server.server_port}"
    settings.SIMULATOR_URL = provider.url
    yield provider
    server.shutdown()
    server.server_close()


def tried(vendor: str, base_url: str, secret: str = CANARY) -> trial.Trial:
    return trial.attempt(vendors()[vendor], base_url=base_url, secret=Secret(secret) if secret else None)


def test_a_known_key_works(provider: Provider) -> None:
    assert tried("openai", "simulator:/openai/v1") == trial.Trial(
        working=True, reason="The provider knows this key."
    )
    assert provider.path == "/openai/v1/models"
    assert provider.headers["authorization"] == f"Bearer {CANARY}"
    assert provider.headers["host"] == provider.url.removeprefix("http://")


def test_each_provider_is_asked_in_its_own_way(provider: Provider) -> None:
    tried("anthropic", "simulator:/anthropic")
    assert provider.path == "/anthropic/v1/models"
    assert provider.headers["x-api-key"] == CANARY
    assert provider.headers["anthropic-version"] == "2023-06-01"
    assert "authorization" not in provider.headers


def test_no_key_is_no_header(provider: Provider) -> None:
    tried("local", "simulator:/openai/v1", secret="")
    assert "authorization" not in provider.headers


@pytest.mark.parametrize(
    ("status", "working", "reason"),
    [
        (429, True, "knows this key"),
        (401, False, "refuses this key (401)"),
        (403, False, "refuses this key (403)"),
        (404, False, "no list of models"),
        (500, False, "trouble of its own"),
        (418, False, "answered 418"),
    ],
)
def test_the_status_tells(provider: Provider, status: int, working: bool, reason: str) -> None:
    provider.status = status
    outcome = tried("openai", "simulator:/openai/v1")
    assert outcome.working is working
    assert reason in outcome.reason


def test_a_redirect_is_not_followed(provider: Provider) -> None:
    provider.status = 302
    assert tried("openai", "simulator:/openai/v1").reason.startswith("The provider answered 302")
    assert provider.calls == 1


@pytest.mark.parametrize("base_url", ["http://127.0.0.1:1/v1", "https://localhost/v1", "https://10.0.0.1/v1"])
def test_an_address_that_was_closed_since_is_not_called(settings: Settings, base_url: str) -> None:
    settings.ALLOWED_PRIVATE_NETWORKS = ()
    outcome = tried("openai", base_url)
    assert outcome.working is False
    assert "cannot be used" in outcome.reason


def test_a_name_that_leads_inside_is_not_called(provider: Provider, monkeypatch: pytest.MonkeyPatch) -> None:
    answers = [(2, 1, 6, "", ("93.184.215.14", 443)), (2, 1, 6, "", ("10.0.0.7", 443))]
    monkeypatch.setattr("socket.getaddrinfo", lambda *_, **__: answers)
    outcome = tried("openai", "https://rebinding.example/v1")
    assert outcome == trial.Trial(
        working=False,
        reason="The base URL cannot be used: 10.0.0.7 is private or reserved; "
        "the operator can open it in ALLOWED_PRIVATE_NETWORKS.",
    )


def test_nobody_there_is_said_so(settings: Settings) -> None:
    settings.SIMULATOR_URL = "http://127.0.0.1:1"
    assert tried("openai", "simulator:/v1").reason == "The provider could not be reached."


def test_a_protocol_that_is_not_spoken_cannot_be_tried() -> None:
    outcome = tried("typesafe", "")
    assert outcome.working is None
    assert outcome.reason == "Keys of TypeSafe cannot be tested yet."


@pytest.fixture
def clouds(settings: Settings) -> Iterator[str]:
    """The simulated providers, on a thread of their own."""
    simulator, listening = Simulator(), socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(simulator, log_level="error", lifespan="off"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    settings.SIMULATOR_URL = f"http://127.0.0.1:{listening.getsockname()[1]}"
    yield settings.SIMULATOR_URL
    server.should_exit = True
    thread.join()
    listening.close()


ID = "AKIASIMULATED0000001"


def key_file(clouds: str, tail: str = "") -> str:
    return json.dumps(account(f"{clouds}/vertex/token{tail}"))


@pytest.mark.parametrize("base_url", ["simulator:/vertex", "simulator:/vertex/v1"])
def test_a_service_account_gets_a_token_and_counts_with_it(clouds: str, base_url: str) -> None:
    outcome = tried("vertex", base_url, key_file(clouds))
    assert outcome == trial.Trial(working=True, reason="The provider knows this key.")


def test_a_service_account_that_is_gone_is_refused(clouds: str) -> None:
    """Who signs for another address is not believed."""
    outcome = tried("vertex", "simulator:/vertex", key_file(clouds, "?for=another"))
    assert outcome == trial.Trial(working=False, reason="The provider refuses this key (401).")


@dataclass
class Google:
    """Answers first for tokens, then for models, and remembers where it was asked and what it was shown."""

    token: tuple[int, bytes] = (200, b'{"access_token":"ya29.a","expires_in":3599}')
    model: int = 200
    paths: list[str] = field(default_factory=list)
    shown: list[str] = field(default_factory=list)
    url: str = ""


@pytest.fixture
def google(settings: Settings) -> Iterator[Google]:
    google = Google()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            google.paths.append(self.path)
            google.shown.append(self.headers.get("authorization") or self.headers.get("x-goog-api-key") or "")
            self.rfile.read(int(self.headers["content-length"]))
            status, body = google.token if self.path == "/token" else (google.model, b"{}")
            self.send_response(status)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    google.url = settings.SIMULATOR_URL = f"http://127.0.0.1:{server.server_port}"
    yield google
    server.shutdown()
    server.server_close()


REFUSED = (
    "The account is known, and refused in its project (403): it needs a role that uses models, "
    "and the API of Google Vertex AI enabled."
)
COUNT = "/publishers/google/models/gemini-3.5-flash:countTokens"


def test_a_service_account_is_asked_where_its_project_is(google: Google) -> None:
    secret = json.dumps(account(f"{google.url}/token"))
    assert tried("vertex", "simulator:/x", secret).working is True
    place = f"/x/v1/projects/{PROJECT}/locations/{LOCATION}"
    assert google.paths == ["/token", place + COUNT]
    assert google.shown == ["", "Bearer ya29.a"]


def test_an_express_key_is_asked_without_a_place(google: Google) -> None:
    assert tried("vertex", "simulator:/x").working is True
    assert (google.paths, google.shown) == ([f"/x/v1{COUNT}"], [CANARY])


@pytest.mark.parametrize(
    ("token", "model", "reason"),
    [
        ((400, b'{"error":"invalid_grant"}'), 200, "The provider refuses this key (401)."),
        ((503, b""), 200, "The provider has trouble of its own (503): try later."),
        ((200, b"<html>"), 200, "The provider has trouble of its own (502): try later."),
        ((200, b"[" * 20_000), 200, "The provider has trouble of its own (502): try later."),
        (Google().token, 403, REFUSED),
        (Google().token, 404, "There is no model to ask at this base URL (404)."),
        (Google().token, 400, "The provider refuses this key (401)."),
    ],
)
def test_each_step_may_be_refused(google: Google, token: tuple[int, bytes], model: int, reason: str) -> None:
    google.token, google.model = token, model
    outcome = tried("vertex", "simulator:/x", json.dumps(account(f"{google.url}/token")))
    assert outcome == trial.Trial(working=False, reason=reason)


def test_a_token_is_only_asked_for_where_a_provider_may_be(google: Google) -> None:
    secret = json.dumps(account("https://10.0.0.1/token"))
    assert "cannot be used" in tried("vertex", "simulator:/x", secret).reason
    assert google.paths == []


def test_what_is_no_key_file_is_said(google: Google) -> None:
    outcome = tried("vertex", "simulator:/x", '{"client_email": "a"}')
    assert outcome.reason.startswith("This is no key: not a service account's key file")
    assert google.paths == []


def test_where_there_is_no_list_a_model_is_asked(google: Google) -> None:
    assert tried("voyage", "simulator:/v1").working is True
    assert (google.paths, google.shown) == (["/v1/embeddings"], [f"Bearer {CANARY}"])


def test_google_says_400_of_a_key_that_it_does_not_know(provider: Provider) -> None:
    provider.status = 400
    assert tried("gemini", "simulator:/gemini").reason == "The provider refuses this key (401)."


def test_every_provider_that_is_spoken_with_has_a_way() -> None:
    """But one, whose list is not under its base."""
    without = {name for name, row in vendors().items() if row.dialect in SPOKEN and not row.models_path}
    assert without == {"snowflake"}


@pytest.mark.parametrize(
    ("vendor", "base_url", "secret", "working"),
    [
        ("bedrock", "simulator:/bedrock", f"{ID}:secretOf{ID}", True),
        ("bedrock", "simulator:/bedrock", f"{ID}:secretOf{ID}:IQoJb3JpZ2luX2VjEXAMPLE", True),
        ("bedrock", "simulator:/bedrock", f"{ID}:anotherSecretAccessKey", False),
        ("bedrock", "simulator:/bedrock", "ABSKQmVkcm9ja0FQSUtleS1FWEFNUExF", True),
        ("azure", "simulator:/azure", CANARY, True),
        ("azure", "simulator:/azure/openai/v1", CANARY, True),
        ("azure", "simulator:/azure", "eyJhbGciOi.eyJhdWQiOi.c2lnbmVk", True),
        ("cohere", "simulator:/cohere", CANARY, True),
        ("ollama", "simulator:/ollama", "", True),
    ],
)
def test_clouds_are_asked_in_their_ways(
    clouds: str, vendor: str, base_url: str, secret: str, working: bool
) -> None:
    outcome = tried(vendor, base_url, secret)
    assert outcome.working is working
    assert outcome.reason == (
        "The provider knows this key." if working else "The provider refuses this key (403)."
    )
