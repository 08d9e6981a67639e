"""`google-genai`: generateContent, countTokens, embedContent."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Mapping
from typing import Any

from google.genai import types
from google.genai.models import AsyncModels

from tests.gateway.clouds import google
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

TOOL = types.Tool(
    function_declarations=[
        types.FunctionDeclaration(
            name="get_weather", description="Current weather in a city", parameters_json_schema=WEATHER
        )
    ]
)


@once
async def models_of(served: Served, router: str) -> AsyncModels:
    return await google(served, router)


async def ask(served: Served, router: str, contents: Any, **config: Any) -> types.GenerateContentResponse:
    models = await models_of(served, router)
    return await models.generate_content(
        model="auto", contents=contents, config=types.GenerateContentConfig(**config)
    )


async def text(served: Served, router: str) -> None:
    reply = await ask(served, router, HELLO)
    expect_text(reply.text)
    assert reply.usage_metadata is not None
    expect_used(reply.usage_metadata.prompt_token_count, reply.usage_metadata.candidates_token_count)


async def stream(served: Served, router: str) -> None:
    models = await models_of(served, router)
    chunks = [chunk async for chunk in await models.generate_content_stream(model="auto", contents=HELLO)]
    expect_pieces([chunk.text or "" for chunk in chunks])
    usage = chunks[-1].usage_metadata
    assert usage is not None
    expect_used(usage.prompt_token_count, usage.candidates_token_count)


def only_call(reply: types.GenerateContentResponse) -> types.FunctionCall:
    calls = reply.function_calls or []
    assert len(calls) == 1
    expect_call(calls[0].name or "", calls[0].args)
    return calls[0]


async def tools(served: Served, router: str) -> None:
    asked = types.Content(role="user", parts=[types.Part(text=QUESTION)])
    reply = await ask(served, router, [asked], tools=[TOOL])
    call = only_call(reply)
    answered = types.FunctionResponse(id=call.id, name=call.name, response={"result": FOUND})
    result = types.Content(role="user", parts=[types.Part(function_response=answered)])
    assert reply.candidates is not None
    reply = await ask(served, router, [asked, reply.candidates[0].content, result], tools=[TOOL])
    expect_found(reply.text)


async def streamed_tools(served: Served, router: str) -> None:
    models = await models_of(served, router)
    config = types.GenerateContentConfig(tools=[TOOL])
    coming = await models.generate_content_stream(model="auto", contents=QUESTION, config=config)
    calls = [call async for chunk in coming for call in chunk.function_calls or ()]
    assert len(calls) == 1
    expect_call(calls[0].name or "", calls[0].args)


async def structured(served: Served, router: str) -> None:
    reply = await ask(served, router, CITY, response_mime_type="application/json", response_json_schema=PLACE)
    expect_place(reply.text)


async def image(served: Served, router: str) -> None:
    shown = types.Part.from_bytes(data=b64decode(PNG), mime_type="image/png")
    expect_text((await ask(served, router, [shown, PICTURE])).text)


async def reasoning(served: Served, router: str) -> None:
    thinking = types.ThinkingConfig(thinking_budget=2_000)
    expect_text((await ask(served, router, PROBLEM, thinking_config=thinking, max_output_tokens=8_000)).text)


async def count(served: Served, router: str) -> None:
    counted = await (await models_of(served, router)).count_tokens(model="auto", contents=HELLO)
    assert counted.total_tokens


async def embedded(served: Served, router: str) -> None:
    models = await models_of(served, router)
    config = types.EmbedContentConfig(output_dimensionality=64)
    reply = await models.embed_content(model="embed-1", contents=["one", "two"], config=config)
    assert [len(one.values or ()) for one in reply.embeddings or ()] == [64, 64]


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
EMBEDDINGS: Mapping[str, Try] = {"embeddings": embedded}
