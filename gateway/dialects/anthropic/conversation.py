"""A checked request → what it says: `Prompt` for the classifier, `Conversation` in nobody's dialect."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from gateway.core.conversation import (
    ChatRequest,
    Conversation,
    Document,
    Image,
    Message,
    OutputFormat,
    Part,
    Role,
    Text,
    Thinking,
    Tool,
    ToolCall,
    ToolChoice,
    ToolResult,
)
from gateway.core.prompt import Prompt, Turn
from gateway.dialects.anthropic.citations import citations_of
from gateway.dialects.anthropic.tools import is_own
from gateway.dialects.marks import cache_mark
from gateway.errors import Untranslatable

# What Conversation calls by another word.
SPELLED: Mapping[str, str] = {
    "end_user": "metadata.user_id",
    "max_output_tokens": "max_tokens",
    "output_format": "output_config.format",
    "reasoning_effort": "thinking",
    "reasoning_tokens": "thinking",
    "stop": "stop_sequences",
}

_SAID = frozenset(
    {
        "max_tokens",
        "messages",
        "metadata",
        "model",
        "output_config",
        "stop_sequences",
        "stream",
        "system",
        "temperature",
        "thinking",
        "tool_choice",
        "tools",
        "top_k",
        "top_p",
    }
)
_MEANINGFUL = ("container", "context_management", "mcp_servers")  # not to be left out in silence
_MODES = {"auto": "auto", "any": "required", "none": "none", "tool": "named"}
_EFFORTS = {"max": "xhigh"}


def prompt_of(request: ChatRequest) -> Prompt:
    raw = request.raw
    tools = raw.get("tools") or ()
    system = _gist(raw.get("system") or "")
    turns = [Turn("system", system.text)] if system.text else []
    images, characters = system.images, system.characters
    for message in raw["messages"]:
        gist = _gist(message["content"])
        images += gist.images
        characters += gist.characters
        role = "tool" if gist.is_result and not gist.text else message["role"]
        turns.append(Turn(role, gist.text or gist.result))
    return Prompt(
        turns=tuple(turns),
        tools=tuple(tool["name"] for tool in tools if tool.get("name")),
        schema=(raw.get("output_config") or {}).get("format") is not None,
        images=images,
        max_output_tokens=request.max_output_tokens,
        characters=characters + (len(msgspec.json.encode(tools)) if tools else 0),
    )


class _Gist:
    """What a classifier wants to know of a message."""

    def __init__(self) -> None:
        self.text = self.result = ""
        self.images = self.characters = 0
        self.is_result = False


def _gist(content: Any) -> _Gist:
    gist = _Gist()
    if type(content) is str:
        gist.text, gist.characters = content, len(content)
        return gist
    texts, results = [], []
    for block in content:
        kind = block["type"]
        if kind == "text":
            texts.append(block["text"])
        elif kind == "image":
            gist.images += 1
        elif kind == "tool_result":
            inner = _gist(block.get("content") or "")
            gist.is_result = True
            gist.images += inner.images
            results.append(inner.text)
        elif kind != "document":
            gist.characters += len(msgspec.json.encode(block))
    gist.text, gist.result = "\n".join(texts), "\n".join(results)
    gist.characters += len(gist.text) + len(gist.result)
    return gist


def conversation_of(request: ChatRequest) -> Conversation:
    raw = request.raw
    for field in _MEANINGFUL:
        if raw.get(field):
            raise Untranslatable(f"This model's provider has nothing like '{field}'.", param=field)
    output, thinking = raw.get("output_config") or {}, raw.get("thinking") or {}
    system = tuple(_blocks("system", raw["system"])) if raw.get("system") else ()
    messages = [_message(index, message) for index, message in enumerate(raw["messages"])]
    effort = output.get("effort")
    return Conversation(
        messages=(Message(Role.SYSTEM, system), *messages) if system else tuple(messages),
        tools=tuple(_tool(index, tool) for index, tool in enumerate(raw.get("tools") or ())),
        tool_choice=_tool_choice(raw.get("tool_choice")),
        output_format=_output_format(output.get("format")),
        max_output_tokens=raw.get("max_tokens"),
        temperature=raw.get("temperature"),
        top_p=raw.get("top_p"),
        top_k=raw.get("top_k"),
        stop=tuple(raw.get("stop_sequences") or ()),
        reasoning_effort=_EFFORTS.get(effort or "", effort),
        reasoning_tokens=thinking.get("budget_tokens") if thinking.get("type") == "enabled" else None,
        end_user=request.end_user,
        streaming=request.streaming,
        unsayable=(
            *(field for field, value in raw.items() if field not in _SAID and value is not None),
            *_unsaid_of_documents(raw["messages"]),
        ),
        spelled=SPELLED,
    )


def _unsaid_of_documents(messages: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """That they are to be cited, and what is said about them."""
    blocks = (block for m in messages if type(m["content"]) is list for block in m["content"])
    documents = [block for block in blocks if block["type"] == "document"]
    if any((document.get("citations") or {}).get("enabled") for document in documents):
        yield "messages[].content[].citations"
    if any(document.get("context") for document in documents):
        yield "messages[].content[].context"


def _message(index: int, message: Mapping[str, Any]) -> Message:
    return Message(Role(message["role"]), tuple(_blocks(f"messages[{index}].content", message["content"])))


def _blocks(place: str, content: Any) -> Iterator[Part]:
    if type(content) is str:
        yield from [Text(content)] if content else []
    else:
        for index, block in enumerate(content):
            yield _block(f"{place}[{index}]", block)


def _block(place: str, block: Mapping[str, Any]) -> Part:
    match block["type"]:
        case "text":
            cited = tuple(citations_of(block["text"], block.get("citations"))) if "citations" in block else ()
            return Text(block["text"], citations=cited, **cache_mark(block.get("cache_control")))
        case "image":
            return Image(**_source(place, block["source"]), **cache_mark(block.get("cache_control")))
        case "document":
            return _document(place, block)
        case "tool_use":
            return ToolCall(block["id"], block["name"], msgspec.json.encode(block["input"]).decode())
        case "tool_result":
            return _result(place, block)
        case "thinking":
            return Thinking(
                text=str(block.get("thinking") or ""), signature=str(block.get("signature") or "")
            )
        case "redacted_thinking":
            return Thinking(redacted=str(block.get("data") or ""))
    raise _unsayable(f"{place}.type")


def _result(place: str, block: Mapping[str, Any]) -> ToolResult:
    parts = []
    for index, part in enumerate(_blocks(f"{place}.content", block.get("content") or "")):
        if not isinstance(part, Text | Image):
            raise _unsayable(f"{place}.content[{index}].type")
        parts.append(part)
    mark = cache_mark(block.get("cache_control"))
    return ToolResult(block["tool_use_id"], tuple(parts), failed=block.get("is_error") is True, **mark)


def _source(place: str, source: Any) -> dict[str, Any]:
    if type(source) is dict and source.get("type") == "url" and type(source.get("url")) is str:
        return {"url": source["url"]}
    if type(source) is dict and source.get("type") == "base64" and type(source.get("data")) is str:
        return {"media_type": str(source.get("media_type") or ""), "data": source["data"]}
    raise _unsayable(f"{place}.source.type")


def _document(place: str, block: Mapping[str, Any]) -> Part:
    source, title = block.get("source"), str(block.get("title") or "")
    if type(source) is dict and source.get("type") == "text":
        said = str(source.get("data") or "")
        return Text(f"{title}\n\n{said}" if title else said, **cache_mark(block.get("cache_control")))
    return Document(**_source(place, source), name=title, **cache_mark(block.get("cache_control")))


def _tool(index: int, tool: Mapping[str, Any]) -> Tool:
    if not is_own(dict(tool)):
        raise _unsayable(f"tools[{index}].type")
    return Tool(
        name=tool["name"],
        description=str(tool.get("description") or ""),
        parameters=tool["input_schema"],
        strict=tool.get("strict"),
        **cache_mark(tool.get("cache_control")),
    )


def _tool_choice(choice: Any) -> ToolChoice | None:
    if choice is None:
        return None
    alone = choice.get("disable_parallel_tool_use")
    return ToolChoice(
        mode=_MODES[choice["type"]],
        name=choice.get("name") or "",
        parallel=None if alone is None else not alone,
    )


def _output_format(wanted: Any) -> OutputFormat | None:
    return None if wanted is None else OutputFormat(schema=wanted["schema"], strict=True)


def _unsayable(place: str) -> Untranslatable:
    return Untranslatable(f"'{place}' cannot be said to this model's provider.", param=place)
