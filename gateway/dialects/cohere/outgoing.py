"""A conversation → what is sent to this provider."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from gateway.core.catalogue import Model
from gateway.core.conversation import Conversation, Tool
from gateway.core.facts import Need
from gateway.dialects.cohere.messages import messages_of
from gateway.dialects.dialect import Outgoing
from gateway.dialects.marks import uncited, unmarked
from gateway.dialects.rendering import named
from gateway.dialects.without import without
from gateway.errors import InvalidRequest, Untranslatable

PATH = "/v2/chat"
MAX_STOPS = 5
MAX_TOP_K = 500
MAX_TOP_P = 0.99

_BUDGETS: Mapping[str, int] = {
    "minimal": 1_024,
    "low": 2_048,
    "medium": 8_192,
    "high": 16_384,
    "xhigh": 32_768,
}
_NOT_HERE = ("end_user", "metadata", "top_logprobs")


def translate(conversation: Conversation, model: Model, rejects: frozenset[str]) -> Outgoing:
    dropped = [*conversation.unsayable, *unmarked(conversation), *uncited(conversation)]
    _refuse_unsayable(conversation)
    conversation = without(conversation, rejects, dropped)
    body: dict[str, Any] = {
        "model": model.wire_name,
        "messages": list(messages_of(conversation.messages, model, dropped)),
        "stream": conversation.streaming,
        **_tools(conversation, dropped),
        **_sampling(conversation, dropped),
        **_thinking(conversation, model, dropped),
    }
    wanted = conversation.output_format
    if wanted is not None:
        schema = {} if wanted.schema is None else {"json_schema": dict(wanted.schema)}
        body["response_format"] = {"type": "json_object"} | schema
    try:
        return Outgoing(path=PATH, body=msgspec.json.encode(body), dropped=named(dropped))
    except (TypeError, ValueError, OverflowError):
        raise InvalidRequest("The request cannot be written as JSON.", code="invalid_json") from None


def _refuse_unsayable(conversation: Conversation) -> None:
    spelled = conversation.spelled
    if conversation.choices > 1:
        raise Untranslatable(
            "This model's provider gives one answer to a request.", param=spelled.get("choices", "choices")
        )
    if len(conversation.stop) > MAX_STOPS:
        raise Untranslatable(
            f"This model's provider takes at most {MAX_STOPS} stop sequences.",
            param=spelled.get("stop", "stop"),
        )
    if conversation.output_format is not None and conversation.tools:
        raise Untranslatable(
            "This model's provider promises no format of an answer that may call tools.",
            param=spelled.get("output_format", "output_format"),
        )


def _tools(conversation: Conversation, dropped: list[str]) -> dict[str, Any]:
    """One that must be called is the only one that is offered."""
    if not conversation.tools:
        return {}
    choice, tools = conversation.tool_choice, conversation.tools
    said: dict[str, Any] = {}
    if choice is not None:
        if choice.parallel is False:
            dropped.append("parallel_tool_calls")
        if choice.mode == "named":
            tools = tuple(tool for tool in tools if tool.name == choice.name)
        if choice.mode != "auto":
            said["tool_choice"] = "NONE" if choice.mode == "none" else "REQUIRED"
    if any(tool.strict for tool in tools):
        said["strict_tools"] = True
    return {"tools": [_tool(tool) for tool in tools]} | said


def _tool(tool: Tool) -> dict[str, Any]:
    parameters = {"type": "object"} | (dict(tool.parameters) or {"properties": {}})
    function: dict[str, Any] = {"name": tool.name, "parameters": parameters}
    if tool.description:
        function["description"] = tool.description
    return {"type": "function", "function": function}


def _sampling(conversation: Conversation, dropped: list[str]) -> dict[str, Any]:
    said: dict[str, Any] = {
        "max_tokens": conversation.max_output_tokens,
        "temperature": conversation.temperature,
        "p": conversation.top_p,
        "k": conversation.top_k,
        "stop_sequences": list(conversation.stop) or None,
        "seed": conversation.seed,
        "frequency_penalty": conversation.frequency_penalty,
        "presence_penalty": conversation.presence_penalty,
        "logprobs": conversation.logprobs or None,
    }
    for field, ours, low, high in _BOUNDS:
        if said[field] is not None and not low <= said[field] <= high:
            dropped.append(ours)
            said[field] = None
    dropped += [conversation.spelled.get(field, field) for field in _NOT_HERE if getattr(conversation, field)]
    return {field: value for field, value in said.items() if value is not None}


# What lies outside is left out and said so, never moved to the nearest bound.
_BOUNDS = (
    ("p", "top_p", 0.01, MAX_TOP_P),
    ("k", "top_k", 0, MAX_TOP_K),
    ("frequency_penalty", "frequency_penalty", 0, 1),
    ("presence_penalty", "presence_penalty", 0, 1),
)


def _thinking(conversation: Conversation, model: Model, dropped: list[str]) -> dict[str, Any]:
    effort, tokens = conversation.reasoning_effort, conversation.reasoning_tokens
    if effort is None and tokens is None:
        return {}
    if Need.REASONING not in model.can:
        if effort != "none":
            dropped.append(conversation.spelled.get("reasoning_effort", "reasoning_effort"))
        return {}
    if effort == "none" and tokens is None:
        return {"thinking": {"type": "disabled"}}
    budget = tokens or _BUDGETS.get(effort or "", _BUDGETS["medium"])
    return {"thinking": {"type": "enabled", "token_budget": budget}}
