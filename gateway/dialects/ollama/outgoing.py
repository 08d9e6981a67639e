"""A conversation → what is sent to this server."""

from __future__ import annotations

from typing import Any

import msgspec

from gateway.core.catalogue import Model
from gateway.core.conversation import Conversation, Tool
from gateway.core.facts import Need
from gateway.dialects.dialect import Outgoing
from gateway.dialects.marks import uncited, unmarked
from gateway.dialects.ollama.messages import messages_of
from gateway.dialects.rendering import named
from gateway.dialects.without import without
from gateway.errors import InvalidRequest, Untranslatable

PATH = "/api/chat"

_EFFORTS = {"minimal": "low", "xhigh": "high", "max": "high"}
_NOT_HERE = ("end_user", "metadata")
_BY_DEGREES = "gpt-oss"  # models of this name think more or less; all others think or do not


def translate(conversation: Conversation, model: Model, rejects: frozenset[str]) -> Outgoing:
    dropped = [*conversation.unsayable, *unmarked(conversation), *uncited(conversation)]
    _refuse_unsayable(conversation)
    conversation = without(conversation, rejects, dropped)
    body: dict[str, Any] = {
        "model": model.wire_name,
        "messages": list(messages_of(conversation.messages, model, dropped)),
        "stream": conversation.streaming,
        **_tools(conversation, dropped),
        **_thinking(conversation, model, dropped),
    }
    if options := _options(conversation, dropped):
        body["options"] = options
    if conversation.output_format is not None:
        schema = conversation.output_format.schema
        body["format"] = "json" if schema is None else dict(schema)
    if conversation.logprobs:
        body["logprobs"] = True
        body |= {"top_logprobs": conversation.top_logprobs} if conversation.top_logprobs else {}
    try:
        return Outgoing(path=PATH, body=msgspec.json.encode(body), dropped=named(dropped))
    except (TypeError, ValueError, OverflowError):
        raise InvalidRequest("The request cannot be written as JSON.", code="invalid_json") from None


def _refuse_unsayable(conversation: Conversation) -> None:
    spelled, choice = conversation.spelled, conversation.tool_choice
    if conversation.choices > 1:
        raise Untranslatable(
            "This model's provider gives one answer to a request.", param=spelled.get("choices", "choices")
        )
    if choice is not None and choice.mode in {"required", "named"}:
        raise Untranslatable(
            "This model's provider cannot be told that a tool must be called.", param="tool_choice"
        )


def _tools(conversation: Conversation, dropped: list[str]) -> dict[str, Any]:
    """To call none is said by offering none."""
    choice = conversation.tool_choice
    if not conversation.tools or (choice is not None and choice.mode == "none"):
        return {}
    if choice is not None and choice.parallel is False:
        dropped.append("parallel_tool_calls")
    if any(tool.strict for tool in conversation.tools):
        dropped.append("tools[].function.strict")
    return {"tools": [_tool(tool) for tool in conversation.tools]}


def _tool(tool: Tool) -> dict[str, Any]:
    parameters = {"type": "object"} | (dict(tool.parameters) or {"properties": {}})
    function = {"name": tool.name, "description": tool.description, "parameters": parameters}
    return {"type": "function", "function": function}


def _options(conversation: Conversation, dropped: list[str]) -> dict[str, Any]:
    dropped += [conversation.spelled.get(field, field) for field in _NOT_HERE if getattr(conversation, field)]
    said = {
        "num_predict": conversation.max_output_tokens,
        "temperature": conversation.temperature,
        "top_p": conversation.top_p,
        "top_k": conversation.top_k,
        "stop": list(conversation.stop) or None,
        "seed": conversation.seed,
        "frequency_penalty": conversation.frequency_penalty,
        "presence_penalty": conversation.presence_penalty,
    }
    return {field: value for field, value in said.items() if value is not None}


def _thinking(conversation: Conversation, model: Model, dropped: list[str]) -> dict[str, Any]:
    effort, tokens = conversation.reasoning_effort, conversation.reasoning_tokens
    if effort is None and tokens is None:
        return {}
    if Need.REASONING not in model.can:
        if effort != "none":
            dropped.append(conversation.spelled.get("reasoning_effort", "reasoning_effort"))
        return {}
    if _BY_DEGREES not in model.wire_name:
        return {"think": effort != "none" or tokens is not None}
    if effort is None:
        effort = "low" if (tokens or 0) < 4_096 else "medium" if (tokens or 0) < 16_384 else "high"
    if effort == "none":  # these cannot be told not to think
        dropped.append(conversation.spelled.get("reasoning_effort", "reasoning_effort"))
        return {}
    return {"think": _EFFORTS.get(effort, effort)}
