"""The simulated clouds, seen by the makers' own client: signatures are checked and the binary stream is theirs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import closing, contextmanager
from typing import Any

import botocore.session
import httpx
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, EventStreamError

from tests.gateway.simulated import running_simulator

MODEL = "us.anthropic.claude-sonnet-4-5-20250929-v1:0"
ID = "AKIASIMULATED0000001"
TOOLS = {
    "tools": [
        {
            "toolSpec": {
                "name": "get_weather",
                "inputSchema": {"json": {"type": "object", "properties": {"city": {"type": "string"}}}},
            }
        }
    ],
    "toolChoice": {"any": {}},
}


@pytest.fixture
async def simulator() -> AsyncIterator[str]:
    async with running_simulator() as url:
        yield url


@contextmanager
def client(url: str, *, secret: str = f"secretOf{ID}", token: str | None = None) -> Iterator[Any]:
    made = SESSION.create_client(
        "bedrock-runtime",
        region_name="eu-central-1",
        endpoint_url=f"{url}/bedrock",
        aws_access_key_id=ID,
        aws_secret_access_key=secret,
        aws_session_token=token,
        config=Config(retries={"total_max_attempts": 1}),
    )
    try:
        yield made
    finally:
        made.close()


SESSION = botocore.session.get_session()
ASKED: dict[str, Any] = {
    "modelId": MODEL,
    "messages": [{"role": "user", "content": [{"text": "What is the capital of France?"}]}],
}


async def asked(url: str, body: dict[str, Any] | None = None, **keys: Any) -> dict[str, Any]:
    """botocore blocks, and the simulator lives in this loop."""

    def ask() -> dict[str, Any]:
        with client(url, **keys) as bedrock:
            answer: dict[str, Any] = bedrock.converse(**(ASKED | (body or {})))
            return answer

    return await asyncio.to_thread(ask)


async def streamed(url: str, body: dict[str, Any] | None = None) -> list[dict[str, Any]]:
    def ask() -> list[dict[str, Any]]:
        with (
            client(url) as bedrock,
            closing(bedrock.converse_stream(**(ASKED | (body or {})))["stream"]) as events,
        ):
            return list(events)

    return await asyncio.to_thread(ask)


@pytest.mark.parametrize("token", [None, "IQoJb3JpZ2luX2VjEXAMPLE"])
async def test_converse(simulator: str, token: str | None) -> None:
    answer = await asked(simulator, token=token)
    assert answer["output"]["message"]["content"][0]["text"]
    assert answer["stopReason"] == "end_turn"
    usage = answer["usage"]
    assert usage["totalTokens"] == usage["inputTokens"] + usage["outputTokens"] > 0


async def test_a_wrong_signature_is_refused(simulator: str) -> None:
    with pytest.raises(ClientError) as refused:
        await asked(simulator, secret="another")
    assert refused.value.response["Error"]["Code"] == "InvalidSignatureException"
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403


async def test_converse_stream(simulator: str) -> None:
    whole, events = await asked(simulator), await streamed(simulator)
    text = "".join(e["contentBlockDelta"]["delta"]["text"] for e in events if "contentBlockDelta" in e)
    assert text == whole["output"]["message"]["content"][0]["text"]
    assert "messageStart" in events[0]
    assert events[-2]["messageStop"]["stopReason"] == "end_turn"
    assert events[-1]["metadata"]["usage"] == whole["usage"]


async def test_a_stream_of_a_tool_call(simulator: str) -> None:
    said = [{"role": "user", "content": [{"text": "The weather in Paris?"}]}]
    events = await streamed(simulator, {"messages": said, "toolConfig": TOOLS})
    start = next(e["contentBlockStart"]["start"]["toolUse"] for e in events if "contentBlockStart" in e)
    assert start["name"] == "get_weather"
    assert events[-2]["messageStop"]["stopReason"] == "tool_use"


async def test_an_error_in_a_stream_is_an_exception_of_theirs(simulator: str) -> None:
    with pytest.raises(EventStreamError, match="modelStreamErrorException"):
        await streamed(simulator, {"modelId": "gpt-5-nano-sim-err-after-1"})


@pytest.mark.parametrize(
    ("body", "hint"),
    [
        (
            {"messages": [{"role": "assistant", "content": [{"text": "Hi"}]}]},
            "must start with a user message",
        ),
        ({"messages": [{"role": "user", "content": [{"text": " "}]}]}, "is blank"),
        (
            {
                "messages": [
                    {"role": "user", "content": [{"text": "Hi"}]},
                    {
                        "role": "assistant",
                        "content": [{"toolUse": {"toolUseId": "a", "name": "f", "input": {}}}],
                    },
                ]
            },
            "toolConfig field must be defined",
        ),
    ],
)
async def test_what_the_real_one_refuses_is_refused(simulator: str, body: dict[str, Any], hint: str) -> None:
    with pytest.raises(ClientError, match=hint) as refused:
        await asked(simulator, body)
    assert refused.value.response["Error"]["Code"] == "ValidationException"


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("/azure/openai/deployments/gpt-4o/chat/completions?api-version=2024-10-21", {"api-key": "k"}, 200),
        ("/azure/openai/deployments/gpt-4o/chat/completions", {"api-key": "k"}, 404),
        ("/azure/openai/v1/chat/completions", {"authorization": "Bearer t"}, 200),
        ("/azure/openai/v1/chat/completions", {}, 401),
        ("/cohere/v2/chat", {"authorization": "Bearer k"}, 200),
        ("/cohere/v2/chat", {}, 401),
        ("/ollama/api/chat", {}, 200),
    ],
)
async def test_the_others(simulator: str, path: str, headers: dict[str, str], status: int) -> None:
    body = {"model": "gpt-4o", "messages": [{"role": "user", "content": "Hi"}], "stream": False}
    async with httpx.AsyncClient(timeout=60) as http:
        answer = await http.post(simulator + path, headers=headers, json=body)
    assert answer.status_code == status
    assert answer.json()


@pytest.mark.parametrize("path", ["/azure/openai/models", "/azure/openai/v1/models", "/cohere/v1/models"])
async def test_a_key_is_wanted_to_see_the_models(simulator: str, path: str) -> None:
    async with httpx.AsyncClient(timeout=60) as http:
        assert (await http.get(simulator + path)).status_code == 401
        named = {"api-key": "k", "authorization": "Bearer k"}
        assert (await http.get(simulator + path, headers=named)).status_code == 200


async def test_no_key_is_wanted_of_ones_own(simulator: str) -> None:
    async with httpx.AsyncClient(timeout=60) as http:
        assert (await http.get(f"{simulator}/ollama/api/tags")).json()["models"]
