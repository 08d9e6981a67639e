"""The Responses and the completions of before the chats, with the official SDK, answered by every kind of provider."""

from __future__ import annotations

import asyncio
import json
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_DNS, UUID, uuid5

import httpx
import openai
import pytest
from msgspec import structs
from pydantic import BaseModel
from redis import Redis

from console.keys.sealing import Secret, seal
from gateway.core.catalogue import Auth, Provider
from gateway.core.conditions import Range
from gateway.core.facts import Tier
from gateway.core.policy import Cascade, Check, Otherwise, Policy
from gateway.core.snapshot import ProviderKeySnapshot, TenantSnapshot
from tests.gateway.world import (
    KEY,
    OTHER_KEY,
    SECRET,
    Served,
    id_of,
    misbehaving,
    model,
    serving_gateway,
    snapshot,
)

AWS = "AKIASIMULATED0000001:secretOfAKIASIMULATED0000001"
ACCESS = json.dumps({"access_key_id": AWS.partition(":")[0], "secret_access_key": AWS.partition(":")[2]})


class Kind(BaseModel):
    """A provider, and where it is simulated."""

    dialect: str
    base: str
    auth: Auth = Auth.BEARER
    also: frozenset[str] = frozenset()
    secret: str = SECRET
    model: str = "gpt-5-nano"


KINDS = {
    "responses": Kind(dialect="openai_responses", base="simulator:/openai/v1"),
    "both": Kind(dialect="openai_chat", base="simulator:/openai/v1", also=frozenset({"openai_responses"})),
    "chat": Kind(dialect="openai_chat", base="simulator:/openai/v1"),
    "anthropic": Kind(dialect="anthropic", base="simulator:/anthropic", auth=Auth.X_API_KEY),
    "gemini": Kind(dialect="gemini", base="simulator:/gemini", auth=Auth.X_GOOG_API_KEY),
    "azure": Kind(dialect="azure", base="simulator:/azure", auth=Auth.API_KEY),
    "cohere": Kind(dialect="cohere", base="simulator:/cohere"),
    "ollama": Kind(dialect="ollama", base="simulator:/ollama"),
    "bedrock": Kind(dialect="bedrock", base="simulator:/bedrock", auth=Auth.AWS, secret=ACCESS),
}
TWIN = Kind(dialect="openai_responses", base="simulator:/openai/v1", secret=f"{SECRET}-of-the-twin")
NATIVE = {"responses", "both"}
EACH = pytest.mark.parametrize("kind", KINDS)
TOOL: Any = {
    "type": "function",
    "name": "get_weather",
    "description": "Current weather in a city",
    "parameters": {
        "type": "object",
        "properties": {"city": {"type": "string"}},
        "required": ["city"],
        "additionalProperties": False,
    },
    "strict": True,
}
QUESTION = "What is the weather in Paris?"


class City(BaseModel):
    city: str
    population: int


def tenant(
    *kinds: str, policy: Policy | None = None, name: str = "tenant-1", shown: str = KEY
) -> TenantSnapshot:
    """One model of each kind of provider, the first the cheapest."""
    chosen = policy or Policy(baseline=f"{kinds[0]}/m", otherwise=Otherwise(tier=Tier.LIGHTWEIGHT))
    models = [
        model(f"{kind}/m", Tier.LIGHTWEIGHT, (1 + place, 2), upstream_model=KINDS[kind].model)
        for place, kind in enumerate(kinds)
    ]
    keys = tuple(key(kind, name) for kind in kinds)
    made = snapshot(("support", chosen), tenant=name, key=shown, models=models, provider_keys=keys)
    return structs.replace(made, providers=tuple(provider(kind) for kind in kinds))


def provider(kind: str) -> Provider:
    row = KINDS[kind]
    return Provider(id=kind, name=kind, dialect=row.dialect, base_url=row.base, auth=row.auth, also=row.also)


def key(kind: str, name: str) -> ProviderKeySnapshot:
    key_id = uuid5(NAMESPACE_DNS, kind)
    sealed = seal(Secret(KINDS[kind].secret), tenant=UUID(id_of(name)), secret_id=key_id)
    return ProviderKeySnapshot(
        id=str(key_id), name=f"{kind}-main", provider=kind, base_url=KINDS[kind].base, sealed=sealed
    )


@EACH
async def test_an_answer(redis: Redis, tmp_path: Path, kind: str) -> None:
    async with serving_gateway(redis, tmp_path, tenant(kind)) as served:
        client = await served.chat()
        raw = await client.responses.with_raw_response.create(
            model="m", instructions="Be brief.", input="Say hello to Ada", max_output_tokens=200
        )
        told = raw.parse()
        (settled,) = await served.settled()
    assert told.output_text
    assert (told.status, told.object) == ("completed", "response")
    assert told.usage is not None
    usage = settled.attempts[0].attempt.usage
    assert (told.usage.input_tokens, told.usage.output_tokens) == (usage.prompt, usage.completion)
    assert told.usage.total_tokens == usage.prompt + usage.completion
    assert raw.headers["x-rungway-model"] == f"{kind}/m"
    assert (told.id.startswith("resp_rw_")) == (kind not in NATIVE)
    assert told.to_dict()["store"] is (kind in NATIVE)


@EACH
async def test_a_stream(redis: Redis, tmp_path: Path, kind: str) -> None:
    async with serving_gateway(redis, tmp_path, tenant(kind)) as served:
        client = await served.chat()
        whole = await client.responses.create(model="m", input="Tell me about rivers")
        async with client.responses.stream(model="m", input="Tell me about rivers") as stream:
            events = [event async for event in stream]
            final = await stream.get_final_response()
        settled = (await served.settled(2))[1]
    assert [event.sequence_number for event in events] == list(range(len(events)))
    assert events[0].type == "response.created"
    assert events[-1].type == "response.completed"
    spoken = "".join(event.delta for event in events if event.type == "response.output_text.delta")
    assert spoken == final.output_text == whole.output_text
    assert final.usage == whole.usage
    assert settled.attempts[0].attempt.usage_source == "provider_final"


@EACH
@pytest.mark.parametrize("streaming", [False, True], ids=["whole", "streamed"])
async def test_tools(redis: Redis, tmp_path: Path, kind: str, *, streaming: bool) -> None:
    """Called, and answered with what they gave."""
    async with serving_gateway(redis, tmp_path, tenant(kind)) as served:
        client = await served.chat()
        if streaming:
            async with client.responses.stream(model="m", input=QUESTION, tools=[TOOL]) as stream:
                told: Any = await stream.get_final_response()
        else:
            told = await client.responses.create(model="m", input=QUESTION, tools=[TOOL])
        (call,) = [item for item in told.output if item.type == "function_call"]
        result = {"type": "function_call_output", "call_id": call.call_id, "output": "sunny, 21 degrees"}
        turns: Any = [{"role": "user", "content": QUESTION}, *told.output, result]
        if kind not in NATIVE:
            turns[1:-1] = [item.to_dict() for item in told.output]
        again = await client.responses.create(model="m", input=turns, tools=[TOOL])
    assert call.name == "get_weather"
    assert json.loads(call.arguments) == {"city": "Paris"}
    assert "sunny" in again.output_text


@EACH
async def test_structured_output(redis: Redis, tmp_path: Path, kind: str) -> None:
    async with serving_gateway(redis, tmp_path, tenant(kind)) as served:
        client = await served.chat()
        told = await client.responses.parse(
            model="m", input="Extract the city: Lyon has 522250 people", text_format=City
        )
    assert isinstance(told.output_parsed, City)


@EACH
async def test_a_completion(redis: Redis, tmp_path: Path, kind: str) -> None:
    async with serving_gateway(redis, tmp_path, tenant(kind)) as served:
        client = await served.chat()
        told = await client.completions.create(model="m", prompt="Say hello to Ada", max_tokens=40)
        echoed = await client.completions.create(
            model="m", prompt=["Say hello to Ada"], max_tokens=40, echo=True
        )
        chunks = await client.completions.create(
            model="m",
            prompt="Say hello to Ada",
            max_tokens=40,
            stream=True,
            stream_options={"include_usage": True},
        )
        pieces = [chunk async for chunk in chunks]
        (settled, *_) = await served.settled(3)
    text = told.choices[0].text
    assert text
    assert echoed.choices[0].text == "Say hello to Ada" + text
    assert "".join(choice.text for piece in pieces for choice in piece.choices) == text
    assert (told.object, told.choices[0].finish_reason) == ("text_completion", "stop")
    chosen: list[Any] = [choice.to_dict() for piece in pieces for choice in piece.choices]
    assert [choice["finish_reason"] for choice in chosen if choice["finish_reason"]] == ["stop"]
    assert told.usage is not None
    assert pieces[-1].usage == told.usage
    usage = settled.attempts[0].attempt.usage
    assert (told.usage.prompt_tokens, told.usage.completion_tokens) == (usage.prompt, usage.completion)


async def test_what_is_asked_for_is_in_the_answer(redis: Redis, tmp_path: Path) -> None:
    """Log-probabilities, in the shape of each surface, whichever of its kin answers."""
    for kind in ("responses", "chat"):
        async with serving_gateway(redis, tmp_path, tenant(kind)) as served:
            client = await served.chat()
            told = await client.responses.create(
                model="m", input="Say hello", include=["message.output_text.logprobs"], top_logprobs=2
            )
            chat = await client.chat.completions.create(
                model="m",
                messages=[{"role": "user", "content": "Say hello"}],
                logprobs=True,
                top_logprobs=2,
            )
            old = await client.completions.create(model="m", prompt="Say hello", logprobs=2)
        part: Any = told.output[-1]
        tokens = part.content[0].logprobs
        assert "".join(token.token for token in tokens) == told.output_text
        assert [len(token.top_logprobs) for token in tokens] == [2] * len(tokens)
        assert chat.choices[0].logprobs is not None
        told_in_chat = [(t.token, t.logprob) for t in chat.choices[0].logprobs.content or ()]
        assert told_in_chat == [(token.token, token.logprob) for token in tokens]
        columns = old.choices[0].logprobs
        assert columns is not None
        assert list(zip(columns.tokens or (), columns.token_logprobs or (), strict=True)) == told_in_chat
        assert columns.text_offset is not None
        assert old.choices[0].text[columns.text_offset[3] :].startswith((columns.tokens or [])[3])


async def test_memory_stays_with_who_has_it(redis: Redis, tmp_path: Path) -> None:
    """The chat is cheaper, but cannot be told of an earlier answer."""
    async with serving_gateway(redis, tmp_path, tenant("chat", "both")) as served:
        client = await served.chat()
        plain = await client.responses.with_raw_response.create(model="m", input="Say hello")
        native = await client.responses.create(
            model="m", input="My name is Ada.", tools=[{"type": "web_search"}]
        )
        followed = await client.responses.with_raw_response.create(
            model="m", input="And again?", previous_response_id=native.id
        )
        with pytest.raises(openai.NotFoundError) as unknown:
            await client.responses.create(model="m", input="x", previous_response_id="resp_of_nobody")
        with pytest.raises(openai.BadRequestError) as ours:
            await client.responses.create(model="m", input="x", previous_response_id=plain.parse().id)
    assert plain.headers["x-rungway-model"] == "chat/m"
    assert followed.headers["x-rungway-model"] == "both/m"
    assert followed.parse().previous_response_id == native.id
    assert unknown.value.param == "previous_response_id"
    assert ours.value.param == "previous_response_id"


@pytest.mark.parametrize("streaming", [False, True], ids=["whole", "streamed"])
async def test_what_follows_an_answer_goes_to_the_account_that_made_it(
    redis: Redis, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, streaming: bool
) -> None:
    """Of two that both remember, though the other is cheaper; another tenant finds nothing."""
    monkeypatch.setitem(KINDS, "twin", TWIN)
    theirs = tenant("responses", "twin", name="tenant-2", shown=OTHER_KEY)
    async with serving_gateway(redis, tmp_path, tenant("responses", "twin"), theirs) as served:
        direct = await served.chat(base=f"{served.url}/v1")
        made: Any = await direct.responses.create(model="twin/m", input="My name is Ada.", stream=streaming)
        if streaming:
            made = [event async for event in made][-1].response
        await known(redis, made.id)
        followed = await post(served, {"input": "And?", "previous_response_id": made.id})
        stranger = await served.chat(key=OTHER_KEY)
        with pytest.raises(openai.NotFoundError) as nothing:
            await stranger.responses.create(model="m", input="And?", previous_response_id=made.id)
        settled = await served.settled(2)
    assert followed.status_code == 200
    assert followed.headers["x-rungway-model"] == "twin/m"
    assert [len(each.attempts) for each in settled] == [1, 1]
    assert settled[1].facts.made_by == "twin-main"
    assert nothing.value.param == "previous_response_id"
    assert len(served.statement.read_text().splitlines()) == 2  # no provider was asked for the stranger


async def known(redis: Redis, answer: str) -> None:
    """It is written down beside the request."""
    async with asyncio.timeout(5):
        while True:
            if redis.exists(f"rungway:made:{sha256(answer.encode()).hexdigest()}"):
                return
            await asyncio.sleep(0.01)


@pytest.mark.parametrize(
    ("field", "more"),
    [
        ("previous_response_id", {"previous_response_id": "resp_1"}),
        ("conversation", {"conversation": "conv_1"}),
        ("background", {"background": True}),
        ("tools[1].type", {"tools": [TOOL, {"type": "web_search"}]}),
        ("tool_choice.type", {"tool_choice": {"type": "mcp", "server_label": "x"}}),
        ("input[1].type", {"input": [{"role": "user", "content": "x"}, {"type": "item_reference", "id": "msg_1"}]}),
    ],
)  # fmt: skip
async def test_what_no_model_can_be_told_is_refused_with_its_place(
    redis: Redis, tmp_path: Path, field: str, more: dict[str, Any]
) -> None:
    async with serving_gateway(redis, tmp_path, tenant("chat", "anthropic")) as served:
        answer = await post(served, {"input": "Hi"} | more)
        (settled,) = await served.settled()
    told = answer.json()["error"]
    assert (answer.status_code, told["code"], told["param"]) == (400, "no_eligible_model", field)
    assert f"chat/m: its provider cannot be told '{field}'" in told["message"]
    assert settled.facts.native == field
    assert settled.attempts == ()


async def post(served: Served, body: dict[str, Any], path: str = "/v1/responses") -> httpx.Response:
    async with httpx.AsyncClient(timeout=60) as client:
        return await client.post(
            served.router("support") + path,
            json={"model": "m"} | body,
            headers={"authorization": f"Bearer {KEY}"},
        )


async def test_an_address_without_the_further_protocol_is_asked_in_the_first(
    redis: Redis, tmp_path: Path
) -> None:
    """A tenant's own base may speak less than its vendor does; once that is known, it is asked no more."""
    base = "simulator:/azure/openai/deployments/m?api-version=2024-10-21"
    KINDS["old"] = Kind(dialect="openai_chat", base=base, also=frozenset({"openai_responses"}))
    try:
        async with serving_gateway(redis, tmp_path, tenant("old")) as served:
            answers = [await post(served, {"input": "Say hello"}) for _ in range(2)]
            settled = await served.settled(2)
    finally:
        del KINDS["old"]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert [len(each.attempts) for each in settled] == [2, 1]
    assert [each.outcome for each in settled] == ["fell_back", "answered"]


async def test_logprobs_are_asked_for_where_a_check_needs_them(redis: Redis, tmp_path: Path) -> None:
    policy = Policy(
        otherwise=Otherwise(
            tier=Tier.LIGHTWEIGHT,
            cascade=Cascade(up_to=Tier.PREMIUM, checks=(Check(mean_logprob=Range(at_least=-5.0)),)),
        )
    )
    async with serving_gateway(redis, tmp_path, tenant("responses", policy=policy)) as served:
        answer = await post(served, {"input": "Say hello"})
        (settled,) = await served.settled()
    assert answer.status_code == 200
    assert answer.json()["output"][-1]["content"][0]["logprobs"]
    assert settled.attempts[0].attempt.outcome.value == "answered"


@pytest.mark.parametrize("path", ["/v1/responses", "/responses", "/v1/completions"])
async def test_errors_have_the_shape_that_the_sdk_reads(redis: Redis, tmp_path: Path, path: str) -> None:
    async with serving_gateway(redis, tmp_path, tenant("chat")) as served:
        answer = await post(served, {"messages": []}, path)
    told = answer.json()["error"]
    assert answer.status_code == 400
    assert (told["type"], told["code"]) == ("invalid_request_error", "unknown_parameter")
    assert told["param"] == "messages"


@pytest.mark.parametrize("how", ["err-after-3", "cut-fin-3", "cut-rst-3", "no-done"])
@pytest.mark.parametrize("dialect", ["openai_responses", "openai_chat"])
async def test_a_stream_that_breaks_raises_in_the_sdk(
    redis: Redis, tmp_path: Path, how: str, dialect: str
) -> None:
    if (how, dialect) == ("no-done", "openai_chat"):
        pytest.skip("a chat whose choice has ended is whole")
    row = Provider(id="openai", name="x", dialect=dialect, base_url="x")
    policy = Policy(baseline="openai/gpt-5", otherwise=Otherwise(tier=Tier.LIGHTWEIGHT))
    only = structs.replace(snapshot(("support", policy), models=(misbehaving(how),)), providers=(row,))
    async with serving_gateway(redis, tmp_path, only) as served:
        client = await served.chat()
        stream = await client.responses.create(model="m", input="Tell me about rivers", stream=True)
        seen: list[str] = []
        with pytest.raises(openai.APIError):
            await read(stream, seen)
        (settled,) = await served.settled()
    assert "response.output_text.delta" in seen
    assert "response.completed" not in seen
    assert settled.outcome == "failed"


async def read(stream: Any, seen: list[str]) -> None:
    async for event in stream:
        seen.append(event.type)  # noqa: PERF401 - what came before it broke
