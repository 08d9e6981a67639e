"""What a client of Bedrock's Converse sends."""

from __future__ import annotations

import re
from typing import Any, Literal

import msgspec
from msgspec import Struct

from gateway.simulator.asked import Asked, Schema, Tool, Turn
from gateway.simulator.reply import Problem, encoded

type Lifetime = Literal["", "5m", "1h"]

TOOL_NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")


class CachePoint(Struct):
    type: Literal["default"]
    ttl: Literal["5m", "1h"] = "5m"


class ToolUse(Struct):
    toolUseId: str  # noqa: N815 - theirs
    name: str
    input: Schema


class ToolResult(Struct):
    toolUseId: str  # noqa: N815
    content: list[Any]
    status: Literal["success", "error"] = "success"


class Block(Struct):
    text: str | None = None
    toolUse: ToolUse | None = None  # noqa: N815
    toolResult: ToolResult | None = None  # noqa: N815
    cachePoint: CachePoint | None = None  # noqa: N815

    def words(self) -> str:
        if self.toolUse:
            return f"{self.toolUse.name}({encoded(self.toolUse.input).decode()})"
        if self.toolResult:
            return "\n".join(str(part.get("text") or "") for part in self.toolResult.content)
        return self.text or ""


class Message(Struct):
    role: Literal["user", "assistant"]
    content: list[Block]

    def turn(self) -> Turn:
        answers_a_tool = any(block.toolResult for block in self.content)
        return Turn("tool" if answers_a_tool else self.role, said(self.content), lifetime(self.content))


class InputSchema(Struct):
    json: Schema


class ToolSpec(Struct):
    name: str
    inputSchema: InputSchema  # noqa: N815
    description: str = ""


class AnyTool(Struct):
    toolSpec: ToolSpec | None = None  # noqa: N815
    cachePoint: CachePoint | None = None  # noqa: N815


class Named(Struct):
    name: str


class ToolChoice(Struct, frozen=True):
    auto: Any = None
    any: Any = None
    tool: Named | None = None


class ToolConfig(Struct):
    tools: list[AnyTool]
    toolChoice: ToolChoice = ToolChoice()  # noqa: N815


class Inference(Struct, frozen=True):
    maxTokens: int | None = None  # noqa: N815
    temperature: float | None = None
    topP: float | None = None  # noqa: N815
    stopSequences: list[str] = []  # noqa: N815


class Body(Struct):
    messages: list[Message]
    system: list[Block] = []
    inferenceConfig: Inference = Inference()  # noqa: N815
    toolConfig: ToolConfig | None = None  # noqa: N815
    outputConfig: Schema = {}  # noqa: N815
    additionalModelRequestFields: Schema = {}  # noqa: N815


class Request(Struct):
    model: str
    stream: bool
    body: Body


def said(blocks: list[Block]) -> str:
    return "\n".join(words for block in blocks if (words := block.words()))


def lifetime(blocks: list[Block]) -> Lifetime:
    return next((block.cachePoint.ttl for block in reversed(blocks) if block.cachePoint), "")


def decoded(body: bytes) -> Body:
    try:
        request = msgspec.json.decode(body, type=Body)
    except msgspec.DecodeError as error:
        raise invalid(
            f"Malformed input request: {error}, please reformat your input and try again."
        ) from None
    check_turns(request.messages)
    check_tools(request)
    return request


def check_turns(messages: list[Message]) -> None:
    if not messages or messages[0].role != "user":
        raise invalid("A conversation must start with a user message. Try again with one that does.")
    for place, message in enumerate(messages):
        if place and message.role == messages[place - 1].role:
            raise invalid("A conversation must alternate between user and assistant roles.")
        if not message.content:
            raise invalid(f"The content field in the Message object at messages.{place} is empty.")
        if any(block.text is not None and not block.text.strip() for block in message.content):
            raise invalid(f"The text field in the ContentBlock object at messages.{place} is blank.")


def check_tools(request: Body) -> None:
    used = any(block.toolUse or block.toolResult for message in request.messages for block in message.content)
    if used and request.toolConfig is None:
        raise invalid(
            "The toolConfig field must be defined when using toolUse and toolResult content blocks."
        )
    for tool in request.toolConfig.tools if request.toolConfig else ():
        if tool.toolSpec and not TOOL_NAME.fullmatch(tool.toolSpec.name):
            raise invalid("Value at 'toolConfig.tools' failed to satisfy the pattern [a-zA-Z0-9_-]+.")


def invalid(message: str) -> Problem:
    return Problem(400, message, code="ValidationException")


def asked_in(request: Request) -> Asked:
    body, sampling = request.body, request.body.inferenceConfig
    rules = [Turn("system", said(body.system), lifetime(body.system))] if body.system else []
    config = body.toolConfig or ToolConfig([])
    choice = config.toolChoice
    schema = structured(body.outputConfig)
    return Asked(
        model=request.model,
        turns=(*rules, *(message.turn() for message in body.messages)),
        tools=tuple(
            Tool(t.toolSpec.name, t.toolSpec.description, t.toolSpec.inputSchema.json)
            for t in config.tools
            if t.toolSpec
        ),
        choice=choice.tool.name if choice.tool else "any" if choice.any is not None else "auto",
        json=schema is not None,
        schema=schema,
        stops=tuple(sampling.stopSequences),
        most_tokens=sampling.maxTokens,
        thinking="thinking" in body.additionalModelRequestFields,
    )


def structured(config: Schema) -> Schema | None:
    if not config.get("textFormat"):
        return None
    try:
        schema: Schema = msgspec.json.decode(
            config["textFormat"]["structure"]["jsonSchema"]["schema"], type=dict
        )
    except (KeyError, TypeError, msgspec.DecodeError):
        raise invalid("The schema in outputConfig.textFormat is not valid JSON.") from None
    return schema
