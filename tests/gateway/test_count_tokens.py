"""Counting a prompt's tokens: asked of the provider where it says so for nothing, else estimated and marked."""

from __future__ import annotations

import gzip
import json
from base64 import b64decode
from pathlib import Path
from typing import Any

import anthropic
import pytest
from redis import Redis

from gateway.core.events import Intent
from gateway.core.ladder import AttemptOutcome, Kind
from gateway.dialects import PROTOCOLS
from gateway.dialects.anthropic import Anthropic
from gateway.dialects.counting import COUNT_PROTOCOLS, COUNT_SURFACES
from gateway.errors import ProviderInvalidRequest, UpstreamInvalidResponse
from tests.gateway.dialects.samples import HEADERS, MODEL, USED
from tests.gateway.test_other_protocols import tenant as signed_tenant
from tests.gateway.test_pipeline import ONLY_ANTHROPIC, ONLY_OPENAI
from tests.gateway.world import misbehaving, serving_gateway, snapshot

DATA = Path(__file__).parent / "data" / "anthropic.count_tokens.jsonl.gz"
ASKED: dict[str, Any] = {"model": "auto", "messages": [{"role": "user", "content": "How far is the moon?"}]}


def recorded() -> list[Any]:
    with gzip.open(DATA, "rt", encoding="utf-8") as lines:
        return [pytest.param(row, id=row["id"]) for row in map(json.loads, lines)]


@pytest.mark.parametrize("row", recorded())
def test_real_questions_pass_through_and_real_counts_are_read(row: dict[str, Any]) -> None:
    surface, protocol = COUNT_SURFACES["anthropic"], COUNT_PROTOCOLS["anthropic"]
    request = surface.parse_request(json.dumps(row["request"]).encode(), HEADERS, model="")
    out = protocol.outgoing(Anthropic().pass_through(request, MODEL))
    assert out.path == row["path"]
    assert json.loads(out.body) == row["request"] | {"model": MODEL.wire_name}
    body = json.dumps(row["response"]).encode()
    if row["status"] == 200:
        assert protocol.parse(body) == row["response"]["input_tokens"]
        assert json.loads(surface.render(protocol.parse(body))) == row["response"]
    else:
        error = Anthropic().classify_error(row["status"], {}, body, now=0.0)
        assert isinstance(error, ProviderInvalidRequest)
        assert error.message == row["response"]["error"]["message"]


@pytest.mark.parametrize("body", [b"", b"null", b"{}", b'{"input_tokens": "9"}', b'{"input_tokens": -1}'])
def test_what_is_no_count_is_no_answer(body: bytes) -> None:
    with pytest.raises(UpstreamInvalidResponse):
        COUNT_PROTOCOLS["anthropic"].parse(body)


@pytest.mark.parametrize(
    ("protocol", "path", "body"),
    [
        ("gemini", "/v1beta/models/some-model:countTokens", {"generateContentRequest": {"model": "models/some-model"}}),
        ("vertex_gemini", "/v1beta1/publishers/google/models/some-model:countTokens", {}),
        ("vertex_anthropic", "/v1/publishers/anthropic/models/count-tokens:rawPredict", {"model": "some-model"}),
        ("openai_responses", "/responses/input_tokens", {"model": "some-model"}),
        ("bedrock", "/model/some-model/count-tokens", {"input": {}}),
    ],
)  # fmt: skip
def test_each_provider_is_asked_in_its_own_words(protocol: str, path: str, body: dict[str, Any]) -> None:
    """The question is in it, and whatever only an answer needs is not."""
    asked = ASKED | {"system": "Be brief.", "max_tokens": 99, "temperature": 0.5}
    request = COUNT_SURFACES["anthropic"].parse_request(json.dumps(asked).encode(), HEADERS, model="")
    out = COUNT_PROTOCOLS[protocol].outgoing(
        PROTOCOLS[protocol].pass_through(request, MODEL)
        if PROTOCOLS[protocol].words == "anthropic"
        else PROTOCOLS[protocol].translate(Anthropic().conversation_of(request), MODEL)
    )
    said = json.loads(out.body)
    assert out.path == path
    assert body.keys() <= said.keys()
    assert said.get("model", "") == body.get("model", "")
    assert b"How far is the moon?" in out.body
    assert b"Be brief." in out.body
    assert (
        not {"max_tokens", "max_output_tokens", "inferenceConfig", "temperature", "stream", "store"}
        & said.keys()
    )


def test_a_cloud_counts_what_it_would_be_sent() -> None:
    request = COUNT_SURFACES["anthropic"].parse_request(json.dumps(ASKED).encode(), HEADERS, model="")
    whole = PROTOCOLS["bedrock_anthropic"].pass_through(request, MODEL)
    asked = COUNT_PROTOCOLS["bedrock_anthropic"].outgoing(whole)
    assert asked.path == "/model/some-model/count-tokens"
    said = json.loads(b64decode(json.loads(asked.body)["input"]["invokeModel"]["body"]))
    assert said == json.loads(whole.body) | {"max_tokens": 1}


@pytest.mark.parametrize(
    ("protocol", "body"),
    [
        ("anthropic", {"input_tokens": 14}),
        ("bedrock", {"inputTokens": 14}),
        ("gemini", {"totalTokens": 14, "promptTokensDetails": []}),
        ("openai_responses", {"object": "response.input_tokens", "input_tokens": 14}),
        ("vertex_gemini", {"totalTokens": 14, "totalBillableCharacters": 20}),
    ],
)
def test_each_provider_is_understood(protocol: str, body: dict[str, Any]) -> None:
    assert COUNT_PROTOCOLS[protocol].parse(json.dumps(body).encode()) == 14


async def test_a_provider_without_a_count_is_stood_in_for(redis: Redis, tmp_path: Path) -> None:
    """Not all that speak a protocol speak all of it: 404."""
    around = snapshot(("support", ONLY_ANTHROPIC), bases={"anthropic": "simulator:/nowhere"})
    async with serving_gateway(redis, tmp_path, around) as served:
        raw = await (await served.messages()).messages.with_raw_response.count_tokens(**ASKED)
    assert raw.headers["x-rungway-estimated"] == "true"


async def test_the_provider_of_the_routed_model_is_asked(redis: Redis, tmp_path: Path) -> None:
    async with serving_gateway(redis, tmp_path, snapshot(("support", ONLY_ANTHROPIC))) as served:
        raw = await (await served.messages()).messages.with_raw_response.count_tokens(**ASKED)
        (settled,) = await served.settled()
        intents = [event for event in await served.events(1) if isinstance(event, Intent)]
    assert (await raw.parse()).input_tokens == 13
    assert "x-rungway-estimated" not in raw.headers
    assert raw.headers["x-rungway-model"] == "anthropic/claude-haiku-4-5"
    assert raw.headers["x-rungway-cost-usd"] == raw.headers["x-rungway-baseline-usd"] == "0"
    (line,) = settled.attempts
    assert (line.attempt.kind, line.attempt.outcome, line.cost) == (Kind.COUNT, AttemptOutcome.ANSWERED, 0)
    assert (settled.facts.counts_only, settled.outcome, settled.baseline) == (True, "answered", 0)
    assert [(intent.kind, intent.attempt_id) for intent in intents] == [(Kind.COUNT, line.attempt.id)]


async def test_the_whole_request_is_counted(redis: Redis, tmp_path: Path) -> None:
    used: Any = USED
    tool: Any = {"name": "f", "input_schema": {"type": "object", "properties": {"city": {"type": "string"}}}}
    async with serving_gateway(redis, tmp_path, snapshot(("support", ONLY_ANTHROPIC))) as served:
        client = await served.messages()
        bare = await client.messages.count_tokens(model="auto", messages=used)
        full = await client.messages.count_tokens(
            model="auto", messages=used, system="Be brief.", tools=[tool]
        )
    assert full.input_tokens > bare.input_tokens


async def test_elsewhere_it_is_our_own_estimate_and_says_so(redis: Redis, tmp_path: Path) -> None:
    async with serving_gateway(redis, tmp_path, snapshot(("support", ONLY_OPENAI))) as served:
        raw = await (await served.messages()).messages.with_raw_response.count_tokens(**ASKED)
        (settled,) = await served.settled()
        assert not served.statement.read_bytes()
    assert raw.headers["x-rungway-estimated"] == "true"
    assert (await raw.parse()).input_tokens == settled.facts.input_tokens > 5
    assert (settled.attempts, settled.baseline, settled.outcome) == ((), 0, "answered")


async def test_a_provider_that_fails_is_stood_in_for(redis: Redis, tmp_path: Path) -> None:
    failing = misbehaving("hang-headers", provider="anthropic")
    unreachable = snapshot(
        ("support", ONLY_ANTHROPIC), models=(failing,), bases={"anthropic": "http://127.0.0.1:9"}
    )
    async with serving_gateway(redis, tmp_path, unreachable) as served:
        raw = await (await served.messages()).messages.with_raw_response.count_tokens(**ASKED)
        (settled,) = await served.settled()
    assert (raw.status_code, settled.attempts[0].attempt.outcome) == (200, AttemptOutcome.FAILED)
    assert raw.headers["x-rungway-estimated"] == "true"


async def test_what_is_wrong_is_told_as_for_an_answer(redis: Redis, tmp_path: Path) -> None:
    wrong: Any = [{"role": "robot", "content": "Hi"}]
    async with serving_gateway(redis, tmp_path, snapshot(("support", ONLY_ANTHROPIC))) as served:
        client = await served.messages()
        with pytest.raises(anthropic.BadRequestError, match=r"messages\[0\].role"):
            await client.messages.count_tokens(model="auto", messages=wrong)
        with pytest.raises(anthropic.NotFoundError):
            await (await served.messages("nowhere")).messages.count_tokens(**ASKED)


@pytest.mark.parametrize("router", ["bedrock", "invoke"])
async def test_a_signed_count_is_of_the_whole_prompt(router: str, redis: Redis, tmp_path: Path) -> None:
    asked: Any = {**ASKED, "system": "Be brief."}
    async with serving_gateway(redis, tmp_path, signed_tenant()) as served:
        client = await served.messages(router)
        raw = await client.messages.with_raw_response.count_tokens(**asked)
        answer = await client.messages.create(max_tokens=50, **asked)
    assert "x-rungway-estimated" not in raw.headers
    assert (await raw.parse()).input_tokens == answer.usage.input_tokens
