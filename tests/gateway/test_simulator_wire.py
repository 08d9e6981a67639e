"""The simulated providers over real sockets, through the official SDKs."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import anthropic
import httpx
import openai
import pytest

from gateway.simulator.statement import Line
from tests.gateway.simulated import running_simulator, statement
from tests.gateway.upstream import until

WEATHER = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
OPENAI_TOOLS: Any = [{"type": "function", "function": {"name": "get_weather", "parameters": WEATHER}}]
ANTHROPIC_TOOLS: Any = [{"name": "get_weather", "input_schema": WEATHER}]
CAPITAL: Any = [{"role": "user", "content": "What is the capital of France?"}]
IN_PARIS: Any = [{"role": "user", "content": "What is the weather in Paris?"}]
OPEN: Any = [{"role": "user", "content": "Explain how suspension bridges carry load across a wide river"}]


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "statement.jsonl"


@pytest.fixture
async def url(log: Path) -> AsyncIterator[str]:
    async with running_simulator(log=log) as address:
        yield address


@pytest.fixture
async def oai(url: str) -> AsyncIterator[openai.AsyncOpenAI]:
    async with openai.AsyncOpenAI(base_url=f"{url}/openai/v1", api_key="sk-o", max_retries=0) as client:
        yield client


@pytest.fixture
async def claude(url: str) -> AsyncIterator[anthropic.AsyncAnthropic]:
    async with anthropic.AsyncAnthropic(base_url=f"{url}/anthropic", api_key="sk-a", max_retries=0) as client:
        yield client


def only_line(log: Path) -> Line:
    (line,) = statement(log)
    return line


# OpenAI's shape.


async def test_openai_answers(oai: openai.AsyncOpenAI, log: Path) -> None:
    reply = await oai.chat.completions.create(
        model="gpt-5", messages=CAPITAL, extra_headers={"x-rungway-attempt": "att_1"}
    )
    assert (reply.choices[0].message.content, reply.choices[0].finish_reason) == ("Paris.", "stop")
    line, usage = only_line(log), reply.usage
    assert usage is not None
    assert (line.attempt, line.model, line.status, line.ended) == ("att_1", "gpt-5", 200, "completed")
    assert (line.prompt_tokens, line.completion_tokens) == (usage.prompt_tokens, usage.completion_tokens)
    assert line.key == sha256(b"sk-o").hexdigest()[:8]
    assert line.usage_told


async def test_openai_streams(oai: openai.AsyncOpenAI, log: Path) -> None:
    stream = await oai.chat.completions.create(
        model="gpt-5", messages=OPEN, stream=True, stream_options={"include_usage": True}
    )
    chunks = [chunk async for chunk in stream]
    whole = await oai.chat.completions.create(model="gpt-5", messages=OPEN)
    assert (
        "".join(c.choices[0].delta.content or "" for c in chunks if c.choices)
        == whole.choices[0].message.content
    )
    assert [c.choices[0].finish_reason for c in chunks if c.choices][-1] == "stop"
    assert chunks[0].choices[0].delta.role == "assistant"
    assert (chunks[-1].choices, chunks[-1].usage) == ([], whole.usage)
    streamed, given = statement(log)
    assert (streamed.streamed, given.streamed) == (True, False)
    assert streamed.completion_tokens == given.completion_tokens > 50


async def test_openai_streams_without_usage_unless_asked(oai: openai.AsyncOpenAI) -> None:
    stream = await oai.chat.completions.create(model="gpt-5", messages=CAPITAL, stream=True)
    assert all(chunk.usage is None for chunk in [chunk async for chunk in stream])


async def test_openai_calls_tools(oai: openai.AsyncOpenAI) -> None:
    reply = await oai.chat.completions.create(model="gpt-5", messages=IN_PARIS, tools=OPENAI_TOOLS)
    assert reply.choices[0].message.tool_calls
    (call,) = reply.choices[0].message.tool_calls
    assert call.type == "function"
    assert reply.choices[0].finish_reason == "tool_calls"
    assert (call.function.name, json.loads(call.function.arguments)) == ("get_weather", {"city": "Paris"})
    turn: Any = {"role": "assistant", "tool_calls": [call.model_dump()]}
    result: Any = {"role": "tool", "tool_call_id": call.id, "content": "sunny"}
    reply = await oai.chat.completions.create(
        model="gpt-5", messages=[*IN_PARIS, turn, result], tools=OPENAI_TOOLS
    )
    assert "sunny" in (reply.choices[0].message.content or "")


async def test_openai_streams_tools(oai: openai.AsyncOpenAI, log: Path) -> None:
    async with oai.chat.completions.stream(
        model="gpt-5", messages=IN_PARIS, tools=OPENAI_TOOLS, stream_options={"include_usage": True}
    ) as stream:
        final = await stream.get_final_completion()
    assert final.choices[0].message.tool_calls
    (call,) = final.choices[0].message.tool_calls
    assert (call.function.name, json.loads(call.function.arguments)) == ("get_weather", {"city": "Paris"})
    assert final.usage is not None
    assert only_line(log).completion_tokens == final.usage.completion_tokens


async def test_openai_json_choices_and_logprobs(oai: openai.AsyncOpenAI) -> None:
    schema: Any = {"type": "json_schema", "json_schema": {"name": "place", "schema": WEATHER, "strict": True}}
    reply = await oai.chat.completions.create(model="gpt-5", messages=IN_PARIS, response_format=schema)
    assert json.loads(reply.choices[0].message.content or "") == {"city": "Paris"}
    reply = await oai.chat.completions.create(
        model="gpt-5", messages=CAPITAL, response_format={"type": "json_object"}
    )
    assert isinstance(json.loads(reply.choices[0].message.content or ""), dict)
    reply = await oai.chat.completions.create(
        model="gpt-5-nano",
        messages=OPEN,
        n=3,
        logprobs=True,
        top_logprobs=2,
        max_completion_tokens=9,
        stop=["zzz"],
    )
    assert [choice.index for choice in reply.choices] == [0, 1, 2]
    for choice in reply.choices:
        assert choice.finish_reason == "length"
        assert choice.logprobs is not None
        tokens = choice.logprobs.content or []
        assert "".join(token.token for token in tokens) == choice.message.content
        assert all(token.logprob <= 0 and len(token.top_logprobs) == 2 for token in tokens)


async def test_openai_errors(oai: openai.AsyncOpenAI, url: str) -> None:
    assert (await oai.models.list()).data
    assert (await oai.models.retrieve("gpt-5")).id == "gpt-5"
    async with httpx.AsyncClient(base_url=url) as raw:
        path = "/openai/v1/chat/completions"
        assert (await raw.post(path, json={})).status_code == 401
        key = {"authorization": "Bearer k"}
        for body in (
            b"{",
            b"{}",
            b'{"model":"m"}',
            b'{"model":"m","messages":[]}',
            b'{"model":1,"messages":[]}',
        ):
            refused = await raw.post(path, content=body, headers=key)
            assert (refused.status_code, refused.json()["error"]["type"]) == (400, "invalid_request_error")
        assert (await raw.post("/openai/v1/none", headers=key)).status_code == 404


# Anthropic's shape.


async def test_anthropic_answers(claude: anthropic.AsyncAnthropic, log: Path) -> None:
    reply = await claude.messages.create(model="claude-haiku-4-5", max_tokens=50, messages=CAPITAL)
    assert [block.model_dump()["text"] for block in reply.content] == ["Paris."]
    assert (reply.stop_reason, reply.role, reply.model) == ("end_turn", "assistant", "claude-haiku-4-5")
    line = only_line(log)
    assert (line.prompt_tokens, line.completion_tokens) == (
        reply.usage.input_tokens,
        reply.usage.output_tokens,
    )
    counted = await claude.messages.count_tokens(model="claude-haiku-4-5", messages=CAPITAL)
    assert counted.input_tokens == reply.usage.input_tokens
    assert len(statement(log)) == 1, "counting is free"


async def test_anthropic_streams(claude: anthropic.AsyncAnthropic, log: Path) -> None:
    async with claude.messages.stream(model="claude-opus-4-8", max_tokens=500, messages=OPEN) as stream:
        kinds = [event.type async for event in stream]
        final = await stream.get_final_message()
    whole = await claude.messages.create(model="claude-opus-4-8", max_tokens=500, messages=OPEN)
    assert [b.model_dump()["text"] for b in final.content] == [b.model_dump()["text"] for b in whole.content]
    assert final.usage.output_tokens == whole.usage.output_tokens
    assert (kinds[0], kinds[-1]) == ("message_start", "message_stop")
    assert {"content_block_start", "content_block_delta", "content_block_stop", "message_delta"} <= set(kinds)
    streamed, given = statement(log)
    assert streamed.completion_tokens == given.completion_tokens


async def test_anthropic_calls_tools(claude: anthropic.AsyncAnthropic, log: Path) -> None:
    more: Any = {"model": "claude-haiku-4-5", "max_tokens": 500, "tools": ANTHROPIC_TOOLS}
    reply = await claude.messages.create(messages=IN_PARIS, **more)
    (block,) = reply.content
    assert block.type == "tool_use"
    assert (reply.stop_reason, block.name, block.input) == ("tool_use", "get_weather", {"city": "Paris"})
    async with claude.messages.stream(messages=IN_PARIS, **more) as stream:
        assert (await stream.get_final_message()).content == reply.content
    one, other = statement(log)
    assert one.completion_tokens == other.completion_tokens == reply.usage.output_tokens
    result = {"type": "tool_result", "tool_use_id": block.id, "content": [{"type": "text", "text": "sunny"}]}
    turns = [
        *IN_PARIS,
        {"role": "assistant", "content": [block.model_dump()]},
        {"role": "user", "content": [result]},
    ]
    reply = await claude.messages.create(messages=turns, **more)
    assert "sunny" in reply.content[0].model_dump()["text"]


async def test_anthropic_thinks_stops_and_caches(claude: anthropic.AsyncAnthropic, log: Path) -> None:
    reply = await claude.messages.create(
        model="claude-opus-4-8",
        max_tokens=3000,
        messages=OPEN,
        thinking={"type": "enabled", "budget_tokens": 1024},
    )
    assert [block.type for block in reply.content] == ["thinking", "text"]
    short = await claude.messages.create(model="claude-opus-4-8", max_tokens=4, messages=OPEN)
    assert (short.stop_reason, short.usage.output_tokens) == ("max_tokens", 4)
    ended = await claude.messages.create(
        model="claude-opus-4-8", max_tokens=400, messages=OPEN, stop_sequences=["bridges"]
    )
    assert (ended.stop_reason, ended.stop_sequence) == ("stop_sequence", "bridges")
    rules: Any = [{"type": "text", "text": "Rules. " * 2000, "cache_control": {"type": "ephemeral"}}]
    for written, read in ((True, False), (False, True)):
        usage = (
            await claude.messages.create(
                model="claude-haiku-4-5", max_tokens=9, system=rules, messages=CAPITAL
            )
        ).usage
        assert (bool(usage.cache_creation_input_tokens), bool(usage.cache_read_input_tokens)) == (
            written,
            read,
        )
        assert usage.input_tokens < 50
    assert statement(log)[-1].cached_tokens == usage.cache_read_input_tokens


async def test_anthropic_errors(claude: anthropic.AsyncAnthropic, url: str) -> None:
    assert (await claude.models.list()).data
    async with httpx.AsyncClient(base_url=url) as raw:
        path, version = "/anthropic/v1/messages", {"anthropic-version": "2023-06-01"}
        assert (await raw.post(path, json={}, headers=version)).json()["error"][
            "type"
        ] == "authentication_error"
        key = {"x-api-key": "k"}
        good = {"model": "m", "max_tokens": 5, "messages": CAPITAL}
        assert (await raw.post(path, json=good, headers=key)).status_code == 400
        assert (await raw.post(path, json=good, headers=key | version)).status_code == 200
        for body in (
            {},
            good | {"max_tokens": 0},
            good | {"messages": []},
            {"model": "m", "messages": CAPITAL},
        ):
            refused = await raw.post(path, json=body, headers=key | version)
            assert (refused.status_code, refused.json()["type"]) == (400, "error")
            assert refused.json()["error"]["type"] == "invalid_request_error"


# Misbehaviour, on both.


@pytest.mark.parametrize(
    ("behaviour", "o_error", "a_error"),
    [
        ("400", openai.BadRequestError, anthropic.BadRequestError),
        ("401-echo", openai.AuthenticationError, anthropic.AuthenticationError),
        ("403", openai.PermissionDeniedError, anthropic.PermissionDeniedError),
        ("404", openai.NotFoundError, anthropic.NotFoundError),
        ("429-ra7", openai.RateLimitError, anthropic.RateLimitError),
        ("quota", openai.RateLimitError, anthropic.RateLimitError),
        ("context", openai.BadRequestError, anthropic.BadRequestError),
        ("500", openai.InternalServerError, anthropic.InternalServerError),
        ("503", openai.InternalServerError, anthropic.InternalServerError),
        ("529", openai.InternalServerError, anthropic.InternalServerError),
        ("cut-fin-5", openai.APIConnectionError, anthropic.APIConnectionError),
        ("cut-rst-5", openai.APIConnectionError, anthropic.APIConnectionError),
    ],
)
async def test_errors_are_the_sdks_own(
    oai: openai.AsyncOpenAI,
    claude: anthropic.AsyncAnthropic,
    log: Path,
    behaviour: str,
    o_error: type[openai.APIError],
    a_error: type[anthropic.APIError],
) -> None:
    with pytest.raises(o_error) as o_raised:
        await oai.chat.completions.create(model=f"gpt-5-sim-{behaviour}", messages=OPEN)
    with pytest.raises(a_error) as a_raised:
        await claude.messages.create(model=f"claude-sim-{behaviour}", max_tokens=50, messages=OPEN)
    if behaviour == "429-ra7":
        assert isinstance(o_raised.value, openai.RateLimitError)
        assert o_raised.value.response.headers["retry-after"] == "7"
    if behaviour == "401-echo":
        assert ("sk-o" in str(o_raised.value), "sk-a" in str(a_raised.value)) == (True, True)
    lines = statement(log)
    assert [line.ended for line in lines] == ["cut" if "cut" in behaviour else "error"] * 2
    assert all(line.prompt_tokens == 0 or line.ended == "cut" for line in lines)


@pytest.mark.parametrize("kind", ["fin", "rst"])
async def test_a_stream_cut_after_five(oai: openai.AsyncOpenAI, log: Path, kind: str) -> None:
    stream = await oai.chat.completions.create(model=f"gpt-5-sim-cut-{kind}-5", messages=OPEN, stream=True)
    got: list[Any] = []
    with pytest.raises(openai.APIConnectionError):
        await collect(stream, got)
    line = only_line(log)
    assert (line.ended, line.completion_tokens - line.reasoning_tokens, line.usage_told) == ("cut", 5, False)
    assert 4 <= len([one for one in got if one.choices[0].delta.content]) <= 5


async def collect(stream: Any, into: list[Any]) -> None:
    async for one in stream:
        into.append(one)  # noqa: PERF401 - what came before the error is wanted


async def test_an_error_event(oai: openai.AsyncOpenAI, claude: anthropic.AsyncAnthropic) -> None:
    for behaviour, before in (("err-first", 0), ("err-after-3", 3)):
        stream = await oai.chat.completions.create(model=f"m-sim-{behaviour}", messages=OPEN, stream=True)
        got: list[Any] = []
        with pytest.raises(openai.APIError):
            await collect(stream, got)
        assert len([one for one in got if one.choices[0].delta.content]) == before
        events = await claude.messages.create(
            model=f"m-sim-{behaviour}", messages=OPEN, max_tokens=50, stream=True
        )
        got = []
        with pytest.raises(anthropic.APIStatusError):
            await collect(events, got)
        assert len([one for one in got if one.type == "content_block_delta"]) == before


@pytest.mark.parametrize("behaviour", ["hang-headers", "stall-after-2"])
async def test_a_client_that_leaves_is_noted(oai: openai.AsyncOpenAI, log: Path, behaviour: str) -> None:
    with pytest.raises(openai.APITimeoutError):
        await oai.chat.completions.create(model=f"m-sim-{behaviour}", messages=OPEN, timeout=0.2)
    await until(lambda: log.stat().st_size > 0)
    assert only_line(log).ended == "stalled"


async def test_a_client_that_leaves_a_stream_is_billed_what_it_got(log: Path) -> None:
    async with running_simulator(log=log, speed=1) as url:
        async with openai.AsyncOpenAI(base_url=f"{url}/openai/v1", api_key="k") as client:
            stream = await client.chat.completions.create(model="gpt-5", messages=OPEN, stream=True)
            for _ in range(4):
                await anext(stream)
            await stream.close()
        await until(lambda: log.stat().st_size > 0)
    line = only_line(log)
    assert line.ended == "client_gone"
    assert 3 <= line.completion_tokens < 50


@pytest.mark.parametrize(
    ("behaviour", "status", "body"),
    [
        ("null", 200, b"null"),
        ("empty", 200, b""),
        ("empty-object", 200, b"{}"),
        ("no-content", 204, b""),
        ("html", 200, b"<!doctype html>"),
        ("truncated", 200, b'{"id"'),
        ("redirect", 307, b""),
        ("redirect-302", 302, b""),
        ("bad-event", 200, b"event: admin"),
        ("line-1", 200, b'data: {"x":"xxx'),
    ],
)
async def test_no_answers(url: str, log: Path, behaviour: str, status: int, body: bytes) -> None:
    async with httpx.AsyncClient(base_url=url, headers={"authorization": "Bearer k"}) as raw:
        asked = {"model": "m", "messages": CAPITAL}
        got = await raw.post("/openai/v1/chat/completions", json=asked, headers={"x-simulate": behaviour})
    assert (got.status_code, got.content[: len(body)]) == (status, body)
    assert (only_line(log).ended, only_line(log).prompt_tokens) == ("error", 0)


@pytest.mark.parametrize(
    ("behaviour", "value"),
    [("negative", -1), ("huge", 1e30), ("string", "5"), ("null", None), ("float", 7.5)],
)
async def test_usage_nobody_can_bill(url: str, behaviour: str, value: object) -> None:
    async with httpx.AsyncClient(base_url=url, headers={"authorization": "Bearer k"}) as raw:
        asked = {"model": f"m-sim-usage-{behaviour}", "messages": CAPITAL, "max_tokens": 5}
        got = await raw.post("/openai/v1/chat/completions", json=asked)
        assert got.json()["usage"]["completion_tokens"] == value
        got = await raw.post(
            "/anthropic/v1/messages", json=asked, headers={"anthropic-version": "2023-06-01"}
        )
        assert got.json()["usage"]["output_tokens"] == value


async def test_no_usage_and_no_end(oai: openai.AsyncOpenAI, url: str, log: Path) -> None:
    reply = await oai.chat.completions.create(model="m-sim-no-usage", messages=CAPITAL)
    assert (reply.usage, statement(log)[0].usage_told) == (None, False)
    async with httpx.AsyncClient(base_url=url, headers={"authorization": "Bearer k"}) as raw:
        asked = {"model": "m-sim-no-done", "messages": CAPITAL, "stream": True, "max_tokens": 50}
        assert b"[DONE]" not in (await raw.post("/openai/v1/chat/completions", json=asked)).content
        version = {"anthropic-version": "2023-06-01"}
        assert (
            b"message_stop"
            not in (await raw.post("/anthropic/v1/messages", json=asked, headers=version)).content
        )


async def test_a_share_of_errors(oai: openai.AsyncOpenAI, log: Path) -> None:
    for _ in range(100):
        try:
            await oai.chat.completions.create(model="m-sim-err-p20", messages=CAPITAL)
        except openai.InternalServerError:
            continue
    assert 8 <= sum(line.status == 500 for line in statement(log)) <= 35


async def test_every_call_makes_one_line(oai: openai.AsyncOpenAI, log: Path) -> None:
    limit = asyncio.Semaphore(20)

    async def ask(number: int) -> None:
        async with limit:
            headers = {"x-rungway-attempt": f"att_{number}"}
            await oai.chat.completions.create(model="gpt-5-nano", messages=CAPITAL, extra_headers=headers)

    await asyncio.gather(*map(ask, range(200)))
    assert {line.attempt for line in statement(log)} == {f"att_{number}" for number in range(200)}
    assert len(statement(log)) == 200
