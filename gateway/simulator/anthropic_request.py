"""What a client of Anthropic's API sends."""

from __future__ import annotations

from typing import Any, Literal

import msgspec
from msgspec import Struct

from gateway.simulator.asked import Asked, Schema, Tool, Turn
from gateway.simulator.reply import Problem, encoded


class CacheControl(Struct):
    type: Literal["ephemeral"] = "ephemeral"
    ttl: Literal["5m", "1h"] = "5m"


class Block(Struct):
    type: str
    text: str = ""
    thinking: str = ""
    name: str = ""
    input: Schema | None = None
    content: Any = None  # of a tool's result: text or blocks
    cache_control: CacheControl | None = None

    def words(self) -> str:
        if self.type == "tool_use":
            return f"{self.name}({encoded(self.input).decode()})"
        if self.type == "tool_result":
            parts = self.content if isinstance(self.content, list) else [{"text": self.content}]
            return "\n".join(str(part.get("text") or "") for part in parts)
        return self.text


class Message(Struct):
    role: Literal["user", "assistant", "system"]
    content: str | list[Block]

    def turn(self) -> Turn:
        if isinstance(self.content, str):
            return Turn(self.role, self.content)
        answers_a_tool = any(block.type == "tool_result" for block in self.content)
        return Turn("tool" if answers_a_tool else self.role, said(self.content), lifetime(self.content))


def said(blocks: list[Block]) -> str:
    return "\n".join(words for block in blocks if (words := block.words()))


def lifetime(blocks: list[Block]) -> Literal["", "5m", "1h"]:
    return next((block.cache_control.ttl for block in reversed(blocks) if block.cache_control), "")


class AnyTool(Struct):
    name: str
    description: str = ""
    input_schema: Schema | None = None  # the provider's own tools have none


class ToolChoice(Struct, frozen=True):
    type: Literal["auto", "any", "tool", "none"] = "auto"
    name: str = ""
    disable_parallel_tool_use: bool = False


class Thinking(Struct, frozen=True):
    type: Literal["enabled", "disabled", "adaptive"] = "disabled"


class Format(Struct):
    type: str
    schema: Schema | None = None


class OutputConfig(Struct):
    format: Format | None = None


class Prompt(Struct):
    """What is counted: a request without its limits."""

    model: str
    messages: list[Message]
    system: str | list[Block] = ""
    tools: list[AnyTool] = []
    tool_choice: ToolChoice = ToolChoice()
    thinking: Thinking = Thinking()
    stop_sequences: list[str] = []
    output_config: OutputConfig | None = None


class Request(Prompt, kw_only=True):
    max_tokens: int
    stream: bool = False


def parse(body: bytes, headers: dict[bytes, bytes]) -> Request:
    if b"anthropic-version" not in headers:
        raise Problem(400, "anthropic-version: header is required")
    request = decoded(body, Request)
    if request.max_tokens < 1:
        raise Problem(400, "max_tokens: Input should be greater than or equal to 1")
    return request


def decoded[P: Prompt](body: bytes, wanted: type[P]) -> P:
    try:
        request = msgspec.json.decode(body, type=wanted)
    except msgspec.ValidationError as error:
        raise Problem(400, in_their_words(str(error))) from None
    except msgspec.DecodeError:
        raise Problem(400, "The request body is not valid JSON.") from None
    if not request.messages:
        raise Problem(400, "messages: at least one message is required")
    return request


def in_their_words(error: str) -> str:
    problem, _, place = error.partition(" - at ")
    if "missing required field" in problem:
        return f"{problem.rpartition('field ')[2].strip('`')}: Field required"
    return f"{place.strip('`$.').replace('[', '.').replace(']', '')}: {problem}"


def asked_in(request: Prompt) -> Asked:
    system = request.system
    rules = (
        Turn("system", system) if isinstance(system, str) else Turn("system", said(system), lifetime(system))
    )
    choice = request.tool_choice
    wanted = request.output_config.format if request.output_config else None
    return Asked(
        model=request.model,
        turns=(*([rules] if system else ()), *(message.turn() for message in request.messages)),
        tools=tuple(
            Tool(t.name, t.description, t.input_schema) for t in request.tools if t.input_schema is not None
        ),
        choice=choice.name if choice.type == "tool" else choice.type,
        parallel=not choice.disable_parallel_tool_use,
        json=wanted is not None,
        schema=wanted.schema if wanted else None,
        stops=tuple(request.stop_sequences),
        most_tokens=request.max_tokens if isinstance(request, Request) else None,
        thinking=request.thinking.type != "disabled",
    )
