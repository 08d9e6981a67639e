"""`openai`, chat completions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from openai import AsyncOpenAI
from pydantic import BaseModel

from tests.gateway.world import Served
from tests.sdks.asking import (
    CITY,
    FOUND,
    HELLO,
    PICTURE,
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

TOOL: Any = {
    "type": "function",
    "function": {"name": "get_weather", "description": "Current weather in a city", "parameters": WEATHER},
}


class Place(BaseModel):
    city: str
    population: int


@once
async def client(served: Served, router: str) -> AsyncOpenAI:
    return await served.chat(router)


def user(content: Any) -> Any:
    return {"role": "user", "content": content}


async def text(served: Served, router: str) -> None:
    reply = await (await client(served, router)).chat.completions.create(model="auto", messages=[user(HELLO)])
    expect_text(reply.choices[0].message.content)
    assert reply.choices[0].finish_reason == "stop"
    assert reply.usage is not None
    expect_used(reply.usage.prompt_tokens, reply.usage.completion_tokens)


async def stream(served: Served, router: str) -> None:
    chunks = [
        chunk
        async for chunk in await (await client(served, router)).chat.completions.create(
            model="auto", messages=[user(HELLO)], stream=True, stream_options={"include_usage": True}
        )
    ]
    expect_pieces([choice.delta.content or "" for chunk in chunks for choice in chunk.choices])
    usage = chunks[-1].usage
    assert usage is not None
    expect_used(usage.prompt_tokens, usage.completion_tokens)


async def tools(served: Served, router: str) -> None:
    sdk = await client(served, router)
    reply = await sdk.chat.completions.create(model="auto", messages=[user(QUESTION)], tools=[TOOL])
    message = reply.choices[0].message
    calls: Any = message.tool_calls
    assert [call.type for call in calls] == ["function"]
    assert reply.choices[0].finish_reason == "tool_calls"
    expect_call(calls[0].function.name, calls[0].function.arguments)
    result: Any = {"role": "tool", "tool_call_id": calls[0].id, "content": FOUND}
    said: Any = message.model_dump(exclude_none=True)
    reply = await sdk.chat.completions.create(
        model="auto", messages=[user(QUESTION), said, result], tools=[TOOL]
    )
    expect_found(reply.choices[0].message.content)


async def streamed_tools(served: Served, router: str) -> None:
    sdk = await client(served, router)
    async with sdk.chat.completions.stream(model="auto", messages=[user(QUESTION)], tools=[TOOL]) as coming:
        whole = await coming.get_final_completion()
    calls: Any = whole.choices[0].message.tool_calls
    assert len(calls) == 1
    expect_call(calls[0].function.name, calls[0].function.arguments)


async def structured(served: Served, router: str) -> None:
    reply = await (await client(served, router)).chat.completions.parse(
        model="auto", messages=[user(CITY)], response_format=Place
    )
    parsed = reply.choices[0].message.parsed
    assert parsed is not None
    expect_place(parsed.model_dump())


async def image(served: Served, router: str) -> None:
    shown = [
        {"type": "text", "text": PICTURE},
        {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PNG}"}},
    ]
    reply = await (await client(served, router)).chat.completions.create(model="auto", messages=[user(shown)])
    expect_text(reply.choices[0].message.content)


async def reasoning(served: Served, router: str) -> None:
    reply = await (await client(served, router)).chat.completions.create(
        model="auto", messages=[user(PROBLEM)], reasoning_effort="high", max_completion_tokens=8_000
    )
    expect_text(reply.choices[0].message.content)


FEATURES: Mapping[str, Try] = {
    "text": text,
    "stream": stream,
    "tools": tools,
    "streamed tools": streamed_tools,
    "JSON schema": structured,
    "images": image,
    "reasoning": reasoning,
}
