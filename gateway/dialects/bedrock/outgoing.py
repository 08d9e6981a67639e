"""A conversation → what is sent to a model here. The model stands in the path, and so does streaming."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any
from urllib.parse import quote

import msgspec

from gateway.core.catalogue import Model
from gateway.core.conversation import (
    Conversation,
    Message,
    OutputFormat,
    Role,
    Text,
    Tool,
    ToolCall,
    ToolChoice,
    ToolResult,
)
from gateway.core.facts import Need
from gateway.dialects.anthropic.schema import simplified
from gateway.dialects.bedrock.blocks import Block, blocks_of, point_of
from gateway.dialects.bedrock.extras import extras_for
from gateway.dialects.bedrock.families import caches_on_demand, family_of
from gateway.dialects.dialect import Outgoing
from gateway.dialects.marks import uncited
from gateway.dialects.rendering import named
from gateway.dialects.without import without
from gateway.errors import InvalidRequest, Untranslatable

_ANY_JSON = "Answer with one JSON object and nothing else: no prose, no code fence."
_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
_METADATA = re.compile(r"[A-Za-z0-9\s:_@$#=/+,.-]{1,256}")
_NOT_HERE = ("seed", "frequency_penalty", "presence_penalty", "logprobs", "top_logprobs", "end_user")


def translate(conversation: Conversation, model: Model, rejects: frozenset[str]) -> Outgoing:
    dropped = [*conversation.unsayable, *uncited(conversation)]
    _refuse_unsayable(conversation)
    conversation = without(conversation, rejects, dropped)
    family = family_of(model)
    system, turns = _split(conversation)
    body: dict[str, Any] = {"messages": _alternating(turns, dropped, caches=caches_on_demand(family))}
    if system:
        body["system"] = [
            b for part in system for b in blocks_of("system", part, dropped, caches=caches_on_demand(family))
        ]
    body["inferenceConfig"] = _sampling(conversation, dropped)
    body |= _tools(conversation, model, family, dropped)
    body |= _output_config(conversation, family, dropped)
    extras = extras_for(conversation, model, family, dropped)
    _settle_conflicts(body["inferenceConfig"], extras, family, dropped)
    if extras:
        body["additionalModelRequestFields"] = extras
    if conversation.stop and family == "anthropic":
        body["additionalModelResponseFieldPaths"] = ["/stop_sequence"]
    body |= _metadata(conversation, dropped)
    return _outgoing(body, conversation, model, dropped)


def _outgoing(body: dict[str, Any], conversation: Conversation, model: Model, dropped: list[str]) -> Outgoing:
    operation = "converse-stream" if conversation.streaming else "converse"
    try:
        encoded = msgspec.json.encode(body)
    except (TypeError, ValueError, OverflowError):
        raise InvalidRequest("The request cannot be written as JSON.", code="invalid_json") from None
    path = f"/model/{quote(model.wire_name, safe='')}/{operation}"
    return Outgoing(path=path, body=encoded, dropped=named(dropped))


def _refuse_unsayable(conversation: Conversation) -> None:
    if conversation.choices > 1:
        place = conversation.spelled.get("choices", "choices")
        raise Untranslatable("This model's provider gives one answer to a request.", param=place)


def _split(conversation: Conversation) -> tuple[list[Text], list[Message]]:
    """Instructions apart from turns; a conversation of nothing but instructions is said by the user."""
    turns = [message for message in conversation.messages if message.role is not Role.SYSTEM]
    instructions = [
        part
        for message in conversation.messages
        if message.role is Role.SYSTEM
        for part in message.parts
        if isinstance(part, Text)
    ]
    wanted = conversation.output_format
    if wanted is not None and wanted.schema is None:
        instructions.append(Text(_ANY_JSON))
    if not turns:
        return [], [Message(Role.USER, tuple(instructions))]
    return instructions, turns


def _alternating(turns: Sequence[Message], dropped: list[str], *, caches: bool) -> list[dict[str, Any]]:
    """User and assistant by turns, results of tools first in theirs."""
    said: list[dict[str, Any]] = []
    for index, turn in enumerate(turns):
        role = "assistant" if turn.role is Role.ASSISTANT else "user"
        place = f"messages[{index}].content"
        blocks = [b for part in turn.parts for b in blocks_of(place, part, dropped, caches=caches)]
        if not blocks:
            continue
        if not said and role == "assistant":
            raise Untranslatable("To this model's provider the user speaks first.", param="messages[0].role")
        if said and said[-1]["role"] == role:
            said[-1]["content"] += blocks
        else:
            said.append({"role": role, "content": blocks})
    for turn_said in said:
        turn_said["content"].sort(key=_comes_later)
    if not said or "cachePoint" in said[0]["content"][0]:
        raise Untranslatable("To this model's provider nothing cannot be said.", param="messages")
    return said


def _comes_later(block: Block) -> bool:
    return "toolResult" not in block


def _sampling(conversation: Conversation, dropped: list[str]) -> dict[str, Any]:
    said: dict[str, Any] = {}
    if conversation.max_output_tokens is not None:
        said["maxTokens"] = conversation.max_output_tokens
    if conversation.temperature is not None and conversation.temperature > 1:
        dropped.append("temperature")
    elif conversation.temperature is not None:
        said["temperature"] = conversation.temperature
    if conversation.top_p is not None:
        said["topP"] = conversation.top_p
    stops = [stop for stop in conversation.stop if stop.strip()]
    if stops:
        said["stopSequences"] = stops
    if len(stops) < len(conversation.stop):  # one of blanks alone is refused
        dropped.append(conversation.spelled.get("stop", "stop"))
    dropped += [conversation.spelled.get(field, field) for field in _NOT_HERE if getattr(conversation, field)]
    return said


def _settle_conflicts(
    sampling: dict[str, Any], extras: dict[str, Any], family: str, dropped: list[str]
) -> None:
    """What is allowed alone but not together: the first of each pair stays."""
    if family != "anthropic":
        return
    if "thinking" in extras:
        dropped += ["temperature"] if sampling.pop("temperature", None) is not None else []
        dropped += ["top_k"] if extras.pop("top_k", None) is not None else []
    if "temperature" in sampling and sampling.pop("topP", None) is not None:
        dropped.append("top_p")


def _tools(conversation: Conversation, model: Model, family: str, dropped: list[str]) -> dict[str, Any]:
    """Also those that were called and are not offered any more: without them the calls are refused."""
    choice = conversation.tool_choice
    if choice is not None and choice.mode == "none":
        if any(isinstance(p, ToolCall | ToolResult) for m in conversation.messages for p in m.parts):
            raise Untranslatable(
                "This model's provider cannot be told to call no tool once one was called.",
                param=conversation.spelled.get("tool_choice", "tool_choice"),
            )
        return {}
    tools = conversation.tools or tuple(_called(conversation.messages))
    if not tools:
        return {}
    said: dict[str, Any] = {"tools": []}
    for index, tool in enumerate(tools):
        said["tools"].append(_tool(index, tool, model, family))
        if tool.cached:
            said["tools"] += point_of(tool, dropped, caches=family == "anthropic")
    if conversation.tools and choice is not None:
        said["toolChoice"] = _tool_choice(choice)
    return {"toolConfig": said}


def _called(messages: Iterable[Message]) -> Iterable[Tool]:
    names = dict.fromkeys(p.name for m in messages for p in m.parts if isinstance(p, ToolCall))
    return (Tool(name=name) for name in names)


def _tool(index: int, tool: Tool, model: Model, family: str) -> dict[str, Any]:
    if not _NAME.fullmatch(tool.name):
        raise Untranslatable(
            "To this model's provider a tool's name is 1 to 64 letters, digits, dashes or underscores.",
            param=f"tools[{index}].name",
        )
    schema = {"type": "object"} | (dict(tool.parameters) or {"properties": {}})
    said: dict[str, Any] = {"name": tool.name, "inputSchema": {"json": schema}}
    if tool.description:
        said["description"] = tool.description
    if tool.strict and Need.JSON_SCHEMA in model.can and tool.parameters.get("properties"):
        said["strict"] = True
        if family == "anthropic":
            said["inputSchema"] = {"json": simplified(schema, "tools")}
    return {"toolSpec": said}


def _tool_choice(choice: ToolChoice) -> dict[str, Any]:
    if choice.mode == "named":
        return {"tool": {"name": choice.name}}
    return {"any": {}} if choice.mode == "required" else {"auto": {}}


def _output_config(conversation: Conversation, family: str, dropped: list[str]) -> dict[str, Any]:
    choice, wanted = conversation.tool_choice, conversation.output_format
    if choice is not None and choice.parallel is False and conversation.tools:
        dropped.append("parallel_tool_calls")
    if wanted is None:
        return {}
    place = conversation.spelled.get("output_format", "output_format")
    if wanted.schema is None:  # asked for in words: the protocol has no promise of "any JSON"
        dropped.append(place)
        return {}
    return {"outputConfig": {"textFormat": _text_format(wanted, family, place)}}


def _text_format(wanted: OutputFormat, family: str, place: str) -> dict[str, Any]:
    schema = dict(wanted.schema or {})
    if family == "anthropic":
        schema = simplified(schema, place)
    inner = {"name": wanted.name or "answer", "schema": msgspec.json.encode(schema).decode()}
    return {"type": "json_schema", "structure": {"jsonSchema": inner}}


def _metadata(conversation: Conversation, dropped: list[str]) -> dict[str, Any]:
    """For whoever looks through the account's own log of its calls."""
    said = {
        str(name): str(value)
        for name, value in conversation.metadata.items()
        if _METADATA.fullmatch(str(name)) and _METADATA.fullmatch(str(value))
    }
    if len(said) < len(conversation.metadata):
        dropped.append("metadata")
    return {"requestMetadata": said} if said else {}
