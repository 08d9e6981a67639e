"""What a client of OpenAI's API sends."""

from __future__ import annotations

import re
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from gateway.simulator.asked import Asked, Schema, Tool, Turn
from gateway.simulator.reply import Problem

type Positive = Annotated[int, Meta(ge=1)]


class Part(Struct):
    type: str
    text: str = ""


class CalledFunction(Struct):
    name: str
    arguments: str = ""


class CalledTool(Struct):
    id: str
    function: CalledFunction


class Message(Struct):
    role: Literal["system", "developer", "user", "assistant", "tool", "function"]
    content: str | list[Part] | None = None
    tool_calls: list[CalledTool] | None = None

    def turn(self) -> Turn:
        text = (
            self.content
            if isinstance(self.content, str)
            else "\n".join(part.text for part in self.content or ())
        )
        calls = " ".join(f"{call.function.name}({call.function.arguments})" for call in self.tool_calls or ())
        role = {"developer": "system", "function": "tool"}.get(self.role, self.role)
        return msgspec.convert({"role": role, "text": text or calls}, Turn)


class Function(Struct):
    name: str
    description: str | None = None
    parameters: Schema | None = None


class FunctionTool(Struct):
    function: Function
    type: Literal["function"] = "function"


class ToolChoice(Struct):
    function: CalledFunction


class NamedSchema(Struct):
    name: str
    schema: Schema = {}


class ResponseFormat(Struct):
    type: Literal["text", "json_object", "json_schema"]
    json_schema: NamedSchema | None = None


class StreamOptions(Struct):
    include_usage: bool = False


class Request(Struct):
    model: str
    messages: Annotated[list[Message], Meta(min_length=1)]
    stream: bool | None = False
    stream_options: StreamOptions | None = None
    tools: list[FunctionTool] | None = None
    tool_choice: str | ToolChoice | None = "auto"
    parallel_tool_calls: bool | None = True
    response_format: ResponseFormat | None = None
    stop: str | list[str] | None = None
    max_tokens: Positive | None = None
    max_completion_tokens: Positive | None = None
    n: Annotated[int, Meta(ge=1, le=128)] | None = 1
    service_tier: Literal["auto", "default", "flex", "priority"] | None = "auto"
    logprobs: bool | None = False
    top_logprobs: Annotated[int, Meta(ge=0, le=20)] | None = 0


def parse(body: bytes, headers: dict[bytes, bytes]) -> Request:
    try:
        request = msgspec.json.decode(body, type=Request)
    except msgspec.ValidationError as error:
        problem, _, place = str(error).partition(" - at ")
        missing = re.search("missing required field `(.+)`", problem)
        param = missing.group(1) if missing else place.strip("`$.")
        raise Problem(400, f"{problem}.", param=param or None) from None
    except msgspec.DecodeError:
        raise Problem(400, "We could not parse the JSON body of your request.") from None
    if request.tool_choice == "required" and not request.tools:
        raise Problem(400, "'tool_choice' is only allowed when 'tools' are specified.", param="tool_choice")
    return request


def asked_in(request: Request) -> Asked:
    wanted = request.response_format
    choice = request.tool_choice or "auto"
    named = (
        choice.function.name if isinstance(choice, ToolChoice) else {"required": "any"}.get(choice, choice)
    )
    return Asked(
        model=request.model,
        turns=tuple(message.turn() for message in request.messages),
        tools=tuple(
            Tool(t.function.name, t.function.description or "", t.function.parameters or {})
            for t in request.tools or ()
        ),
        choice=named,
        parallel=request.parallel_tool_calls is not False,
        json=wanted is not None and wanted.type != "text",
        schema=wanted.json_schema.schema if wanted and wanted.json_schema else None,
        stops=tuple([request.stop] if isinstance(request.stop, str) else request.stop or ()),
        most_tokens=request.max_completion_tokens or request.max_tokens,
    )
