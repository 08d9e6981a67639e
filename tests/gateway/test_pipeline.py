"""Requests through the whole gateway: over sockets, with the official SDKs, to simulated providers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import anthropic
import httpx
import openai
import pytest
from openai.types.chat import ChatCompletionMessageFunctionToolCall
from redis import Redis

from gateway.core.conditions import Condition, Range
from gateway.core.events import Intent
from gateway.core.facts import RequestClass, Tier
from gateway.core.ladder import AttemptOutcome
from gateway.core.policy import Cascade, Check, Floor, Otherwise, Policy, Rule, Unsure
from gateway.core.price import UsageSource
from tests.gateway.world import KEY, MODELS, OTHER_KEY, misbehaving, serving_gateway, snapshot

ROUTINE = Rule(
    name="routine",
    when=Condition(request_class=(RequestClass.CLASSIFICATION, RequestClass.EXTRACTION)),
    tier=Tier.LIGHTWEIGHT,
)
ESCALATED = Rule(name="escalated", when=Condition(tag={"escalated": "true"}), tier=Tier.PREMIUM)
SUPPORT = Policy(
    baseline="openai/gpt-5",
    rules=(ESCALATED, ROUTINE),
    otherwise=Otherwise(tier=Tier.MID),
    unsure=Unsure(tier=Tier.MID),
)
ONLY_ANTHROPIC = Policy(
    baseline="openai/gpt-5", whitelist=("anthropic/*",), otherwise=Otherwise(tier=Tier.LIGHTWEIGHT)
)
ONLY_OPENAI = Policy(
    baseline="openai/gpt-5", whitelist=("openai/*",), otherwise=Otherwise(tier=Tier.LIGHTWEIGHT)
)
SENTIMENT = (
    "Classify the sentiment of this review as positive or negative: 'The battery died after two days.'"
)
TOOL = {
    "name": "get_weather",
    "description": "Current weather in a city",
    "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
}


def user(text: str) -> list[Any]:
    return [{"role": "user", "content": text}]


def everything_in(folder: Path, *, but: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file() and path != but)


async def test_a_routine_question_goes_to_a_light_model_and_is_settled(redis: Redis, tmp_path: Path) -> None:
    async with serving_gateway(redis, tmp_path, snapshot(("support", SUPPORT))) as served:
        raw = await (await served.chat()).chat.completions.with_raw_response.create(
            model="gpt-5", messages=user(SENTIMENT)
        )
        headers, reply = raw.headers, raw.parse()
        (settled,) = await served.settled()
        intents = [event for event in await served.events(1) if isinstance(event, Intent)]
    assert reply.choices[0].message.content
    assert headers["x-rungway-model"] == "openai/gpt-5-nano"
    assert {
        name: headers[f"x-rungway-{name}"] for name in ("rule", "class", "tier", "attempts", "outcome")
    } == {
        "rule": "routine",
        "class": "classification",
        "tier": "lightweight",
        "attempts": "1",
        "outcome": "answered",
    }
    assert (headers["x-rungway-router"], headers["x-rungway-policy-version"]) == ("support", "3")
    assert reply.usage is not None
    cost = reply.usage.prompt_tokens * 50 + reply.usage.completion_tokens * 400
    baseline = reply.usage.prompt_tokens * 1250 + reply.usage.completion_tokens * 10_000
    assert (settled.attempts[0].cost, settled.baseline) == (cost, baseline)
    assert headers["x-rungway-cost-usd"] == f"{cost / 1e9:.9f}".rstrip("0")
    assert (settled.outcome, settled.rule, settled.model) == ("answered", "routine", "openai/gpt-5-nano")
    assert [intent.attempt_id for intent in intents] == [settled.attempts[0].attempt.id]
    assert [intent.seq for intent in intents] + [settled.seq] == [1, 2]


async def test_an_escalated_one_goes_to_a_premium_model(redis: Redis, tmp_path: Path) -> None:
    async with serving_gateway(redis, tmp_path, snapshot(("support", SUPPORT))) as served:
        raw = await (await served.chat()).chat.completions.with_raw_response.create(
            model="gpt-5", messages=user(SENTIMENT), extra_headers={"x-rungway-tag-escalated": "true"}
        )
        (settled,) = await served.settled()
    assert raw.headers["x-rungway-model"] == "openai/gpt-5"
    assert settled.facts.tags == {"escalated": "true"}


@pytest.mark.parametrize("router", ["openai", "anthropic"])
@pytest.mark.parametrize("streaming", [False, True], ids=["whole", "streamed"])
async def test_the_openai_sdk_speaks_with_either_kind_of_provider(
    router: str, *, streaming: bool, redis: Redis, tmp_path: Path
) -> None:
    routers = snapshot(("openai", ONLY_OPENAI), ("anthropic", ONLY_ANTHROPIC))
    async with serving_gateway(redis, tmp_path, routers) as served:
        client = await served.chat(router)
        if streaming:
            stream = await client.chat.completions.create(
                model="auto", messages=user("Say hello"), stream=True, stream_options={"include_usage": True}
            )
            chunks = [chunk async for chunk in stream]
            text = "".join(c.choices[0].delta.content or "" for c in chunks if c.choices)
            usage, finish = chunks[-1].usage, [c.choices[0].finish_reason for c in chunks if c.choices][-1]
        else:
            reply = await client.chat.completions.create(model="auto", messages=user("Say hello"))
            text, usage, finish = (
                reply.choices[0].message.content or "",
                reply.usage,
                reply.choices[0].finish_reason,
            )
        (settled,) = await served.settled()
    assert text
    assert finish == "stop"
    assert usage is not None
    assert (
        usage.total_tokens
        == settled.attempts[0].attempt.usage.prompt + settled.attempts[0].attempt.usage.completion
    )
    assert settled.model.startswith(router)
    assert settled.attempts[0].attempt.usage_source is UsageSource.PROVIDER_FINAL


@pytest.mark.parametrize("router", ["openai", "anthropic"])
@pytest.mark.parametrize("streaming", [False, True], ids=["whole", "streamed"])
async def test_the_anthropic_sdk_speaks_with_either_kind_of_provider(
    router: str, *, streaming: bool, redis: Redis, tmp_path: Path
) -> None:
    routers = snapshot(("openai", ONLY_OPENAI), ("anthropic", ONLY_ANTHROPIC))
    async with serving_gateway(redis, tmp_path, routers) as served:
        client = await served.messages(router)
        if streaming:
            async with client.messages.stream(
                model="auto", max_tokens=200, messages=user("Say hello")
            ) as stream:
                reply: anthropic.types.Message = await stream.get_final_message()
        else:
            reply = await client.messages.create(model="auto", max_tokens=200, messages=user("Say hello"))
        (settled,) = await served.settled()
    assert reply.content[0].type == "text"
    assert reply.content[0].text
    assert reply.stop_reason == "end_turn"
    assert reply.usage.output_tokens == settled.attempts[0].attempt.usage.output
    assert settled.model.startswith(router)


@pytest.mark.parametrize("router", ["openai", "anthropic"])
async def test_tools_work_on_both_surfaces(router: str, redis: Redis, tmp_path: Path) -> None:
    routers = snapshot(("openai", ONLY_OPENAI), ("anthropic", ONLY_ANTHROPIC))
    functions: Any = [{"type": "function", "function": TOOL}]
    tools: Any = [
        {"name": TOOL["name"], "description": TOOL["description"], "input_schema": TOOL["parameters"]}
    ]
    async with serving_gateway(redis, tmp_path, routers) as served:
        reply = await (await served.chat(router)).chat.completions.create(
            model="auto",
            messages=user("What is the weather in Paris?"),
            tools=functions,
            tool_choice="required",
        )
        message = await (await served.messages(router)).messages.create(
            model="auto",
            max_tokens=200,
            messages=user("What is the weather in Paris?"),
            tools=tools,
            tool_choice={"type": "any"},
        )
    (call,) = list(reply.choices[0].message.tool_calls or [])
    assert isinstance(call, ChatCompletionMessageFunctionToolCall)
    assert call.function.name == "get_weather"
    assert isinstance(json.loads(call.function.arguments)["city"], str)
    (block,) = [block for block in message.content if block.type == "tool_use"]
    assert (block.name, type(block.input["city"])) == ("get_weather", str)
    assert message.stop_reason == "tool_use"


async def test_a_failing_model_is_fallen_back_from_along_the_rung(redis: Redis, tmp_path: Path) -> None:
    policy = Policy(baseline="openai/gpt-5", otherwise=Otherwise(tier=Tier.LIGHTWEIGHT))
    tenant = snapshot(("support", policy), models=(*MODELS, misbehaving("500")))
    async with serving_gateway(redis, tmp_path, tenant) as served:
        raw = await (await served.chat()).chat.completions.with_raw_response.create(
            model="x", messages=user("Say hello")
        )
        (settled,) = await served.settled()
    assert (raw.headers["x-rungway-outcome"], raw.headers["x-rungway-attempts"]) == ("fell_back", "2")
    assert [(line.attempt.model, line.attempt.outcome) for line in settled.attempts] == [
        ("openai/500", AttemptOutcome.FAILED),
        ("openai/gpt-5-nano", AttemptOutcome.ANSWERED),
    ]
    assert settled.attempts[0].cost == 0


@pytest.mark.parametrize(
    "how", ["500", "null", "html", "empty", "redirect-302", "401-echo", "429-ra7", "err-first"]
)
async def test_a_stream_falls_back_before_its_first_content(how: str, redis: Redis, tmp_path: Path) -> None:
    policy = Policy(baseline="openai/gpt-5", otherwise=Otherwise(tier=Tier.LIGHTWEIGHT))
    tenant = snapshot(("support", policy), models=(*MODELS, misbehaving(how)))
    async with serving_gateway(redis, tmp_path, tenant) as served:
        stream = await (await served.chat()).chat.completions.create(
            model="x", messages=user("Say hello"), stream=True
        )
        text = "".join([c.choices[0].delta.content or "" async for c in stream if c.choices])
        (settled,) = await served.settled()
    assert text
    assert [line.attempt.outcome for line in settled.attempts] == [
        AttemptOutcome.FAILED,
        AttemptOutcome.ANSWERED,
    ]
    assert settled.outcome == "fell_back"


@pytest.mark.parametrize("how", ["cut-fin-5", "cut-rst-5", "err-after-5"])
async def test_a_cut_stream_ends_with_an_error_and_is_never_retried(
    how: str, redis: Redis, tmp_path: Path
) -> None:
    policy = Policy(baseline="openai/gpt-5", otherwise=Otherwise(tier=Tier.LIGHTWEIGHT))
    tenant = snapshot(("support", policy), models=(*MODELS, misbehaving(how)))
    async with serving_gateway(redis, tmp_path, tenant) as served:
        body = {"model": "x", "messages": user("Write three sentences about rivers."), "stream": True}
        async with httpx.AsyncClient(timeout=60) as client:
            answer = await client.post(
                served.router("support") + "/v1/chat/completions",
                json=body,
                headers={"authorization": f"Bearer {KEY}"},
            )
        (settled,) = await served.settled()
    assert "[DONE]" not in answer.text
    assert '"error"' in answer.text
    assert [line.attempt.outcome for line in settled.attempts] == [AttemptOutcome.FAILED]
    assert settled.attempts[0].attempt.usage.output > 0
    assert settled.attempts[0].attempt.usage_source is UsageSource.ESTIMATED
    assert settled.baseline == 0


@pytest.mark.parametrize("streaming", [False, True], ids=["whole", "streamed"])
async def test_a_refusal_climbs(*, streaming: bool, redis: Redis, tmp_path: Path) -> None:
    cascade = Cascade(up_to=Tier.MID, checks=(Check(not_refusal=True),))
    policy = Policy(baseline="openai/gpt-5", otherwise=Otherwise(tier=Tier.LIGHTWEIGHT, cascade=cascade))
    tenant = snapshot(("support", policy), models=(*MODELS, misbehaving("refuse")))
    async with serving_gateway(redis, tmp_path, tenant) as served:
        raw = await (await served.chat()).chat.completions.with_raw_response.create(
            model="x", messages=user("Say hello"), stream=streaming
        )
        await raw.http_response.aread()
        (settled,) = await served.settled()
    assert raw.headers["x-rungway-outcome"] == "escalated"
    assert [
        (line.attempt.model, line.attempt.outcome.value, line.attempt.because) for line in settled.attempts
    ] == [
        ("openai/refuse", "rejected", "not_refusal"),
        ("openai/gpt-5-mini", "answered", ""),
    ]
    assert all(line.cost for line in settled.attempts)


async def test_doubt_in_the_tokens_climbs(redis: Redis, tmp_path: Path) -> None:
    cascade = Cascade(checks=(Check(mean_logprob=Range(at_least=-0.5)),))
    policy = Policy(whitelist=("openai/*",), otherwise=Otherwise(tier=Tier.LIGHTWEIGHT, cascade=cascade))
    tenant = snapshot(("support", policy), models=(*MODELS, misbehaving("low-logprob")))
    async with serving_gateway(redis, tmp_path, tenant) as served:
        raw = await (await served.chat()).chat.completions.with_raw_response.create(
            model="x", messages=user("Say hello")
        )
        (settled,) = await served.settled()
    assert raw.headers["x-rungway-outcome"] == "escalated"
    assert settled.attempts[0].attempt.because == "mean_logprob"


async def test_an_answer_that_no_rung_betters_is_sent_and_called_rejected(
    redis: Redis, tmp_path: Path
) -> None:
    cascade = Cascade(up_to=Tier.LIGHTWEIGHT, checks=(Check(regex="^nothing says this$"),))
    policy = Policy(baseline="openai/gpt-5", otherwise=Otherwise(tier=Tier.LIGHTWEIGHT, cascade=cascade))
    async with serving_gateway(redis, tmp_path, snapshot(("support", policy))) as served:
        raw = await (await served.chat()).chat.completions.with_raw_response.create(
            model="x", messages=user("Say hello")
        )
        (settled,) = await served.settled()
    assert raw.parse().choices[0].message.content
    assert (raw.headers["x-rungway-outcome"], settled.outcome) == ("rejected", "rejected")
    assert settled.baseline


async def test_all_models_failing_is_told_in_the_callers_shape(redis: Redis, tmp_path: Path) -> None:
    policy = Policy(otherwise=Otherwise(tier=Tier.PREMIUM))
    only = misbehaving("500", tier=Tier.PREMIUM)
    async with serving_gateway(redis, tmp_path, snapshot(("support", policy), models=(only,))) as served:
        with pytest.raises(openai.APIStatusError) as one:
            await (await served.chat()).chat.completions.create(model="x", messages=user("hi"))
        with pytest.raises(anthropic.APIStatusError) as other:
            await (await served.messages()).messages.create(model="x", max_tokens=10, messages=user("hi"))
        settled = await served.settled(2)
    assert one.value.status_code == other.value.status_code == 502
    assert one.value.body == {
        "message": one.value.body["message"],  # type: ignore[index]
        "type": "server_error",
        "param": None,
        "code": "upstream_error",
    }
    assert other.value.body["error"]["type"] == "api_error"  # type: ignore[index]
    assert [event.outcome for event in settled] == ["failed", "failed"]


async def test_whitelist_and_floors_hold_without_a_router(redis: Redis, tmp_path: Path) -> None:
    floor = Floor(name="regulated", tier=Tier.PREMIUM, when=Condition(tag={"data": "regulated"}))
    tenant = snapshot(("support", SUPPORT), whitelist=("openai/*",), floors=(floor,))
    async with serving_gateway(redis, tmp_path, tenant) as served:
        client = await served.chat(base=served.url + "/v1")
        for name in ("openai/gpt-5-nano", "gpt-5-nano", "router/support"):
            assert (await client.chat.completions.create(model=name, messages=user("hi"))).choices
        refused = []
        for name, tags in (
            ("anthropic/claude-haiku-4-5", {}),
            ("openai/nothing", {}),
            ("openai/gpt-5-nano", {"x-rungway-tag-data": "regulated"}),
        ):
            with pytest.raises(openai.APIStatusError) as error:
                await client.chat.completions.create(model=name, messages=user("hi"), extra_headers=tags)
            refused.append((error.value.status_code, error.value.code))
    assert refused == [(403, "model_not_allowed"), (404, "model_not_found"), (400, "no_eligible_model")]


async def test_a_dry_run_explains_and_calls_nobody(redis: Redis, tmp_path: Path) -> None:
    async with serving_gateway(redis, tmp_path, snapshot(("support", SUPPORT))) as served:
        async with httpx.AsyncClient(timeout=60) as client:
            answer = await client.post(
                served.router("support") + "/v1/chat/completions",
                json={"model": "gpt-5", "messages": user(SENTIMENT)},
                headers={"authorization": f"Bearer {KEY}", "x-rungway-dry-run": "1"},
            )
        assert not served.statement.exists() or not served.statement.read_text()
    explained = answer.json()
    assert (explained["rule"], explained["model"], explained["class"]) == (
        "routine",
        "openai/gpt-5-nano",
        "classification",
    )
    assert len(explained["candidates"]) == len(MODELS)


async def test_another_tenants_router_is_not_there(redis: Redis, tmp_path: Path) -> None:
    mine, other = (
        snapshot(("support", SUPPORT)),
        snapshot(("theirs", SUPPORT), tenant="tenant-2", key=OTHER_KEY),
    )
    async with serving_gateway(redis, tmp_path, mine, other) as served:
        with pytest.raises(openai.NotFoundError) as error:
            await (await served.chat("theirs")).chat.completions.create(model="x", messages=user("hi"))
        with pytest.raises(openai.NotFoundError) as missing:
            await (await served.chat("nowhere")).chat.completions.create(model="x", messages=user("hi"))
    assert error.value.code == missing.value.code == "router_not_found"


async def test_the_providers_own_account_is_the_ledgers(redis: Redis, tmp_path: Path) -> None:
    policy = Policy(baseline="openai/gpt-5", otherwise=Otherwise(tier=Tier.LIGHTWEIGHT))
    tenant = snapshot(("support", policy), models=(*MODELS, misbehaving("err-p20")))
    async with serving_gateway(redis, tmp_path, tenant) as served:
        client = await served.chat()
        for number in range(30):
            await client.chat.completions.create(model="x", messages=user(f"Say hello {number}"))
        settled = await served.settled(30)
        lines = [json.loads(line) for line in served.statement.read_text().splitlines()]
    said = {
        line["attempt"]: (line["prompt_tokens"], line["completion_tokens"])
        for line in lines
        if line["attempt"]
    }
    kept = {
        line.attempt.id: (line.attempt.usage.prompt, line.attempt.usage.completion)
        for event in settled
        for line in event.attempts
    }
    assert set(kept) == set(said)
    assert {one for one, tokens in kept.items() if tokens not in (said[one], (0, 0))} == set()


async def test_events_hold_no_words_of_the_prompt_or_the_answer(redis: Redis, tmp_path: Path) -> None:
    async with serving_gateway(redis, tmp_path, snapshot(("support", SUPPORT))) as served:
        reply = await (await served.chat()).chat.completions.create(
            model="x", messages=user("Please translate PROMPT-CANARY-77 into French")
        )
        await served.settled()
        stored = everything_in(tmp_path, but=served.statement)
        stream = repr(redis.xrange("rungway:events")).encode()
    assert reply.choices[0].message.content
    for sink in (stored, stream):
        assert b"CANARY" not in sink
        assert KEY.encode() not in sink


async def test_what_a_model_does_not_take_is_left_out_once_it_has_said_so(
    redis: Redis, tmp_path: Path
) -> None:
    """The router chose the model; a caller could not know that it takes no temperature."""
    only = misbehaving("rejects-temperature")
    async with serving_gateway(redis, tmp_path, snapshot(("support", ONLY_OPENAI), models=(only,))) as served:
        client = await served.chat()
        ask = client.chat.completions.with_raw_response.create
        first, second = [await ask(model="x", messages=user("hi"), temperature=0.2) for _ in range(2)]
        direct = await served.chat(base=served.url + "/v1")
        with pytest.raises(openai.BadRequestError):
            await direct.chat.completions.create(
                model=only.id, messages=user("hi"), top_p=0.5, temperature=0.3
            )
        settled = await served.settled(3)
    assert [answer.headers["x-rungway-attempts"] for answer in (first, second)] == ["2", "1"]
    assert {answer.headers["x-rungway-dropped"] for answer in (first, second)} == {"temperature"}
    assert [line.cost for line in settled[0].attempts[:1]] == [0]
