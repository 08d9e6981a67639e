"""OpenAI's and Anthropic's SDKs through the whole gateway, to simulated providers that speak neither's protocol."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_DNS, UUID, uuid5

import anthropic
import openai
import pytest
from anthropic.types import MessageParam, ToolParam
from msgspec.structs import replace
from openai.types.chat import ChatCompletionMessageFunctionToolCall, ChatCompletionToolParam
from redis import Redis

from console.catalogue import builtin
from console.keys.sealing import Secret, seal
from gateway.core.catalogue import Auth, Model, Provider
from gateway.core.facts import Tier
from gateway.core.policy import Otherwise, Policy
from gateway.core.price import UsageSource
from gateway.core.snapshot import ProviderKeySnapshot, TenantSnapshot
from tests.gateway.simulated import statement
from tests.gateway.world import Served, id_of, model, serving_gateway, snapshot

AWS_ID = "AKIASIMULATED0000001"
# Name of the router → dialect, address, how the key is shown, the key.
ROWS: dict[str, tuple[str, str, Auth, str]] = {
    "bedrock": ("bedrock", "simulator:/bedrock", Auth.AWS, f"eu-west-3/{AWS_ID}:secretOf{AWS_ID}"),
    "expiring": (
        "bedrock",
        "simulator:/bedrock",
        Auth.AWS,
        f"{AWS_ID}:secretOf{AWS_ID}:IQoJb3JpZ2luX2VjEXAMPLE",
    ),
    "bearer": ("bedrock", "simulator:/bedrock", Auth.AWS, "ABSKQmVkcm9ja0FQSUtleS1FWEFNUExF"),
    "invoke": ("bedrock_anthropic", "simulator:/bedrock", Auth.AWS, f"{AWS_ID}:secretOf{AWS_ID}"),
    "azure": ("azure", "simulator:/azure", Auth.API_KEY, "0123456789abcdef0123456789abcdef"),
    "azure-v1": ("azure", "simulator:/azure/openai/v1", Auth.API_KEY, "0123456789abcdef0123456789abcdef"),
    "azure-responses": (
        "azure_responses",
        "simulator:/azure",
        Auth.API_KEY,
        "0123456789abcdef0123456789abcdef",
    ),
    "cohere": ("cohere", "simulator:/cohere", Auth.BEARER, "a-key-of-cohere-0123456789"),
    "ollama": ("ollama", "simulator:/ollama", Auth.NONE, ""),
}
CLAUDE = "us.anthropic.claude-haiku-4-5-20251001-v1:0"
NAMES = {"bedrock": CLAUDE, "invoke": CLAUDE, "ollama": "llama-3.3-8b"}
USUAL = "command-or-gpt"
MISBEHAVIOURS = (
    "err-after-2",
    "cut-fin-2",
    "no-done",
    "no-usage",
    "429-ra7",
    "503",
    "usage-negative",
    "null",
)
ROUTERS = pytest.mark.parametrize("router", ROWS)
PROTOCOLS = pytest.mark.parametrize("router", ["bedrock", "invoke", "azure", "cohere", "ollama"])

WEATHER: dict[str, Any] = {
    "type": "object",
    "properties": {"city": {"type": "string"}},
    "required": ["city"],
}
CHAT_TOOL: ChatCompletionToolParam = {
    "type": "function",
    "function": {"name": "get_weather", "description": "Of a city", "parameters": WEATHER},
}
TOOL: ToolParam = {"name": "get_weather", "description": "Of a city", "input_schema": WEATHER}
HELLO: Any = [{"role": "user", "content": "Say hello to the people of Rome"}]


def tenant() -> TenantSnapshot:
    models = [model_of(row) for row in ROWS]
    models += [
        model_of(row, how)
        for row in ("bedrock", "invoke", "azure", "cohere", "ollama")
        for how in MISBEHAVIOURS
    ]
    made = snapshot(*((name_of(each), only(each.id)) for each in models), models=models)
    providers = tuple(
        Provider(id=name, name=name, dialect=dialect, base_url="", auth=auth)
        for name, (dialect, _, auth, _) in ROWS.items()
    )
    return replace(made, providers=providers, provider_keys=tuple(map(key_of, ROWS)))


def model_of(row: str, how: str = "") -> Model:
    name = NAMES.get(row, USUAL)
    upstream = f"{name}-sim-{how}" if how else name
    return model(f"{row}/{how or 'm'}", Tier.LIGHTWEIGHT, (1, 5), upstream_model=upstream, max_output=4_096)


def name_of(each: Model) -> str:
    return each.id.removesuffix("/m").replace("/", "-")


def only(model_id: str) -> Policy:
    return Policy(baseline=model_id, whitelist=(model_id,), otherwise=Otherwise(tier=Tier.LIGHTWEIGHT))


def key_of(row: str) -> ProviderKeySnapshot:
    _, base_url, _, secret = ROWS[row]
    key_id = uuid5(NAMESPACE_DNS, row)
    box = seal(Secret(secret), tenant=UUID(id_of("tenant-1")), secret_id=key_id) if secret else None
    return ProviderKeySnapshot(
        id=str(key_id), name=f"{row}-main", provider=row, base_url=base_url, sealed=box
    )


@pytest.fixture
async def served(redis: Redis, tmp_path: Path) -> AsyncIterator[Served]:
    async with serving_gateway(redis, tmp_path, tenant()) as gateway:
        yield gateway


async def said(client: openai.AsyncOpenAI, **asked: Any) -> tuple[str, list[Any]]:
    chunks = [chunk async for chunk in await client.chat.completions.create(stream=True, **asked)]
    return "".join(c.choices[0].delta.content or "" for c in chunks if c.choices), chunks


@ROUTERS
async def test_chat_completions_whole_and_streamed(router: str, served: Served) -> None:
    client = await served.chat(router)
    whole = await client.chat.completions.create(model="auto", messages=HELLO)
    text, chunks = await said(client, model="auto", messages=HELLO, stream_options={"include_usage": True})
    assert whole.choices[0].message.content == text != ""
    assert whole.choices[0].finish_reason == "stop"
    assert whole.model == chunks[-1].model == NAMES.get(router, USUAL)
    assert whole.id.startswith("chatcmpl-")
    assert len(whole.id) > len("chatcmpl-")
    usage, last = whole.usage, chunks[-1].usage
    assert usage is not None
    assert (usage.prompt_tokens, usage.completion_tokens) == (last.prompt_tokens, last.completion_tokens)
    for event, bill in zip(await served.settled(2), statement(served.statement), strict=True):
        (line,) = event.attempts
        assert line.attempt.usage_source is UsageSource.PROVIDER_FINAL
        assert line.attempt.usage.prompt == bill.prompt_tokens == usage.prompt_tokens
        assert line.attempt.usage.completion == bill.completion_tokens == usage.completion_tokens
        assert line.attempt.id == bill.attempt


@ROUTERS
async def test_messages_whole_and_streamed(router: str, served: Served) -> None:
    client = await served.messages(router)
    whole = await client.messages.create(model="auto", max_tokens=500, messages=HELLO)
    async with client.messages.stream(model="auto", max_tokens=500, messages=HELLO) as stream:
        final = await stream.get_final_message()
    texts = [block.text for block in whole.content if block.type == "text"]
    assert [block.text for block in final.content if block.type == "text"] == texts
    assert [block.type for block in (*whole.content, *final.content)] == ["text", "text"]
    assert (final.stop_reason, whole.stop_reason) == ("end_turn", "end_turn")
    assert final.usage.output_tokens == whole.usage.output_tokens > 0
    assert final.model == whole.model != ""


@PROTOCOLS
async def test_a_tool_is_called_and_its_result_understood(router: str, served: Served) -> None:
    client = await served.chat(router)
    turns: list[Any] = [{"role": "user", "content": "What is the weather in Paris?"}]
    first = await client.chat.completions.create(model="auto", messages=turns, tools=[CHAT_TOOL])
    assert first.choices[0].finish_reason == "tool_calls"
    assert first.choices[0].message.tool_calls is not None
    (call,) = first.choices[0].message.tool_calls
    assert isinstance(call, ChatCompletionMessageFunctionToolCall)
    assert json.loads(call.function.arguments).keys() == {"city"}
    result = {"role": "tool", "tool_call_id": call.id, "content": "Sunny, 22 degrees"}
    turns += [first.choices[0].message.model_dump(exclude_none=True), result]
    second = await client.chat.completions.create(model="auto", messages=turns, tools=[CHAT_TOOL])
    assert "Sunny, 22 degrees" in (second.choices[0].message.content or "")


@PROTOCOLS
async def test_a_tool_call_streams(router: str, served: Served) -> None:
    client = await served.messages(router)
    turns: list[MessageParam] = [{"role": "user", "content": "What is the weather in Paris?"}]
    async with client.messages.stream(model="auto", max_tokens=500, messages=turns, tools=[TOOL]) as stream:
        final = await stream.get_final_message()
    (use,) = [block for block in final.content if block.type == "tool_use"]
    assert final.stop_reason == "tool_use"
    assert use.name == "get_weather"
    assert isinstance(use.input, dict)
    assert use.input.keys() == {"city"}
    again: list[MessageParam] = [
        *turns,
        {"role": "assistant", "content": final.content},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": use.id, "content": "Rain"}]},
    ]
    answer = await client.messages.create(model="auto", max_tokens=500, messages=again, tools=[TOOL])
    assert "Rain" in "".join(block.text for block in answer.content if block.type == "text")


@PROTOCOLS
async def test_an_answer_follows_a_schema(router: str, served: Served) -> None:
    client = await served.chat(router)
    schema = {
        "type": "object",
        "properties": {"city": {"type": "string"}, "people": {"type": "integer"}},
        "required": ["city", "people"],
        "additionalProperties": False,
    }
    answer = await client.chat.completions.create(
        model="auto",
        messages=[{"role": "user", "content": "Tell me of Rome"}],
        response_format={
            "type": "json_schema",
            "json_schema": {"name": "city", "schema": schema, "strict": True},
        },
    )
    assert json.loads(answer.choices[0].message.content or "").keys() == {"city", "people"}


@pytest.mark.parametrize("router", ["bedrock", "invoke", "cohere", "ollama"])
async def test_thoughts_are_shown_to_who_asks(router: str, served: Served) -> None:
    client = await served.messages(router)
    async with client.messages.stream(
        model="auto", max_tokens=4_000, thinking={"type": "enabled", "budget_tokens": 1_500}, messages=HELLO
    ) as stream:
        final = await stream.get_final_message()
    assert [block.type for block in final.content] == ["thinking", "text"]
    turns: list[MessageParam] = [
        *HELLO,
        {"role": "assistant", "content": final.content},
        {"role": "user", "content": "And to Paris"},
    ]
    again = await client.messages.create(model="auto", max_tokens=4_000, messages=turns)
    assert again.content


@PROTOCOLS
async def test_what_is_marked_for_caching_is_counted(router: str, served: Served) -> None:
    """Only one cloud takes marks and tells; the others say nothing or do not charge for it."""
    client = await served.messages(router)
    system: Any = [{"type": "text", "text": "Be brief. " * 800, "cache_control": {"type": "ephemeral"}}]
    first, second = [
        await client.messages.create(model="auto", max_tokens=50, system=system, messages=HELLO)
        for _ in range(2)
    ]
    for came, event, bill in zip(
        (first, second), await served.settled(2), statement(served.statement), strict=True
    ):
        used = event.attempts[0].attempt.usage
        assert used.prompt == bill.prompt_tokens
        assert (used.cache_read, used.cache_write) == (bill.cached_tokens, bill.cache_write_tokens)
        assert came.usage.cache_read_input_tokens == used.cache_read
    if router in {"bedrock", "invoke"}:
        assert first.usage.cache_creation_input_tokens == second.usage.cache_read_input_tokens
        assert second.usage.cache_read_input_tokens


@PROTOCOLS
@pytest.mark.parametrize("how", ["err-after-2", "cut-fin-2"])
async def test_a_stream_that_breaks_never_ends_well(router: str, how: str, served: Served) -> None:
    client = await served.chat(f"{router}-{how}")
    with pytest.raises(openai.APIError):
        await said(client, model="auto", messages=HELLO)
    (event,) = await served.settled()
    assert event.attempts[0].attempt.because in {"upstream_error", "upstream_invalid_response"}


@PROTOCOLS
@pytest.mark.parametrize(
    ("how", "error", "code"),
    [
        ("429-ra7", openai.RateLimitError, "upstream_rate_limited"),
        ("503", openai.InternalServerError, "upstream_error"),
        ("null", openai.InternalServerError, "upstream_invalid_response"),
    ],
)
async def test_an_error_keeps_its_meaning(
    router: str, how: str, error: type[openai.APIStatusError], code: str, served: Served
) -> None:
    with pytest.raises(error) as told:
        await (await served.chat(f"{router}-{how}")).chat.completions.create(model="auto", messages=HELLO)
    assert told.value.code == code
    if how == "429-ra7":
        assert told.value.response.headers["retry-after"] == "7"


@PROTOCOLS
@pytest.mark.parametrize("how", ["no-usage", "usage-negative"])
@pytest.mark.parametrize("streaming", [False, True], ids=["whole", "streamed"])
async def test_no_one_answers_for_nothing(router: str, how: str, streaming: bool, served: Served) -> None:
    client = await served.chat(f"{router}-{how}")
    if streaming:
        await said(client, model="auto", messages=HELLO)
    else:
        await client.chat.completions.create(model="auto", messages=HELLO)
    (event,) = await served.settled()
    used = event.attempts[0].attempt
    assert used.usage_source is UsageSource.ESTIMATED
    assert used.usage.input > 0
    assert used.usage.output > 0


async def test_a_key_that_is_refused_is_said_to_be_ours(redis: Redis, tmp_path: Path) -> None:
    wrong = f"eu-west-3/{AWS_ID}:anotherSecretAccessKey"
    key_id = uuid5(NAMESPACE_DNS, "bedrock")
    sealed = seal(Secret(wrong), tenant=UUID(id_of("tenant-1")), secret_id=key_id)
    made = tenant()
    keys = tuple(
        replace(key, sealed=sealed) if key.name == "bedrock-main" else key for key in made.provider_keys
    )
    async with serving_gateway(redis, tmp_path, replace(made, provider_keys=keys)) as served:
        with pytest.raises(anthropic.InternalServerError) as told:
            await (await served.messages("bedrock")).messages.create(
                model="auto", max_tokens=50, messages=HELLO
            )
        (event,) = await served.settled()
    assert "refused the key" in str(told.value)
    assert "anotherSecretAccessKey" not in str(told.value)
    assert event.attempts[0].attempt.because == "provider_credentials_invalid"


async def test_a_caller_of_one_protocol_of_a_cloud_is_answered_in_it(redis: Redis, tmp_path: Path) -> None:
    """What only one of a provider's protocols can be told is told; callers of others are answered as well."""
    made = tenant()
    cloud = Provider(
        id="azure",
        name="azure",
        dialect="azure",
        base_url="",
        auth=Auth.API_KEY,
        also=frozenset({"azure_responses"}),
    )
    others = tuple(each for each in made.providers if each.id != "azure")
    async with serving_gateway(redis, tmp_path, replace(made, providers=(*others, cloud))) as served:
        client = await served.chat("azure")
        first = await client.responses.create(model="auto", input="Say hello to the people of Rome")
        again = await client.responses.create(model="auto", input="And?", previous_response_id=first.id)
        await client.chat.completions.create(model="auto", messages=HELLO)
        await served.settled(3)
    assert again.previous_response_id == first.id
    assert [bill.path for bill in statement(served.statement)] == [
        "/azure/openai/v1/responses",
        "/azure/openai/v1/responses",
        f"/azure/openai/deployments/{USUAL}/chat/completions",
    ]


async def test_a_model_of_a_cloud_is_spoken_to_in_its_makers_words(redis: Redis, tmp_path: Path) -> None:
    """As the catalogue has it: the same account, another protocol for one maker's models."""
    made = tenant()
    listed = builtin.models()[f"bedrock/{CLAUDE}"]
    assert listed.dialect == "bedrock_anthropic"
    claude = replace(listed, id="bedrock/claude", upstream_model=CLAUDE, provider_key="bedrock-main")
    router = snapshot(("claude", only(claude.id)), models=[claude]).routers[0]
    around = replace(made, models=(*made.models, claude), routers=(*made.routers, router))
    document: Any = {
        "type": "document",
        "source": {"type": "text", "media_type": "text/plain", "data": "Rome has 2.8 million people."},
        "citations": {"enabled": True},
    }
    async with serving_gateway(redis, tmp_path, around) as served:
        client = await served.messages("claude")
        asked: Any = [{"role": "user", "content": [document, {"type": "text", "text": "How many?"}]}]
        raw = await client.messages.with_raw_response.create(model="auto", max_tokens=50, messages=asked)
        await served.settled()
    assert "x-rungway-dropped" not in raw.headers
    (bill,) = statement(served.statement)
    assert bill.path == f"/bedrock/model/{CLAUDE}/invoke"
