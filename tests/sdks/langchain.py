"""LangChain's models of three vendors, all asked in the same words."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any

from langchain_anthropic import ChatAnthropic
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import HumanMessage, ToolMessage
from langchain_google_genai import ChatGoogleGenerativeAI
from langchain_openai import ChatOpenAI
from pydantic import SecretStr

from tests.gateway.world import KEY, Served
from tests.sdks.asking import (
    CITY,
    FOUND,
    HELLO,
    PICTURE,
    PNG,
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
from tests.sdks.openai_chat import Place

type Model = Callable[[Served, str], Awaitable[BaseChatModel]]

TOOL: Any = {
    "type": "function",
    "function": {"name": "get_weather", "description": "Current weather in a city", "parameters": WEATHER},
}


@once
async def openai(served: Served, router: str) -> BaseChatModel:
    return ChatOpenAI(
        model="auto",
        api_key=SecretStr(KEY),
        base_url=f"{served.router(router)}/v1",
        max_retries=0,
        stream_usage=True,
    )


@once
async def anthropic(served: Served, router: str) -> BaseChatModel:
    return ChatAnthropic(
        model_name="auto",
        api_key=SecretStr(KEY),
        base_url=served.router(router),
        max_retries=0,
        timeout=30,
        stop=None,
    )


@once
async def google(served: Served, router: str) -> BaseChatModel:
    return ChatGoogleGenerativeAI(
        model="auto", google_api_key=SecretStr(KEY), base_url=served.router(router), max_retries=0
    )


async def text(model: Model, served: Served, router: str) -> None:
    reply = await (await model(served, router)).ainvoke(HELLO)
    expect_text(reply.text)
    usage = reply.usage_metadata
    assert usage is not None
    expect_used(usage["input_tokens"], usage["output_tokens"])


async def stream(model: Model, served: Served, router: str) -> None:
    expect_pieces([chunk.text async for chunk in (await model(served, router)).astream(HELLO)])


async def tools(model: Model, served: Served, router: str) -> None:
    bound = (await model(served, router)).bind_tools([TOOL])
    asked = HumanMessage(QUESTION)
    reply = await bound.ainvoke([asked])
    (call,) = reply.tool_calls
    expect_call(call["name"], call["args"])
    result = ToolMessage(FOUND, tool_call_id=call["id"], name=call["name"])
    expect_found((await bound.ainvoke([asked, reply, result])).text)


async def streamed_tools(model: Model, served: Served, router: str) -> None:
    whole: Any = None
    async for chunk in (await model(served, router)).bind_tools([TOOL]).astream(QUESTION):
        whole = chunk if whole is None else whole + chunk
    (call,) = whole.tool_calls
    expect_call(call["name"], call["args"])


async def structured(model: Model, served: Served, router: str) -> None:
    asked = (await model(served, router)).with_structured_output(Place, method="json_schema")
    answer: Any = await asked.ainvoke(CITY)
    expect_place(answer.model_dump())


async def image(model: Model, served: Served, router: str) -> None:
    shown = HumanMessage(
        [
            {"type": "text", "text": PICTURE},
            {"type": "image", "base64": PNG, "mime_type": "image/png"},
        ]
    )
    expect_text((await (await model(served, router)).ainvoke([shown])).text)


def features(model: Model) -> Mapping[str, Try]:
    return {
        "text": partial(text, model),
        "stream": partial(stream, model),
        "tools": partial(tools, model),
        "streamed tools": partial(streamed_tools, model),
        "JSON schema": partial(structured, model),
        "images": partial(image, model),
    }
