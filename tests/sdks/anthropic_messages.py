"""`anthropic`, messages and the counting of tokens."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from anthropic import AsyncAnthropic

from tests.gateway.world import Served
from tests.sdks.asking import (
    CITY,
    FOUND,
    HELLO,
    PICTURE,
    PLACE,
    PNG,
    PROBLEM,
    QUESTION,
    WEATHER,
    Try,
    expect_call,
    expect_found,
    expect_pieces,
    expect_place,
    expect_text,
    expect_used,
    once,
)

TOOL: Any = {"name": "get_weather", "description": "Current weather in a city", "input_schema": WEATHER}


@once
async def client(served: Served, router: str) -> AsyncAnthropic:
    return await served.messages(router)


def user(content: Any) -> Any:
    return {"role": "user", "content": content}


def text_of(content: Any) -> str:
    return "".join(block.text for block in content if block.type == "text")


async def ask(served: Served, router: str, messages: Any, **more: Any) -> Any:
    sdk = await client(served, router)
    return await sdk.messages.create(**{"model": "auto", "max_tokens": 500, "messages": messages} | more)


async def text(served: Served, router: str) -> None:
    reply = await ask(served, router, [user(HELLO)], system="Be brief.")
    expect_text(text_of(reply.content))
    assert reply.stop_reason == "end_turn"
    expect_used(reply.usage.input_tokens, reply.usage.output_tokens)


async def stream(served: Served, router: str) -> None:
    sdk = await client(served, router)
    async with sdk.messages.stream(model="auto", max_tokens=500, messages=[user(HELLO)]) as coming:
        pieces = [piece async for piece in coming.text_stream]
        whole = await coming.get_final_message()
    expect_pieces(pieces)
    expect_used(whole.usage.input_tokens, whole.usage.output_tokens)


async def tools(served: Served, router: str) -> None:
    reply = await ask(served, router, [user(QUESTION)], tools=[TOOL])
    (call,) = [block for block in reply.content if block.type == "tool_use"]
    assert reply.stop_reason == "tool_use"
    expect_call(call.name, call.input)
    said = {"role": "assistant", "content": [block.model_dump(exclude_none=True) for block in reply.content]}
    result = user([{"type": "tool_result", "tool_use_id": call.id, "content": FOUND}])
    reply = await ask(served, router, [user(QUESTION), said, result], tools=[TOOL])
    expect_found(text_of(reply.content))


async def streamed_tools(served: Served, router: str) -> None:
    sdk = await client(served, router)
    async with sdk.messages.stream(
        model="auto", max_tokens=500, messages=[user(QUESTION)], tools=[TOOL]
    ) as coming:
        whole = await coming.get_final_message()
    (call,) = [block for block in whole.content if block.type == "tool_use"]
    expect_call(call.name, call.input)


async def structured(served: Served, router: str) -> None:
    wanted = {"format": {"type": "json_schema", "schema": PLACE}}
    reply = await ask(served, router, [user(CITY)], output_config=wanted)
    expect_place(text_of(reply.content))


async def image(served: Served, router: str) -> None:
    source = {"type": "base64", "media_type": "image/png", "data": PNG}
    shown = [{"type": "image", "source": source}, {"type": "text", "text": PICTURE}]
    expect_text(text_of((await ask(served, router, [user(shown)])).content))


async def reasoning(served: Served, router: str) -> None:
    thinking = {"type": "enabled", "budget_tokens": 2_000}
    reply = await ask(served, router, [user(PROBLEM)], thinking=thinking, max_tokens=8_000)
    expect_text(text_of(reply.content))


async def count(served: Served, router: str) -> None:
    counted = await (await client(served, router)).messages.count_tokens(model="auto", messages=[user(HELLO)])
    assert counted.input_tokens > 0


FEATURES: Mapping[str, Try] = {
    "text": text,
    "stream": stream,
    "tools": tools,
    "streamed tools": streamed_tools,
    "JSON schema": structured,
    "images": image,
    "reasoning": reasoning,
    "counting": count,
}
