"""A request → what is sent to a provider of this protocol."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec
from msgspec.structs import replace

from gateway.core.catalogue import Model
from gateway.core.conversation import ChatRequest, Conversation, Message, Role, Text, Tool, ToolChoice
from gateway.core.facts import Need
from gateway.dialects.anthropic.blocks import blocks_of, mark_of
from gateway.dialects.anthropic.schema import simplified
from gateway.dialects.anthropic.thinking import thinking_for
from gateway.dialects.dialect import Outgoing
from gateway.dialects.marks import uncited
from gateway.dialects.rendering import named
from gateway.errors import InvalidRequest, Untranslatable

PATH = "/v1/messages"
VERSION = ((b"anthropic-version", b"2023-06-01"),)
DEFAULT_MAX_TOKENS = 4_096  # where neither the caller nor the catalogue says

_ANY_JSON = "Answer with one JSON object and nothing else: no prose, no code fence."
_MODES = {"auto": "auto", "none": "none", "required": "any", "named": "tool"}


class Said(NamedTuple):
    """A body, before it is written for one of the addresses where this is spoken."""

    body: dict[str, Any]
    dropped: list[str]
    headers: tuple[tuple[bytes, bytes], ...] = VERSION


def pass_through(request: ChatRequest, model: Model, rejects: frozenset[str]) -> Outgoing:
    return written(PATH, repeat(request, model), rejects)


def translate(conversation: Conversation, model: Model, rejects: frozenset[str]) -> Outgoing:
    outgoing = written(PATH, say(conversation, model), rejects)
    if conversation.max_output_tokens or model.max_output:
        return outgoing
    return replace(outgoing, limit=DEFAULT_MAX_TOKENS)


def repeat(request: ChatRequest, model: Model) -> Said:
    """The caller's own words."""
    body = {**request.raw, "model": model.wire_name}
    return Said(body, list(request.dropped), request.headers or VERSION)


def say(conversation: Conversation, model: Model) -> Said:
    _refuse_unsayable(conversation)
    dropped = [*conversation.unsayable, *uncited(conversation)]
    system, turns = _split(conversation, dropped)
    limit = conversation.max_output_tokens or model.max_output or DEFAULT_MAX_TOKENS
    body: dict[str, Any] = {"model": model.wire_name, "max_tokens": limit}
    if system:
        body["system"] = system
    body["messages"] = _alternating(turns, dropped)
    body |= _tools(conversation, model, dropped) | _sampling(conversation, dropped)
    body |= thinking_for(conversation, model, limit, dropped)
    _settle_conflicts(body, dropped)
    output = body.get("output_config", {}) | _output_format(conversation, dropped)
    if output:
        body["output_config"] = output
    if conversation.end_user:
        body["metadata"] = {"user_id": conversation.end_user}
    if conversation.streaming:
        body["stream"] = True
    return Said(body, dropped)


def written(path: str, said: Said, rejects: frozenset[str]) -> Outgoing:
    body, dropped, headers = said
    dropped += [field for field in rejects & body.keys() if body.pop(field) is not None]
    try:
        encoded = msgspec.json.encode(body)
    except (TypeError, ValueError, OverflowError):
        raise InvalidRequest("The request cannot be written as JSON.", code="invalid_json") from None
    return Outgoing(path=path, headers=headers, body=encoded, dropped=named(dropped))


def _refuse_unsayable(conversation: Conversation) -> None:
    if conversation.choices > 1:
        place = conversation.spelled.get("choices", "choices")
        raise Untranslatable("This model's provider gives one answer to a request.", param=place)


def _split(conversation: Conversation, dropped: list[str]) -> tuple[list[dict[str, Any]], list[Message]]:
    """Instructions apart from turns; a conversation of nothing but instructions is said by the user."""
    turns = [message for message in conversation.messages if message.role is not Role.SYSTEM]
    instructions = [
        part for message in conversation.messages if message.role is Role.SYSTEM for part in message.parts
    ]
    wanted = conversation.output_format
    if wanted is not None and wanted.schema is None:
        instructions.append(Text(_ANY_JSON))
    if not turns:
        return [], [Message(Role.USER, tuple(instructions))]
    return [block for part in instructions for block in blocks_of("messages", part, dropped)], turns


def _alternating(turns: Sequence[Message], dropped: list[str]) -> list[dict[str, Any]]:
    """User and assistant by turns, results of tools first in theirs."""
    said: list[dict[str, Any]] = []
    for index, turn in enumerate(turns):
        role = "assistant" if turn.role is Role.ASSISTANT else "user"
        blocks = [b for part in turn.parts for b in blocks_of(f"messages[{index}].content", part, dropped)]
        if not said and role == "assistant":
            raise Untranslatable("To this model's provider the user speaks first.", param="messages[0].role")
        if not blocks:
            continue
        if said and said[-1]["role"] == role:
            said[-1]["content"] += blocks
        else:
            said.append({"role": role, "content": blocks})
    for turn_said in said:
        turn_said["content"].sort(key=lambda block: block["type"] != "tool_result")
    if not said:
        raise Untranslatable("To this model's provider nothing cannot be said.", param="messages")
    return said


def _tools(conversation: Conversation, model: Model, dropped: list[str]) -> dict[str, Any]:
    if not conversation.tools:
        return {}
    body: dict[str, Any] = {"tools": [_tool(tool, model, dropped) for tool in conversation.tools]}
    choice = conversation.tool_choice
    if choice is not None:
        body["tool_choice"] = _tool_choice(choice)
    return body


def _tool(tool: Tool, model: Model, dropped: list[str]) -> dict[str, Any]:
    schema = dict(tool.parameters) or {"properties": {}}
    said: dict[str, Any] = {"name": tool.name, "input_schema": {"type": "object"} | schema}
    if tool.description:
        said["description"] = tool.description
    if tool.strict and Need.JSON_SCHEMA in model.can and tool.parameters.get("properties"):
        said |= {"strict": True, "input_schema": simplified(said["input_schema"], "tools")}
    elif tool.strict:
        dropped.append("tools[].function.strict")
    return said | mark_of(tool)


def _tool_choice(choice: ToolChoice) -> dict[str, Any]:
    said: dict[str, Any] = {"type": _MODES.get(choice.mode, "auto")}
    if choice.mode == "named":
        said["name"] = choice.name
    if choice.parallel is not None and choice.mode != "none":
        said["disable_parallel_tool_use"] = not choice.parallel
    return said


def _sampling(conversation: Conversation, dropped: list[str]) -> dict[str, Any]:
    body: dict[str, Any] = {}
    if conversation.temperature is not None and conversation.temperature > 1:
        dropped.append("temperature")
    elif conversation.temperature is not None:
        body["temperature"] = conversation.temperature
    if conversation.top_p is not None:
        body["top_p"] = conversation.top_p
    if conversation.top_k is not None:
        body["top_k"] = conversation.top_k
    stops = [stop for stop in conversation.stop if stop.strip()]
    if stops:
        body["stop_sequences"] = stops
    if len(stops) < len(conversation.stop):  # one of blanks alone is refused
        dropped.append(conversation.spelled.get("stop", "stop"))
    dropped += [field for field in _NOT_HERE if getattr(conversation, field)]
    return body


_NOT_HERE = ("seed", "frequency_penalty", "presence_penalty", "logprobs", "top_logprobs", "metadata")


def _settle_conflicts(body: dict[str, Any], dropped: list[str]) -> None:
    """What is allowed alone but not together: the first of each pair stays."""
    if "thinking" in body:
        dropped += [field for field in ("temperature", "top_k") if body.pop(field, None) is not None]
    if "temperature" in body and body.pop("top_p", None) is not None:
        dropped.append("top_p")


def _output_format(conversation: Conversation, dropped: list[str]) -> dict[str, Any]:
    wanted = conversation.output_format
    if wanted is None:
        return {}
    place = conversation.spelled.get("output_format", "output_format")
    if wanted.schema is None:  # asked for in words: the protocol has no promise of "any JSON"
        dropped.append(place)
        return {}
    return {"format": {"type": "json_schema", "schema": simplified(dict(wanted.schema), place)}}
