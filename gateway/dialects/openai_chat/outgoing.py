"""A request → what is sent to a provider of this protocol."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from gateway.core.catalogue import Model
from gateway.core.conversation import (
    Audio,
    ChatRequest,
    Conversation,
    Document,
    Image,
    Message,
    OutputFormat,
    Part,
    Refused,
    Role,
    Text,
    Thinking,
    Tool,
    ToolCall,
    ToolChoice,
)
from gateway.core.facts import Need
from gateway.dialects.dialect import Outgoing
from gateway.dialects.kindred import taken
from gateway.dialects.marks import uncited, unmarked
from gateway.dialects.media import join_data_url
from gateway.dialects.rendering import named
from gateway.dialects.turns import call, joined, said_to_model
from gateway.errors import InvalidRequest, Untranslatable

PATH = "/chat/completions"
MAX_STOPS = 4
_EFFORTS = {"xhigh": "high", "max": "high"}  # words of another dialect


def pass_through(request: ChatRequest, model: Model, rejects: frozenset[str]) -> Outgoing:
    body = {**request.raw, "model": model.wire_name}
    if request.wants_logprobs:
        body["logprobs"] = True
        if request.wants_likeliest:
            body["top_logprobs"] = max(request.wants_likeliest, body.get("top_logprobs") or 0)
    if request.streaming and not request.wants_usage and "stream_options" not in rejects:
        body["stream_options"] = {**(body.get("stream_options") or {}), "include_usage": True}
    return _outgoing(body, rejects, list(request.dropped))


def translate(conversation: Conversation, model: Model, rejects: frozenset[str]) -> Outgoing:
    kindred, dropped = taken(conversation)
    dropped += unmarked(conversation) + uncited(conversation)
    body: dict[str, Any] = {
        "model": model.wire_name,
        "messages": list(_messages(conversation.messages, dropped)),
        **_tools(conversation),
        **_sampling(conversation, dropped),
        **kindred,
    }
    if effort := effort_for(conversation, model, dropped):
        body["reasoning_effort"] = effort
    if conversation.output_format is not None:
        body["response_format"] = _response_format(conversation.output_format)
    if conversation.metadata:
        body["metadata"] = dict(conversation.metadata)
    if conversation.streaming:
        body["stream"] = True
        if "stream_options" not in rejects:
            body["stream_options"] = {"include_usage": True}
    return _outgoing(body, rejects, dropped)


def _outgoing(body: dict[str, Any], rejects: frozenset[str], dropped: list[str]) -> Outgoing:
    if rejects:
        _leave_out(body, rejects, dropped)
    try:
        return Outgoing(path=PATH, body=msgspec.json.encode(body), dropped=named(dropped))
    except (TypeError, ValueError, OverflowError):
        raise InvalidRequest("The request cannot be written as JSON.", code="invalid_json") from None


def _leave_out(body: dict[str, Any], rejects: frozenset[str], dropped: list[str]) -> None:
    """Two fields mean the output limit; a provider that rejects one takes the other."""
    limits = ("max_tokens", "max_completion_tokens")
    for field, other in (limits, limits[::-1]):
        if field in rejects and other not in rejects and body.get(field) is not None:
            body[other] = body.pop(field)
    dropped.extend(field for field in rejects & body.keys() if body.pop(field) is not None)


def _messages(messages: Sequence[Message], dropped: list[str]) -> Iterator[dict[str, Any]]:
    for index, message in enumerate(messages):
        match message.role:
            case Role.SYSTEM:
                yield {"role": "system", "content": joined(message.parts)}
            case Role.ASSISTANT:
                yield _assistant(message.parts, dropped)
            case _:
                yield from said_to_model(index, message.parts, dropped, _part)


def _assistant(parts: Sequence[Part], dropped: list[str]) -> dict[str, Any]:
    message: dict[str, Any] = {"role": "assistant", "content": joined(parts) or None}
    calls = [call(part) for part in parts if isinstance(part, ToolCall)]
    refusal = "".join(part.text for part in parts if isinstance(part, Refused))
    if calls:
        message["tool_calls"] = calls
    if refusal:
        message["refusal"] = refusal
    if not calls and not refusal and message["content"] is None:
        message["content"] = ""
    if any(isinstance(part, Thinking) for part in parts):
        dropped.append("messages[].content[].thinking")
    return message


def _part(place: str, part: Part) -> dict[str, Any]:
    match part:
        case Text(text=text):
            return {"type": "text", "text": text}
        case Image():
            return {"type": "image_url", "image_url": {"url": _address(part)}}
        case Document(url="", data=data) if data:
            name = part.name or "document.pdf"
            return {"type": "file", "file": {"filename": name, "file_data": _address(part)}}
        case Audio(format=form, data=data):
            return {"type": "input_audio", "input_audio": {"format": form, "data": data}}
        case Refused(text=text):
            return {"type": "text", "text": text}
    kind = type(part).__name__.lower()
    raise Untranslatable(f"A {kind} like this cannot be said to this model's provider.", param=place)


def _address(part: Image | Document) -> str:
    return part.url or join_data_url(part.media_type, part.data)


def _tools(conversation: Conversation) -> dict[str, Any]:
    if not conversation.tools:
        return {}
    body: dict[str, Any] = {"tools": [_tool(tool) for tool in conversation.tools]}
    choice = conversation.tool_choice
    if choice is not None:
        body["tool_choice"] = _tool_choice(choice)
        if choice.parallel is not None:
            body["parallel_tool_calls"] = choice.parallel
    return body


def _tool(tool: Tool) -> dict[str, Any]:
    function: dict[str, Any] = {"name": tool.name, "parameters": tool.parameters}
    if tool.description:
        function["description"] = tool.description
    if tool.strict is not None:
        function["strict"] = tool.strict and follows_strict_rules(tool.parameters)
    return {"type": "function", "function": function}


def _tool_choice(choice: ToolChoice) -> Any:
    if choice.mode == "named":
        return {"type": "function", "function": {"name": choice.name}}
    return choice.mode


def _response_format(wanted: OutputFormat) -> dict[str, Any]:
    if wanted.schema is None:
        return {"type": "json_object"}
    strict = wanted.strict is not False and follows_strict_rules(wanted.schema)
    schema = {"name": wanted.name or "answer", "schema": wanted.schema, "strict": strict}
    return {"type": "json_schema", "json_schema": schema}


def follows_strict_rules(schema: Any) -> bool:
    """Whether the provider would take it as strict: every object closed, every property required."""
    if type(schema) is list:
        return all(map(follows_strict_rules, schema))
    if type(schema) is not dict:
        return True
    properties, required = schema.get("properties") or {}, schema.get("required") or []
    if type(properties) is not dict or type(required) is not list:
        return False
    if schema.get("type") == "object" and (
        schema.get("additionalProperties") is not False or any(name not in required for name in properties)
    ):
        return False
    inner = [value for key, value in schema.items() if key != "properties"]
    return all(map(follows_strict_rules, [*inner, *properties.values()]))


def _sampling(conversation: Conversation, dropped: list[str]) -> dict[str, Any]:
    if len(conversation.stop) > MAX_STOPS:
        place = conversation.spelled.get("stop", "stop")
        raise Untranslatable(f"This model's provider takes at most {MAX_STOPS} stop sequences.", param=place)
    if conversation.top_k is not None:
        dropped.append("top_k")
    said: Mapping[str, Any] = {
        "max_tokens": conversation.max_output_tokens,
        "temperature": conversation.temperature,
        "top_p": conversation.top_p,
        "stop": list(conversation.stop) or None,
        "seed": conversation.seed,
        "frequency_penalty": conversation.frequency_penalty,
        "presence_penalty": conversation.presence_penalty,
        "n": conversation.choices if conversation.choices > 1 else None,
        "logprobs": conversation.logprobs or None,
        "top_logprobs": conversation.top_logprobs,
        "user": conversation.end_user or None,
    }
    return {field: value for field, value in said.items() if value is not None}


def effort_for(conversation: Conversation, model: Model, dropped: list[str]) -> str:
    """The word for how much a model shall think; empty where that is not said, or would not be understood."""
    effort, tokens = conversation.reasoning_effort, conversation.reasoning_tokens
    if effort is None and tokens is not None:
        effort = "low" if tokens < 4_096 else "medium" if tokens < 16_384 else "high"
    if effort is None:
        return ""
    can_think = Need.REASONING in model.can
    # Few of those that think have a word for not thinking, and what cannot think leaves it anyway.
    if can_think == (effort == "none"):
        dropped.append(conversation.spelled.get("reasoning_effort", "reasoning_effort"))
    return _EFFORTS.get(effort, effort) if can_think and effort != "none" else ""
