"""`openai`: Responses, the completions of before the chats, embeddings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

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
)
from tests.sdks.openai_chat import Place, client

TOOL: Any = {
    "type": "function",
    "name": "get_weather",
    "description": "Current weather in a city",
    "parameters": WEATHER,
    "strict": True,
}


async def text(served: Served, router: str) -> None:
    reply = await (await client(served, router)).responses.create(model="auto", input=HELLO, store=False)
    expect_text(reply.output_text)
    assert reply.usage is not None
    expect_used(reply.usage.input_tokens, reply.usage.output_tokens)


async def stream(served: Served, router: str) -> None:
    sdk = await client(served, router)
    async with sdk.responses.stream(model="auto", input=HELLO, store=False) as coming:
        pieces = [event.delta async for event in coming if event.type == "response.output_text.delta"]
        whole = await coming.get_final_response()
    expect_pieces(pieces)
    assert "".join(pieces) == whole.output_text
    assert whole.usage is not None
    expect_used(whole.usage.input_tokens, whole.usage.output_tokens)


async def tools(served: Served, router: str) -> None:
    sdk = await client(served, router)
    reply = await sdk.responses.create(model="auto", input=QUESTION, tools=[TOOL], store=False)
    (call,) = [item for item in reply.output if item.type == "function_call"]
    expect_call(call.name, call.arguments)
    said: Any = [item.model_dump(exclude_none=True) for item in reply.output]
    result = {"type": "function_call_output", "call_id": call.call_id, "output": FOUND}
    asked: Any = [{"role": "user", "content": QUESTION}, *said, result]
    reply = await sdk.responses.create(model="auto", input=asked, tools=[TOOL], store=False)
    expect_found(reply.output_text)


async def streamed_tools(served: Served, router: str) -> None:
    sdk = await client(served, router)
    async with sdk.responses.stream(model="auto", input=QUESTION, tools=[TOOL], store=False) as coming:
        whole = await coming.get_final_response()
    (call,) = [item for item in whole.output if item.type == "function_call"]
    expect_call(call.name, call.arguments)


async def structured(served: Served, router: str) -> None:
    reply = await (await client(served, router)).responses.parse(
        model="auto", input=CITY, text_format=Place, store=False
    )
    assert reply.output_parsed is not None
    expect_place(reply.output_parsed.model_dump())


async def image(served: Served, router: str) -> None:
    shown: Any = [
        {
            "role": "user",
            "content": [
                {"type": "input_text", "text": PICTURE},
                {"type": "input_image", "image_url": f"data:image/png;base64,{PNG}", "detail": "auto"},
            ],
        }
    ]
    reply = await (await client(served, router)).responses.create(model="auto", input=shown, store=False)
    expect_text(reply.output_text)


async def reasoning(served: Served, router: str) -> None:
    reply = await (await client(served, router)).responses.create(
        model="auto", input=PROBLEM, reasoning={"effort": "high"}, max_output_tokens=8_000, store=False
    )
    expect_text(reply.output_text)


RESPONSES: Mapping[str, Try] = {
    "text": text,
    "stream": stream,
    "tools": tools,
    "streamed tools": streamed_tools,
    "JSON schema": structured,
    "images": image,
    "reasoning": reasoning,
}


async def completed(served: Served, router: str) -> None:
    reply = await (await client(served, router)).completions.create(
        model="auto", prompt=HELLO, max_tokens=100
    )
    expect_text(reply.choices[0].text)
    assert reply.usage is not None
    expect_used(reply.usage.prompt_tokens, reply.usage.completion_tokens)


async def streamed_completion(served: Served, router: str) -> None:
    sdk = await client(served, router)
    coming = await sdk.completions.create(model="auto", prompt=HELLO, max_tokens=100, stream=True)
    expect_pieces([choice.text async for chunk in coming for choice in chunk.choices])


COMPLETIONS: Mapping[str, Try] = {"text": completed, "stream": streamed_completion}


async def embedded(served: Served, router: str) -> None:
    """As the SDK asks by itself, in base64."""
    reply = await (await client(served, router)).embeddings.create(
        model="embed-1", input=["one", "two"], dimensions=64
    )
    assert [len(row.embedding) for row in reply.data] == [64, 64]
    expect_used(reply.usage.prompt_tokens, 1)


EMBEDDINGS: Mapping[str, Try] = {"embeddings": embedded}
