"""Azure: an address that names a deployment, a key or a token, and what its filter adds."""

from __future__ import annotations

import json
from typing import Any

import pytest

from gateway.core.catalogue import Auth, Model
from gateway.core.facts import Tier
from gateway.core.url import joined
from gateway.dialects import DIALECTS, PROTOCOLS
from gateway.errors import ProviderInvalidRequest, UpstreamRateLimited
from tests.gateway.dialects.sample_streams import CHAT, chunk
from tests.gateway.dialects.samples import ANTHROPIC, OPENAI, parse

AZURE = PROTOCOLS["azure"]
MODEL = Model(id="azure/gpt-4o", provider="azure", tier=Tier.MID, upstream_model="my deployment")
BASE = "https://r.openai.azure.com"


@pytest.mark.parametrize(
    ("base", "address"),
    [
        (BASE, f"{BASE}/openai/deployments/my%20deployment/chat/completions?api-version=2024-10-21"),
        (
            f"{BASE}?api-version=2025-04-01-preview",
            f"{BASE}/openai/deployments/my%20deployment/chat/completions?api-version=2025-04-01-preview",
        ),
        (f"{BASE}/openai/v1", f"{BASE}/openai/v1/chat/completions"),
    ],
)
def test_the_address_names_the_deployment(base: str, address: str) -> None:
    passed = AZURE.pass_through(parse(OPENAI), MODEL)
    said = AZURE.translate(DIALECTS[ANTHROPIC].conversation_of(parse(ANTHROPIC)), MODEL)
    assert joined(base, passed.path) == joined(base, said.path) == address
    assert json.loads(passed.body)["model"] == json.loads(said.body)["model"] == "my deployment"


@pytest.mark.parametrize("base", [BASE, f"{BASE}/openai/v1"])
def test_responses_have_one_address_for_all_deployments(base: str) -> None:
    protocol = PROTOCOLS["azure_responses"]
    passed = protocol.pass_through(parse("openai_responses", {"model": "m", "input": "Hi"}), MODEL)
    said = protocol.translate(DIALECTS[ANTHROPIC].conversation_of(parse(ANTHROPIC)), MODEL)
    assert joined(base, passed.path) == joined(base, said.path) == f"{BASE}/openai/v1/responses"
    assert json.loads(passed.body)["model"] == json.loads(said.body)["model"] == "my deployment"


@pytest.mark.parametrize(
    ("secret", "header"),
    [
        ("0123456789abcdef", (b"api-key", b"0123456789abcdef")),
        ("eyJhbGciOi.eyJhdWQi.c2ln", (b"authorization", b"Bearer eyJhbGciOi.eyJhdWQi.c2ln")),
    ],
)
def test_a_key_has_its_own_header_and_a_token_the_usual(secret: str, header: tuple[bytes, bytes]) -> None:
    assert AZURE.auth_headers(Auth.API_KEY, secret) == [header]


def test_what_the_filter_saw_passes_through_and_disturbs_nobody() -> None:
    seen: dict[str, Any] = {
        "prompt_filter_results": [{"prompt_index": 0}],
        "choices": [],
        "id": "",
        "model": "",
    }
    first = b"data: " + json.dumps(seen).encode() + b"\n\n"
    async_filter = chunk(choices=[{"index": 0, "content_filter_offsets": {}, "content_filter_results": {}}])
    head, tail = CHAT.split(b"\n\n", 1)
    stream = first + head + b"\n\n" + async_filter + tail
    relay = AZURE.stream_relay(parse(OPENAI, stream=True, stream_options={"include_usage": True}))
    assert relay.feed(stream) + relay.end() == stream
    assert relay.complete
    reader, plain = AZURE.stream_reader(), AZURE.stream_reader()
    assert reader.feed(stream) + reader.end() == plain.feed(CHAT) + plain.end()
    assert reader.id == plain.id != ""


def test_a_prompt_that_is_filtered_is_the_requests_fault() -> None:
    body = {
        "error": {
            "code": "content_filter",
            "message": "The response was filtered due to the prompt triggering Azure's content policy.",
            "param": "prompt",
            "status": 400,
            "innererror": {"code": "ResponsibleAIPolicyViolation", "content_filter_result": {}},
        }
    }
    error = AZURE.classify_error(400, {}, json.dumps(body).encode(), now=0.0)
    assert isinstance(error, ProviderInvalidRequest)
    assert (error.status, error.retryable, error.param) == (400, False, "prompt")
    assert error.message == body["error"]["message"]


@pytest.mark.parametrize(
    ("status", "code", "retryable"),
    [(401, "provider_credentials_invalid", True), (404, "provider_invalid_request", True)],
)
def test_other_errors(status: int, code: str, retryable: bool) -> None:
    body = json.dumps({"error": {"code": "DeploymentNotFound", "message": "It does not exist."}}).encode()
    error = AZURE.classify_error(status, {}, body, now=0.0)
    assert (error.code, error.retryable) == (code, retryable)


def test_a_limit_says_when_to_come_back() -> None:
    body = json.dumps({"error": {"code": "429", "message": "Please retry after 10 seconds."}}).encode()
    error = AZURE.classify_error(429, {b"retry-after": b"10"}, body, now=0.0)
    assert isinstance(error, UpstreamRateLimited)
    assert error.retry_after == 10
