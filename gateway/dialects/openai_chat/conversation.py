"""A checked request → what it says: `Prompt` for the classifier, `Conversation` in nobody's dialect."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

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
from gateway.core.prompt import Prompt, Turn
from gateway.dialects.citations import url_citations
from gateway.dialects.kindred import KINDRED
from gateway.dialects.marks import cache_mark
from gateway.dialects.media import split_data_url
from gateway.dialects.openai_chat.request import output_limit
from gateway.dialects.openai_chat.thoughts import signature_of, thinking_of, thoughts
from gateway.dialects.openai_chat.tools import tool_name
from gateway.errors import Untranslatable

_ROLES: Mapping[str, Role] = {
    "system": Role.SYSTEM,
    "developer": Role.SYSTEM,
    "user": Role.USER,
    "assistant": Role.ASSISTANT,
    "tool": Role.TOOL,
}

# What Conversation calls by another word.
SPELLED: Mapping[str, str] = {
    "choices": "n",
    "citations": "messages[].annotations",
    "end_user": "user",
    "max_output_tokens": "max_tokens",
    "output_format": "response_format",
    "reasoning_tokens": "reasoning_effort",
}

_SAID = frozenset(
    {
        "frequency_penalty",
        "logprobs",
        "max_completion_tokens",
        "max_tokens",
        "messages",
        "metadata",
        "model",
        "n",
        "parallel_tool_calls",
        "presence_penalty",
        "reasoning_effort",
        "response_format",
        "safety_identifier",
        "seed",
        "stop",
        "stream",
        "stream_options",
        "temperature",
        "tool_choice",
        "tools",
        "top_logprobs",
        "top_p",
        "user",
    }
)
_OF_MESSAGE = frozenset(
    {
        "annotations",
        "audio",
        "content",
        "reasoning",
        "reasoning_content",
        "reasoning_details",
        "refusal",
        "role",
        "tool_call_id",
        "tool_calls",
    }
)
_MEANINGFUL = ("audio", "functions", "function_call", "web_search_options")  # not to be left out in silence


def prompt_of(request: ChatRequest) -> Prompt:
    raw = request.raw
    tools = raw.get("tools") or ()
    images = characters = 0
    turns = []
    for message in raw["messages"]:
        content = message.get("content") or ""
        if type(content) is list:
            images += sum(part.get("type") == "image_url" for part in content)
            content = "\n".join(part["text"] for part in content if part.get("type") == "text")
        calls = message.get("tool_calls")
        characters += len(content) + (len(msgspec.json.encode(calls)) if calls else 0)
        turns.append(Turn(_ROLES.get(message["role"], Role.TOOL), content))
    return Prompt(
        turns=tuple(turns),
        tools=tuple(filter(None, map(tool_name, tools))),
        schema=(raw.get("response_format") or {}).get("type") == "json_schema",
        images=images,
        max_output_tokens=request.max_output_tokens,
        characters=characters + (len(msgspec.json.encode(tools)) if tools else 0),
    )


def conversation_of(request: ChatRequest) -> Conversation:
    raw = request.raw
    _refuse_meaningful(raw)
    stop = raw.get("stop") or ()
    return Conversation(
        messages=tuple(_message(index, message) for index, message in enumerate(raw["messages"])),
        tools=tuple(_tool(index, tool) for index, tool in enumerate(raw.get("tools") or ())),
        tool_choice=_tool_choice(raw),
        output_format=_output_format(raw.get("response_format")),
        max_output_tokens=output_limit(raw),
        temperature=raw.get("temperature"),
        top_p=raw.get("top_p"),
        stop=(stop,) if type(stop) is str else tuple(stop),
        seed=raw.get("seed"),
        frequency_penalty=raw.get("frequency_penalty") or None,
        presence_penalty=raw.get("presence_penalty") or None,
        choices=request.choices,
        logprobs=raw.get("logprobs") is True,
        top_logprobs=raw.get("top_logprobs"),
        reasoning_effort=raw.get("reasoning_effort"),
        end_user=request.end_user,
        metadata=raw.get("metadata") or {},
        streaming=request.streaming,
        kindred={field: raw[field] for field in KINDRED if raw.get(field) is not None},
        unsayable=(
            *(field for field, value in raw.items() if field not in _SAID and value is not None),
            *_unsaid_of_messages(raw["messages"]),
        ),
        spelled=SPELLED,
    )


def _refuse_meaningful(raw: Mapping[str, Any]) -> None:
    for field in _MEANINGFUL:
        if raw.get(field):
            raise Untranslatable(f"This model's provider has nothing like '{field}'.", param=field)


def _unsaid_of_messages(messages: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """A tool's result has its name in the call that it belongs to."""
    for message in messages:
        known = _OF_MESSAGE | {"name"} if message["role"] == "tool" else _OF_MESSAGE
        yield from (f"messages[].{field}" for field, value in message.items() if value and field not in known)
        parts = message["content"] if type(message.get("content")) is list else ()
        if parts and message.get("annotations"):
            yield "messages[].annotations"
        for part in parts:
            if part["type"] == "image_url" and _detail(part["image_url"]) not in (None, "auto"):
                yield "messages[].content[].image_url.detail"


def _detail(image: Any) -> Any:
    return image.get("detail") if type(image) is dict else None


def _message(index: int, message: Mapping[str, Any]) -> Message:
    role = _ROLES.get(message["role"])
    if role is None:
        raise _unsayable(f"messages[{index}].role")
    if role is Role.TOOL:
        return Message(role, (ToolResult(message["tool_call_id"], tuple(_of_result(index, message))),))
    if role is not Role.ASSISTANT:
        return Message(role, tuple(_parts(index, message)))
    return Message(
        role, (*thoughts(message), *_parts(index, message), *_refusal(message), *_calls(index, message))
    )


def _of_result(index: int, message: Mapping[str, Any]) -> Iterator[Text | Image]:
    for number, part in enumerate(_parts(index, message)):
        if not isinstance(part, Text | Image):
            raise _unsayable(f"messages[{index}].content[{number}].type")
        yield part


def _parts(index: int, message: Mapping[str, Any]) -> Iterator[Part]:
    content = message.get("content")
    if type(content) is str and content:
        yield Text(content, citations=tuple(url_citations(message.get("annotations"))))
    elif type(content) is list:
        for number, part in enumerate(content):
            yield _part(f"messages[{index}].content[{number}]", part)


def _part(place: str, part: Mapping[str, Any]) -> Part:
    match part["type"]:
        case "text":
            return Text(part["text"], **cache_mark(part.get("cache_control")))
        case "image_url":
            return Image(**split_data_url(_url(part["image_url"])), **cache_mark(part.get("cache_control")))
        case "document_url":
            return Document(
                **split_data_url(_url(part["document_url"])), name=str(part.get("document_name") or "")
            )
        case "file":
            return _document(place, part.get("file"))
        case "input_audio":
            return Audio(part["input_audio"]["format"], part["input_audio"]["data"])
        case "refusal":
            return Refused(str(part.get("refusal") or ""))
        case "thinking":
            return Thinking(text=thinking_of(part))
    raise _unsayable(f"{place}.type")


def _url(value: Any) -> str:
    return str(value["url"] if type(value) is dict else value)


def _document(place: str, file: Any) -> Document:
    data = file.get("file_data") if type(file) is dict else None
    if type(data) is not str:
        raise _unsayable(f"{place}.file.file_id")
    return Document(**split_data_url(data), name=str(file.get("filename") or ""))


def _refusal(message: Mapping[str, Any]) -> Iterator[Part]:
    spoken = message.get("audio")
    if type(spoken) is dict and spoken.get("id"):
        raise Untranslatable("Audio of an earlier answer is known only to its provider.", param="messages")
    if message.get("refusal"):
        yield Refused(str(message["refusal"]))


def _calls(index: int, message: Mapping[str, Any]) -> Iterator[ToolCall]:
    for number, call in enumerate(message.get("tool_calls") or ()):
        function = call.get("function")
        if type(function) is not dict:
            raise _unsayable(f"messages[{index}].tool_calls[{number}].type")
        yield ToolCall(call["id"], function["name"], function.get("arguments") or "{}", signature_of(call))


def _tool(index: int, tool: Mapping[str, Any]) -> Tool:
    if (tool.get("type") or "function") != "function":
        raise _unsayable(f"tools[{index}].type")
    function = tool["function"]
    return Tool(
        name=function["name"],
        description=str(function.get("description") or ""),
        parameters=function.get("parameters") or {},
        strict=function.get("strict"),
        **cache_mark(tool.get("cache_control")),
    )


def _tool_choice(raw: Mapping[str, Any]) -> ToolChoice | None:
    choice, parallel = raw.get("tool_choice"), raw.get("parallel_tool_calls")
    if choice is None:
        return None if parallel is None else ToolChoice(parallel=parallel)
    if type(choice) is str:
        return ToolChoice(mode="required" if choice == "any" else choice, parallel=parallel)
    if choice.get("type", "function") != "function":
        raise _unsayable("tool_choice.type")
    return ToolChoice(mode="named", name=choice["function"]["name"], parallel=parallel)


def _output_format(wanted: Any) -> OutputFormat | None:
    if wanted is None or wanted["type"] == "text":
        return None
    if wanted["type"] == "json_object":
        return OutputFormat()
    inner = wanted["json_schema"]
    return OutputFormat(name=inner["name"], schema=inner.get("schema") or {}, strict=inner.get("strict"))


def _unsayable(place: str) -> Untranslatable:
    return Untranslatable(f"'{place}' cannot be said to this model's provider.", param=place)
