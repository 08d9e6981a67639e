"""Google's own SDK through the whole gateway, to simulated providers of every protocol, and other SDKs to Google's."""

from __future__ import annotations

import asyncio
import json
from base64 import b64decode
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import openai
import pytest
from google import genai
from google.genai import errors, types
from google.genai.models import AsyncModels
from redis import Redis

from gateway.core.price import UsageSource
from tests.gateway import upstream as said
from tests.gateway.clouds import LOCATION, PROJECT, google, private_key, tenant_on
from tests.gateway.simulated import running_simulator, statement
from tests.gateway.test_pipeline import everything_in
from tests.gateway.world import KEY, Served, serving_gateway

ROUTERS = (
    "openai",
    "anthropic",
    "gemini",
    "vertex",
    "express",
    "claude",
    "bedrock",
    "azure",
    "cohere",
    "ollama",
)
GOOGLES = ("gemini", "vertex", "express")
PNG = b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
SCHEMA: Any = {
    "type": "object",
    "properties": {"city": {"type": "string"}, "people": {"type": "integer"}},
    "required": ["city", "people"],
    "additionalProperties": False,
}
THOUGHTFUL: Any = {
    "model": "auto",
    "contents": "Say hello",
    "config": types.GenerateContentConfig(
        thinking_config=types.ThinkingConfig(include_thoughts=True, thinking_budget=2_048),
        max_output_tokens=8_000,
    ),
}
WEATHER = types.FunctionDeclaration(
    name="get_weather",
    description="Current weather in a city",
    parameters_json_schema={
        "type": "object",
        "properties": {"city": {"type": "string"}},
        "required": ["city"],
    },
)


@pytest.fixture
async def served(redis: Redis, tmp_path: Path) -> AsyncIterator[Served]:
    async with (
        running_simulator(log=tmp_path / "bills.jsonl") as simulator,
        serving_gateway(
            redis, tmp_path, tenant_on(simulator), allowed_private_networks=("127.0.0.0/8",)
        ) as gateway,
    ):
        yield gateway


async def test_an_answer_whole_and_streamed(served: Served, tmp_path: Path) -> None:
    came: list[types.GenerateContentResponse] = []
    asked: Any = {"model": "auto", "contents": "Say hello to the people of Rome"}
    for router in ROUTERS:
        models = await google(served, router)
        whole = await models.generate_content(**asked)
        chunks = [chunk async for chunk in await models.generate_content_stream(**asked)]
        assert whole.text
        assert "".join(chunk.text or "" for chunk in chunks) == whole.text
        came += [whole, chunks[-1]]
    settled, bills = await served.settled(len(came)), statement(tmp_path / "bills.jsonl")
    for answer, event, bill in zip(came, settled, bills, strict=True):
        assert answer.candidates is not None
        assert answer.candidates[0].finish_reason is types.FinishReason.STOP
        (line,) = event.attempts
        assert line.attempt.usage_source is UsageSource.PROVIDER_FINAL
        assert (line.attempt.usage.prompt, line.attempt.usage.completion) == (
            bill.prompt_tokens,
            bill.completion_tokens,
        )
        assert answer.usage_metadata is not None
        assert answer.usage_metadata.total_token_count == bill.prompt_tokens + bill.completion_tokens


@pytest.mark.parametrize("streaming", [False, True], ids=["whole", "streamed"])
async def test_functions_are_called_and_answered(*, streaming: bool, served: Served) -> None:
    for router in ROUTERS:
        await call_and_answer(await google(served, router), streaming=streaming)


async def call_and_answer(models: AsyncModels, *, streaming: bool) -> None:
    config = types.GenerateContentConfig(tools=[types.Tool(function_declarations=[WEATHER])])
    contents: list[Any] = [types.UserContent("What is the weather in Paris?")]

    async def ask() -> types.Content:
        if not streaming:
            answer = await models.generate_content(model="auto", contents=contents, config=config)
            return content_of(answer)
        stream = await models.generate_content_stream(model="auto", contents=contents, config=config)
        chunks = [chunk async for chunk in stream]
        return types.ModelContent([part for chunk in chunks for part in content_of(chunk).parts or ()])

    called = await ask()
    (call,) = [part.function_call for part in called.parts or () if part.function_call]
    assert call is not None
    assert call.name == "get_weather"
    assert isinstance((call.args or {})["city"], str)
    result = types.Part.from_function_response(name="get_weather", response={"output": "sunny, 21 °C"})
    assert result.function_response is not None
    result.function_response.id = call.id
    contents += [called, types.UserContent([result])]
    assert "sunny, 21 °C" in "".join(part.text or "" for part in (await ask()).parts or ())


async def test_json_by_a_schema_in_both_of_its_forms(served: Served) -> None:
    for router in ROUTERS:
        models = await google(served, router)
        for schema in (
            {"response_json_schema": SCHEMA},
            {"response_schema": types.Schema.from_json_schema(json_schema=types.JSONSchema(**SCHEMA))},
        ):
            answer = await models.generate_content(
                model="auto",
                contents="How many people live in Rome?",
                config=types.GenerateContentConfig(response_mime_type="application/json", **schema),
            )
            told = json.loads(answer.text or "")
            assert (type(told["city"]), type(told["people"])) == (str, int)


async def test_an_image_is_taken(served: Served) -> None:
    for router in set(ROUTERS) - {"cohere"}:
        answer = await (await google(served, router)).generate_content(
            model="auto",
            contents=[types.Part.from_bytes(data=PNG, mime_type="image/png"), "What does this image show?"],
        )
        assert answer.text


async def test_thoughts_are_shown_to_who_asks(served: Served) -> None:
    for router in ("anthropic", "gemini", "vertex", "claude"):
        models = await google(served, router)
        whole = [await models.generate_content(**THOUGHTFUL)]
        streamed = [chunk async for chunk in await models.generate_content_stream(**THOUGHTFUL)]
        for chunks in (whole, streamed):
            parts = [part for chunk in chunks for part in content_of(chunk).parts or ()]
            assert "".join(part.text or "" for part in parts if part.thought)
            assert "".join(part.text or "" for part in parts if not part.thought)


async def test_log_probabilities_and_several_candidates(served: Served) -> None:
    for router in GOOGLES:
        answer = await (await google(served, router)).generate_content(
            model="auto",
            contents="Say hello",
            config=types.GenerateContentConfig(candidate_count=2, response_logprobs=True),
        )
        assert answer.candidates is not None
        assert len(answer.candidates) == 2
        for candidate in answer.candidates:
            assert candidate.logprobs_result is not None
            assert (candidate.logprobs_result.chosen_candidates or [])[0].log_probability is not None


async def test_log_probabilities_of_another_protocol(served: Served) -> None:
    answer = await (await google(served, "openai")).generate_content(
        model="auto",
        contents="Say hello",
        config=types.GenerateContentConfig(response_logprobs=True, logprobs=2),
    )
    assert answer.candidates is not None
    result = answer.candidates[0].logprobs_result
    assert result is not None
    chosen = result.chosen_candidates or []
    assert "".join(token.token or "" for token in chosen) == answer.text
    assert [len(place.candidates or ()) for place in result.top_candidates or ()] == [2] * len(chosen)


async def test_the_other_sdks_speak_with_googles_models(served: Served) -> None:
    for router in (*GOOGLES, "claude"):
        chat, messages = await served.chat(router), await served.messages(router)
        said: Any = [{"role": "user", "content": "Say hello"}]
        reply = await chat.chat.completions.create(model="auto", messages=said, max_tokens=500)
        stream = await chat.chat.completions.create(
            model="auto", messages=said, max_tokens=500, stream=True, stream_options={"include_usage": True}
        )
        chunks = [chunk async for chunk in stream]
        message = await messages.messages.create(model="auto", messages=said, max_tokens=500)
        async with messages.messages.stream(model="auto", messages=said, max_tokens=500) as events:
            streamed = await events.get_final_message()
        assert reply.choices[0].message.content
        assert "".join(c.choices[0].delta.content or "" for c in chunks if c.choices) == (
            reply.choices[0].message.content
        )
        assert chunks[-1].usage == reply.usage
        assert [block.text for block in message.content if block.type == "text"] == [
            block.text for block in streamed.content if block.type == "text"
        ]
        assert message.usage.input_tokens == streamed.usage.input_tokens
        assert message.usage.output_tokens == streamed.usage.output_tokens


async def test_the_openai_sdk_calls_tools_of_googles_models(served: Served) -> None:
    """A signature comes with the call, and goes back with it: without one the newest models refuse."""
    for router in GOOGLES:
        completions = (await served.chat(router)).chat.completions
        declared: Any = {"name": "get_weather", "parameters": WEATHER.parameters_json_schema}
        tools: Any = [{"type": "function", "function": declared}]
        messages: list[Any] = [{"role": "user", "content": "What is the weather in Paris?"}]
        first = await completions.create(model="auto", messages=messages, tools=tools, tool_choice="required")
        (call,) = first.choices[0].message.tool_calls or []
        messages += [
            first.choices[0].message.model_dump(exclude_none=True),
            {"role": "tool", "tool_call_id": call.id, "content": "sunny"},
        ]
        second = await completions.create(model="auto", messages=messages, tools=tools)
        assert first.choices[0].finish_reason == "tool_calls"
        assert "sunny" in (second.choices[0].message.content or "")


async def test_a_model_is_named_without_a_router(served: Served) -> None:
    models = await google(served, None)
    for name in ("gemini/gemini-3.5-flash", "gemini-3.5-flash", "router/gemini", "openai/gpt-5-nano"):
        answer = await models.generate_content(model=name, contents="Say hello")
        assert answer.text
    with pytest.raises(errors.ClientError) as caught:
        await models.generate_content(model="gemini-9", contents="Say hello")
    assert (caught.value.code, caught.value.status) == (404, "NOT_FOUND")
    settled = await served.settled(4)
    assert [event.model for event in settled] == [*["gemini/gemini-3.5-flash"] * 3, "openai/gpt-5-nano"]


async def test_the_sdk_in_its_other_mode(served: Served) -> None:
    """It was written for Vertex AI: a place and a publisher stand in its paths."""
    options = types.HttpOptions(base_url=served.url)
    with genai.Client(vertexai=True, api_key=KEY, http_options=options) as client:
        async with client.aio as asynchronous:
            for name in ("gemini-3.5-flash", "openai/gpt-5-nano", "anthropic/claude-haiku-4-5"):
                answer = await asynchronous.models.generate_content(model=name, contents="Say hello")
                assert answer.text
    settled = await served.settled(3)
    assert [event.model for event in settled] == [
        "gemini/gemini-3.5-flash",
        "openai/gpt-5-nano",
        "anthropic/claude-haiku-4-5",
    ]


async def test_a_stream_is_one_array_where_no_events_are_asked_for(served: Served) -> None:
    body = {"contents": [{"role": "user", "parts": [{"text": "Say hello"}]}]}
    async with httpx.AsyncClient(headers={"x-goog-api-key": KEY}) as client:
        for router in ("gemini", "openai"):
            path = f"{served.router(router)}/v1beta/models/auto:streamGenerateContent"
            array = await client.post(path, json=body)
            events = await client.post(f"{path}?alt=sse", json=body)
            assert array.headers["content-type"] == "application/json"
            assert events.headers["content-type"].startswith("text/event-stream")
            told = [json.loads(line[6:]) for line in events.text.splitlines() if line.startswith("data: ")]
            assert texts_of(array.json()) == texts_of(told)
            assert len(array.json()) == len(told) > 2


async def test_errors_in_googles_shape(served: Served) -> None:
    body = {"contents": [{"role": "user", "parts": [{"text": "Say hello"}]}]}
    path = f"{served.router('gemini')}/v1beta/models/auto:generateContent"
    async with httpx.AsyncClient(timeout=60) as client:
        without = await client.post(path, json=body)
        in_the_address = await client.post(f"{path}?key={KEY}", json=body)
        wrong = await client.post(path, json={"contents": "Hi"}, headers={"authorization": f"Bearer {KEY}"})
    for answer in (without, in_the_address):
        assert answer.status_code == 401
        assert answer.json()["error"]["status"] == "UNAUTHENTICATED"
    assert wrong.status_code == 400
    error = wrong.json()["error"]
    assert (error["code"], error["status"]) == (400, "INVALID_ARGUMENT")
    assert error["details"][0]["reason"] == "INVALID_TYPE"
    assert error["details"][1]["fieldViolations"][0]["field"] == "contents"


async def test_one_token_is_fetched_for_all_and_no_secret_is_left_behind(
    served: Served, tmp_path: Path
) -> None:
    models = await google(served, "vertex")
    asked = (models.generate_content(model="auto", contents=f"Say hello {n}") for n in range(8))
    answers = await asyncio.gather(*asked)
    assert all(answer.text for answer in answers)
    bills = statement(tmp_path / "bills.jsonl")
    place = f"/projects/{PROJECT}/locations/{LOCATION}/publishers/google"
    assert {bill.path for bill in bills} == {
        f"/vertex/v1beta1{place}/models/gemini-2.5-flash:generateContent"
    }
    left = everything_in(tmp_path, but=tmp_path / "bills.jsonl")
    assert private_key().splitlines()[1].encode() not in left
    assert b"ya29." not in left


async def test_a_token_is_not_waited_for_longer_than_the_caller_waits(redis: Redis, tmp_path: Path) -> None:
    """Who has more patience gets the answer for which that token was fetched all the same."""
    asking, open_ = asyncio.Event(), asyncio.Event()

    async def slow(visit: said.Visit) -> None:
        await visit.request()
        asking.set()
        await open_.wait()
        await visit.say(said.answer(b'{"access_token":"ya29.slow","expires_in":3600}'))

    async with said.upstream(slow) as server:
        around = tenant_on(f"http://127.0.0.1:{server.port}")
        async with serving_gateway(
            redis, tmp_path, around, allowed_private_networks=("127.0.0.0/8",)
        ) as served:
            client = await served.chat("vertex")
            hurried = {"x-rungway-timeout-ms": "400"}
            with pytest.raises(openai.APIStatusError) as told:
                await client.chat.completions.create(
                    model="auto", messages=[{"role": "user", "content": "Hi"}], extra_headers=hurried
                )
            (settled,) = await served.settled()
            open_.set()
    assert asking.is_set()
    assert (told.value.status_code, told.value.code) == (504, "upstream_timeout")
    assert settled.attempts[0].attempt.because == "upstream_timeout"


def content_of(answer: types.GenerateContentResponse) -> types.Content:
    assert answer.candidates is not None
    content = answer.candidates[0].content
    assert content is not None
    return content


def texts_of(chunks: list[Any]) -> list[str]:
    return [
        part["text"]
        for chunk in chunks
        for part in chunk["candidates"][0]["content"].get("parts", ())
        if "text" in part
    ]


async def test_what_only_google_can_be_told_goes_to_whom_google_is(served: Served) -> None:
    """Its own tools: to the Gemini API, and to Vertex AI under another protocol's name; to nobody else."""
    config = types.GenerateContentConfig(tools=[types.Tool(google_search=types.GoogleSearch())])
    for router in GOOGLES:
        models = await google(served, router)
        answer = await models.generate_content(model="auto", contents="Say hello", config=config)
        assert answer.text
    models = await google(served, "openai")
    with pytest.raises(errors.ClientError) as caught:
        await models.generate_content(model="auto", contents="Say hello", config=config)
    assert (caught.value.code, caught.value.status) == (400, "INVALID_ARGUMENT")
    assert "tools[0].googleSearch" in str(caught.value.message)
