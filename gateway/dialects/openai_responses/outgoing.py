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
    ToolResult,
)
from gateway.dialects.dialect import Outgoing
from gateway.dialects.kindred import taken
from gateway.dialects.marks import uncited, unmarked
from gateway.dialects.media import join_data_url
from gateway.dialects.openai_chat.outgoing import effort_for, follows_strict_rules
from gateway.dialects.openai_responses.ids import without_ours
from gateway.dialects.openai_responses.request import LOGPROBS
from gateway.dialects.rendering import named
from gateway.errors import InvalidRequest, Untranslatable

PATH = "/responses"
LEAST_OUTPUT = 16  # tokens, of a limit (the API's reference, max_output_tokens)


def pass_through(request: ChatRequest, model: Model, rejects: frozenset[str]) -> Outgoing:
    body = {**request.raw, "model": model.wire_name}
    if type(body.get("input")) is list:
        body["input"] = without_ours(body["input"])
    if request.wants_logprobs and LOGPROBS not in (body.get("include") or ()):
        body["include"] = [*(body.get("include") or ()), LOGPROBS]
    if request.wants_likeliest:
        body["top_logprobs"] = max(request.wants_likeliest, body.get("top_logprobs") or 0)
    return _outgoing(body, rejects, list(request.dropped))


def translate(conversation: Conversation, model: Model, rejects: frozenset[str]) -> Outgoing:
    _refuse_unsayable(conversation)
    kindred, dropped = taken(conversation)
    dropped += unmarked(conversation) + uncited(conversation)
    instructions, messages = _split(conversation.messages)
    body: dict[str, Any] = {"model": model.wire_name}
    if instructions:
        body["instructions"] = instructions
    body["input"] = [item for index, one in enumerate(messages) for item in _items(index, one, dropped)]
    body |= _tools(conversation) | _sampling(conversation, dropped)
    # What a caller of another dialect says is not kept there, unless it asks for that.
    body |= {"store": False, **{field: value for field, value in kindred.items() if field != "verbosity"}}
    if effort := effort_for(conversation, model, dropped):
        body["reasoning"] = {"effort": effort}
    if text := _text(conversation.output_format, kindred.get("verbosity")):
        body["text"] = text
    if conversation.streaming:
        body["stream"] = True
    return _outgoing(body, rejects, dropped)


def _outgoing(body: dict[str, Any], rejects: frozenset[str], dropped: list[str]) -> Outgoing:
    dropped += [field for field in rejects if _left_out(body, field)]
    try:
        return Outgoing(path=PATH, body=msgspec.json.encode(body), dropped=named(dropped))
    except (TypeError, ValueError, OverflowError):
        raise InvalidRequest("The request cannot be written as JSON.", code="invalid_json") from None


def _left_out(body: dict[str, Any], field: str) -> bool:
    """A field may stand in another, and some are called otherwise than in chats."""
    outer, _, inner = _HERE.get(field, field).partition(".")
    value = body.get(outer)
    if not inner:
        return body.pop(outer, None) is not None
    if type(value) is not dict or value.get(inner) is None:
        return False
    rest = {name: kept for name, kept in value.items() if name != inner}
    if rest:
        body[outer] = rest
    else:
        del body[outer]
    return True


_HERE = {
    "max_tokens": "max_output_tokens",
    "max_completion_tokens": "max_output_tokens",
    "reasoning_effort": "reasoning.effort",
    "response_format": "text.format",
    "verbosity": "text.verbosity",
}


def _refuse_unsayable(conversation: Conversation) -> None:
    if conversation.choices > 1:
        place = conversation.spelled.get("choices", "choices")
        raise Untranslatable("This model's provider gives one answer to a request.", param=place)
    if conversation.stop:
        place = conversation.spelled.get("stop", "stop")
        raise Untranslatable("This model's provider takes no stop sequences.", param=place)
    if conversation.max_output_tokens is not None and conversation.max_output_tokens < LEAST_OUTPUT:
        place = conversation.spelled.get("max_output_tokens", "max_output_tokens")
        raise Untranslatable(
            f"This model's provider takes no limit below {LEAST_OUTPUT} tokens.", param=place
        )


def _split(messages: Sequence[Message]) -> tuple[str, Sequence[Message]]:
    """Instructions with which the conversation begins, and the rest, if there is one."""
    first = next((i for i, message in enumerate(messages) if message.role is not Role.SYSTEM), len(messages))
    if first == len(messages):
        return "", messages
    return "\n\n".join(filter(None, map(_joined, messages[:first]))), messages[first:]


def _joined(message: Message) -> str:
    return "\n\n".join(part.text for part in message.parts if isinstance(part, Text))


def _items(index: int, message: Message, dropped: list[str]) -> Iterator[dict[str, Any]]:
    if message.role is Role.SYSTEM:
        yield {"role": "system", "content": _joined(message)}
    elif message.role is Role.ASSISTANT:
        yield from _spoken(message.parts, dropped)
    else:
        yield from _said_to_model(index, message.parts, dropped)


def _spoken(parts: Sequence[Part], dropped: list[str]) -> Iterator[dict[str, Any]]:
    for part in parts:
        match part:
            case Text(text=text) | Refused(text=text):
                yield from [{"role": "assistant", "content": text}] if text else []
            case ToolCall():
                yield {
                    "type": "function_call",
                    "call_id": part.id,
                    "name": part.name,
                    "arguments": part.arguments,
                }
            case Thinking():
                dropped.append("messages[].content[].thinking")


def _said_to_model(index: int, parts: Sequence[Part], dropped: list[str]) -> Iterator[dict[str, Any]]:
    """Results of tools first, each an item of its own."""
    place = f"messages[{index}].content"
    for part in parts:
        if isinstance(part, ToolResult):
            yield {
                "type": "function_call_output",
                "call_id": part.call_id,
                "output": _content(place, part.parts),
            }
            if part.failed:
                dropped.append(f"{place}[].is_error")
    others = [part for part in parts if not isinstance(part, ToolResult)]
    if others:
        yield {"role": "user", "content": _content(place, others)}


def _content(place: str, parts: Sequence[Part]) -> str | list[dict[str, Any]]:
    if not parts:
        return ""
    if len(parts) == 1 and isinstance(parts[0], Text):
        return parts[0].text
    return [_part(place, part) for part in parts]


def _part(place: str, part: Part) -> dict[str, Any]:
    match part:
        case Text(text=text) | Refused(text=text):
            return {"type": "input_text", "text": text}
        case Image():
            return {"type": "input_image", "image_url": part.url or join_data_url(part.media_type, part.data)}
        case Document():
            return _file(part)
        case Audio(format=form, data=data):
            return {"type": "input_audio", "input_audio": {"data": data, "format": form}}
    kind = type(part).__name__.lower()
    raise Untranslatable(f"A {kind} like this cannot be said to this model's provider.", param=place)


def _file(part: Document) -> dict[str, Any]:
    if part.url:
        return {"type": "input_file", "file_url": part.url}
    data = join_data_url(part.media_type, part.data)
    return {"type": "input_file", "filename": part.name or "document.pdf", "file_data": data}


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
    """Here a tool is strict unless that is denied, which elsewhere it is only if that is asked for."""
    parameters = tool.parameters or {"type": "object", "properties": {}}
    said: dict[str, Any] = {"type": "function", "name": tool.name, "parameters": parameters}
    if tool.description:
        said["description"] = tool.description
    said["strict"] = bool(tool.strict) and follows_strict_rules(parameters)
    return said


def _tool_choice(choice: ToolChoice) -> Any:
    return {"type": "function", "name": choice.name} if choice.mode == "named" else choice.mode


def _text(wanted: OutputFormat | None, verbosity: Any) -> dict[str, Any]:
    text: dict[str, Any] = {"verbosity": verbosity} if verbosity else {}
    if wanted is None:
        return text
    if wanted.schema is None:
        return text | {"format": {"type": "json_object"}}
    strict = wanted.strict is not False and follows_strict_rules(wanted.schema)
    named_schema = {"name": wanted.name or "answer", "schema": wanted.schema, "strict": strict}
    return text | {"format": {"type": "json_schema"} | named_schema}


def _sampling(conversation: Conversation, dropped: list[str]) -> dict[str, Any]:
    said: Mapping[str, Any] = {
        "max_output_tokens": conversation.max_output_tokens,
        "temperature": conversation.temperature,
        "top_p": conversation.top_p,
        "include": [LOGPROBS] if conversation.logprobs else None,
        "top_logprobs": conversation.top_logprobs,
        "metadata": dict(conversation.metadata) or None,
        "user": conversation.end_user or None,
    }
    dropped += [
        conversation.spelled.get(field, field)
        for field in _NOT_HERE
        if getattr(conversation, field) is not None
    ]
    return {field: value for field, value in said.items() if value is not None}


_NOT_HERE = ("frequency_penalty", "presence_penalty", "seed", "top_k")
