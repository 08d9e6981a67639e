"""A checked request → what it says: `Prompt` for the classifier, `Conversation` in nobody's dialect."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
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
from gateway.dialects.media import split_data_url
from gateway.dialects.openai_responses.ids import opened
from gateway.dialects.openai_responses.items import kind_of
from gateway.dialects.openai_responses.request import LOGPROBS
from gateway.dialects.openai_responses.tools import function_names
from gateway.errors import Untranslatable

_ROLES: Mapping[str, Role] = {
    "system": Role.SYSTEM,
    "developer": Role.SYSTEM,
    "user": Role.USER,
    "assistant": Role.ASSISTANT,
}

# What Conversation calls by another word.
SPELLED: Mapping[str, str] = {
    "citations": "input[].content[].annotations",
    "end_user": "user",
    "output_format": "text.format",
    "reasoning_effort": "reasoning.effort",
    "reasoning_tokens": "reasoning.effort",
    "verbosity": "text.verbosity",
}

_SAID = frozenset(
    {
        "frequency_penalty",
        "include",
        "input",
        "instructions",
        "max_output_tokens",
        "max_tool_calls",  # of the provider's own tools, of which there are none here
        "metadata",
        "model",
        "parallel_tool_calls",
        "presence_penalty",
        "reasoning",
        "safety_identifier",
        "stream",
        "stream_options",
        "temperature",
        "text",
        "tool_choice",
        "tools",
        "top_logprobs",
        "top_p",
        "user",
    }
)
_NOTHING = {"store": False, "truncation": "disabled", "background": False}  # what is so in any case


def prompt_of(request: ChatRequest) -> Prompt:
    raw = request.raw
    tools = raw.get("tools") or ()
    gist = _Gist()
    if raw.get("instructions"):
        gist.say("system", raw["instructions"])
    given = raw.get("input") or ()
    if type(given) is str:
        gist.say("user", given)
    else:
        for item in given:
            gist.add(item)
    return Prompt(
        turns=tuple(gist.turns),
        tools=tuple(function_names(tools)),
        schema=((raw.get("text") or {}).get("format") or {}).get("type") == "json_schema",
        images=gist.images,
        max_output_tokens=request.max_output_tokens,
        characters=gist.characters + (len(msgspec.json.encode(tools)) if tools else 0),
    )


class _Gist:
    """What a classifier wants to know of the input."""

    def __init__(self) -> None:
        self.turns: list[Turn] = []
        self.images = self.characters = 0

    def say(self, role: str, text: str) -> None:
        self.turns.append(Turn(role, text))
        self.characters += len(text)

    def add(self, item: dict[str, Any]) -> None:
        kind = kind_of(item)
        if kind == "message":
            self.say(_ROLES[item["role"]], self._text(item["content"]))
        elif kind == "function_call_output":
            self.say("tool", self._text(item["output"]))
        elif kind == "function_call":
            self.characters += len(item["arguments"])
        elif kind == "reasoning":
            self.characters += sum(map(len, _thoughts(item)))
        else:
            self.characters += len(msgspec.json.encode(item))

    def _text(self, content: Any) -> str:
        if type(content) is str:
            return content
        self.images += sum(part["type"] == "input_image" for part in content)
        return "\n".join(part["text"] for part in content if type(part.get("text")) is str)


def conversation_of(request: ChatRequest) -> Conversation:
    raw = request.raw
    if request.native:
        raise _unsayable(request.native)
    unsayable = [field for field, value in raw.items() if field not in _SAID and _means(field, value)]
    text, reasoning = raw.get("text") or {}, raw.get("reasoning") or {}
    unsayable += [f"reasoning.{field}" for field in ("context", "mode") if reasoning.get(field)]
    unsayable += ["text.verbosity"] if text.get("verbosity") else []
    messages = list(_messages(raw.get("input") or (), unsayable))
    if raw.get("instructions"):
        messages.insert(0, Message(Role.SYSTEM, (Text(raw["instructions"]),)))
    return Conversation(
        messages=tuple(messages),
        tools=tuple(_tools(raw)),
        tool_choice=_tool_choice(raw),
        output_format=_output_format(text.get("format")),
        max_output_tokens=request.max_output_tokens,
        temperature=raw.get("temperature"),
        top_p=raw.get("top_p"),
        frequency_penalty=raw.get("frequency_penalty") or None,
        presence_penalty=raw.get("presence_penalty") or None,
        logprobs=wants_logprobs(raw),
        top_logprobs=raw.get("top_logprobs") or None,
        reasoning_effort=reasoning.get("effort"),
        end_user=request.end_user,
        metadata=raw.get("metadata") or {},
        streaming=request.streaming,
        kindred=_kindred(raw, text),
        unsayable=tuple(unsayable),
        spelled=SPELLED,
    )


def wants_logprobs(raw: Mapping[str, Any]) -> bool:
    return LOGPROBS in (raw.get("include") or ()) or bool(raw.get("top_logprobs"))


def _means(field: str, value: Any) -> bool:
    return value is not None and value != _NOTHING.get(field)


def _kindred(raw: Mapping[str, Any], text: Mapping[str, Any]) -> dict[str, Any]:
    """By the words of the dialect next of kin, which has the same things to say."""
    said = {field: raw[field] for field in KINDRED if raw.get(field) is not None}
    return said | ({"verbosity": text["verbosity"]} if text.get("verbosity") else {})


def _messages(items: Any, unsayable: list[str]) -> Iterator[Message]:
    """What the model said in one go, thoughts and calls included, is one message."""
    if type(items) is str:
        yield Message(Role.USER, (Text(items),))
        return
    spoken: list[Part] = []
    for index, item in enumerate(items):
        message = _message(f"input[{index}]", item, unsayable)
        if message.role is Role.ASSISTANT:
            spoken += message.parts
            continue
        if spoken:
            yield Message(Role.ASSISTANT, tuple(spoken))
            spoken = []
        yield message
    if spoken:
        yield Message(Role.ASSISTANT, tuple(spoken))


def _message(place: str, item: dict[str, Any], unsayable: list[str]) -> Message:
    match kind_of(item):
        case "function_call":
            call = ToolCall(item["call_id"], item["name"], item["arguments"] or "{}")
            return Message(Role.ASSISTANT, (call,))
        case "function_call_output":
            return Message(Role.TOOL, (_result(place, item, unsayable),))
        case "reasoning":
            return Message(Role.ASSISTANT, tuple(_thinking(item, unsayable)))
    parts = tuple(_parts(f"{place}.content", item["content"], unsayable))
    return Message(_ROLES[item["role"]], parts)


def _thinking(item: Mapping[str, Any], unsayable: list[str]) -> Iterator[Thinking]:
    """What a provider has encrypted only its own models can read: of such a thought the summary is left."""
    sealed = opened(item.get("encrypted_content"))
    if item.get("encrypted_content") and not sealed:
        unsayable.append("input[].encrypted_content")
    text = "\n\n".join(_thoughts(item))
    if text or sealed:
        yield Thinking(text=text, **sealed)


def _thoughts(item: Mapping[str, Any]) -> list[str]:
    parts = item.get("summary") or item.get("content") or ()
    return [part["text"] for part in parts if type(part.get("text")) is str]


def _result(place: str, item: Mapping[str, Any], unsayable: list[str]) -> ToolResult:
    parts = []
    for number, part in enumerate(_parts(f"{place}.output", item["output"], unsayable)):
        if not isinstance(part, Text | Image):
            raise _unsayable(f"{place}.output[{number}].type")
        parts.append(part)
    return ToolResult(item["call_id"], tuple(parts))


def _parts(place: str, content: Any, unsayable: list[str]) -> Iterator[Part]:
    if type(content) is str:
        yield from [Text(content)] if content else []
        return
    for number, part in enumerate(content):
        if part.get("detail") not in (None, "auto"):
            unsayable.append("input[].content[].detail")
        yield _part(f"{place}[{number}]", part)


def _part(place: str, part: Mapping[str, Any]) -> Part:
    match part["type"]:
        case "input_text" | "output_text" | "text" | "summary_text" | "reasoning_text":
            cited = tuple(url_citations(part.get("annotations")))
            return Text(part["text"], cached=bool(part.get("prompt_cache_breakpoint")), citations=cited)
        case "refusal":
            return Refused(str(part.get("refusal") or ""))
        case "input_image" if part.get("image_url"):
            return Image(**split_data_url(part["image_url"]))
        case "input_file":
            return _document(place, part)
        case "input_audio":
            return Audio(part["input_audio"]["format"], part["input_audio"]["data"])
    raise _unsayable(f"{place}.type")


def _document(place: str, part: Mapping[str, Any]) -> Document:
    given = part.get("file_data") or part.get("file_url")
    if not given:
        raise _unsayable(f"{place}.file_id")
    if part.get("file_data") and not given.startswith("data:"):  # of which kind it is, is not said
        raise _unsayable(f"{place}.file_data")
    return Document(**split_data_url(given), name=str(part.get("filename") or ""))


def _tools(raw: Mapping[str, Any]) -> Iterable[Tool]:
    """Only those the model may use: elsewhere there is no word for a tool that is shown and not allowed."""
    choice = raw.get("tool_choice")
    allowed = None
    if type(choice) is dict and choice["type"] == "allowed_tools":
        allowed = {one.get("name") for one in choice["tools"]}
    return (
        _tool(index, tool)
        for index, tool in enumerate(raw.get("tools") or ())
        if allowed is None or tool.get("name") in allowed
    )


def _tool(index: int, tool: Mapping[str, Any]) -> Tool:
    if tool["type"] != "function":
        raise _unsayable(f"tools[{index}].type")
    return Tool(
        name=tool["name"],
        description=str(tool.get("description") or ""),
        parameters=tool.get("parameters") or {},
        strict=tool.get("strict"),
    )


def _tool_choice(raw: Mapping[str, Any]) -> ToolChoice | None:
    choice, parallel = raw.get("tool_choice"), raw.get("parallel_tool_calls")
    if choice is None:
        return None if parallel is None else ToolChoice(parallel=parallel)
    if type(choice) is str:
        return ToolChoice(mode=choice, parallel=parallel)
    if choice["type"] == "allowed_tools":
        return ToolChoice(mode=choice["mode"], parallel=parallel)
    if choice["type"] != "function":
        raise _unsayable("tool_choice.type")
    return ToolChoice(mode="named", name=choice["name"], parallel=parallel)


def _output_format(wanted: Any) -> OutputFormat | None:
    if wanted is None or wanted["type"] == "text":
        return None
    if wanted["type"] == "json_object":
        return OutputFormat()
    return OutputFormat(name=wanted["name"], schema=wanted["schema"], strict=wanted.get("strict"))


def _unsayable(place: str) -> Untranslatable:
    return Untranslatable(f"'{place}' cannot be said to this model's provider.", param=place)
