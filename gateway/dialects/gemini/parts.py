"""Parts of contents, both ways: as a caller says them, and as a provider is told.

A call is known by its id, which most callers of this protocol leave out: then results belong to the calls of
the same name, in their order.
"""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from gateway.core.conversation import (
    Audio,
    Document,
    Image,
    Part,
    Refused,
    Text,
    Thinking,
    ToolCall,
    ToolResult,
    Video,
)
from gateway.dialects.gemini.spelling import objects, said
from gateway.dialects.media import media_type_of
from gateway.errors import Untranslatable

# Stands for a signature that is not there: calls of other vendors' models have none, and some models insist.
# Source: https://ai.google.dev/gemini-api/docs/thought-signatures
UNSIGNED = "skip_thought_signature_validator"
_OTHERS_DUMMY = "context_engineering_is_the_way_to_go"


_FILES = "generativelanguage.googleapis.com/"


class Reading:
    """What is remembered from part to part of one request."""

    def __init__(self) -> None:
        self.calls = 0
        self.open: dict[str, list[str]] = {}  # name of a function → ids of calls without a result
        self.unsaid: list[str] = []

    def called(self, call: Mapping[str, Any]) -> str:
        given = str(call.get("id") or f"call_{self.calls}")
        self.calls += 1
        self.open.setdefault(call["name"], []).append(given)
        return given

    def answered(self, result: Mapping[str, Any]) -> str:
        waiting = self.open.get(result["name"], [])
        given = str(result.get("id") or "")
        if not given:
            return waiting.pop(0) if waiting else f"call_{result['name']}"
        if given in waiting:
            waiting.remove(given)
        return given


def read_parts(place: str, parts: list[dict[str, Any]], reading: Reading) -> Iterator[Part]:
    for index, part in enumerate(parts):
        yield from _read(f"{place}.parts[{index}]", part, reading)


def _read(place: str, part: Mapping[str, Any], reading: Reading) -> Iterator[Part]:
    if type(text := part.get("text")) is str:
        if part.get("thought") is True:
            yield Thinking(text=text)
        elif text:
            yield Text(text)
    elif (call := said(part, "functionCall")) is not None:
        yield ToolCall(reading.called(call), call["name"], _json(call.get("args") or {}), _signature(part))
    elif (result := said(part, "functionResponse")) is not None:
        yield _result(result, reading)
    elif (media := said(part, "inlineData") or said(part, "fileData")) is not None:
        yield _media(place, media)
    elif (code := said(part, "executableCode")) is not None:
        yield Text(f"```{str(code.get('language') or '').lower()}\n{code.get('code') or ''}\n```")
    elif (outcome := said(part, "codeExecutionResult")) is not None:
        yield Text(f"```\n{outcome.get('output') or ''}\n```")
    else:  # what the provider's own tools were asked and said; a signature that stands alone
        reading.unsaid.append(f"contents[].parts[].{next(iter(part), '')}")


def _signature(part: Mapping[str, Any]) -> str:
    signature = said(part, "thoughtSignature")
    return signature if type(signature) is str and signature not in {UNSIGNED, _OTHERS_DUMMY} else ""


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def _result(result: Mapping[str, Any], reading: Reading) -> ToolResult:
    """`output` and `error` mean what the protocol says they mean; all else is the result as it stands."""
    response = result.get("response") or {}
    failed = response.keys() == {"error"}
    value = response["error" if failed else "output"] if failed or response.keys() == {"output"} else response
    parts: list[Text | Image] = [Text(value if type(value) is str else _json(value))]
    for part in objects(result.get("parts")):
        media = said(part, "inlineData") or said(part, "fileData") if type(part) is dict else None
        read = _media("contents[].parts[].functionResponse.parts", media) if media else None
        if not isinstance(read, Image):
            raise Untranslatable(
                "A tool's result with this part cannot be said to this model's provider.",
                param="contents[].parts[].functionResponse.parts",
            )
        parts.append(read)
    return ToolResult(reading.answered(result), tuple(parts), failed=failed)


def _media(place: str, media: Mapping[str, Any]) -> Part:
    kind = str(said(media, "mimeType") or "")
    url, data = str(said(media, "fileUri") or ""), str(media.get("data") or "")
    if url and (not url.startswith(("https://", "http://")) or _FILES in url):
        raise Untranslatable("A file kept at one provider is known only there.", param=f"{place}.fileUri")
    match kind.partition("/")[0]:
        case "image":
            return Image(url=url, media_type=kind, data=data)
        case "audio":
            return Audio(_AUDIO_NAMES.get(kind, kind.partition("/")[2]), data, url)
        case "video":
            return Video(url=url, media_type=kind, data=data)
        case "text" if (words := _decoded(data)) is not None:
            return Text(words)
    return Document(url=url, media_type=kind, data=data, name=str(said(media, "displayName") or ""))


def _decoded(data: str) -> str | None:
    """A text that came as a file: every protocol has words for it."""
    try:
        return b64decode(data, validate=True).decode() or None
    except ValueError:
        return None


_AUDIO_NAMES = {"audio/mpeg": "mp3", "audio/mp3": "mp3", "audio/x-wav": "wav", "audio/wave": "wav"}


def parts_of(
    place: str, part: Part, names: Mapping[str, str], dropped: list[str]
) -> Iterator[dict[str, Any]]:
    """As a provider is told. `names`: the function that each call's id belongs to."""
    match part:
        case Text(text=text) | Refused(text=text):
            yield from [{"text": text}] if text else []
        case Thinking():  # signed by another vendor's model, or by none
            dropped.append("messages[].content[].thinking")
        case ToolCall():
            yield _call(place, part)
        case ToolResult():
            yield from _said_result(place, part, names)
        case Image() | Document() | Video():
            yield _said_media(
                part.url, part.media_type or media_type_of(part.url, _USUAL[type(part)]), part.data
            )
        case Audio(format=form, data=data, url=url):
            yield _said_media(url, f"audio/{form}", data)


_USUAL: Mapping[type[Part], str] = {Image: "image/jpeg", Document: "application/pdf", Video: "video/mp4"}


def _call(place: str, call: ToolCall) -> dict[str, Any]:
    said_call = {"id": call.id, "name": call.name, "args": _arguments(place, call)}
    signed = {"thoughtSignature": call.signature} if call.signature else {}
    return {"functionCall": said_call} | signed


def _arguments(place: str, call: ToolCall) -> dict[str, Any]:
    try:
        arguments = msgspec.json.decode(call.arguments or "{}")
    except msgspec.DecodeError:
        arguments = None
    if type(arguments) is not dict:
        raise Untranslatable("The arguments of a tool call are not a JSON object.", param=place)
    return arguments


def _said_result(place: str, result: ToolResult, names: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    """A result is an object here; what is none is its `output`. Pictures in it follow."""
    name = names.get(result.call_id)
    if name is None:
        raise Untranslatable("A tool's result belongs to no call of the conversation.", param=place)
    text = "\n\n".join(part.text for part in result.parts if isinstance(part, Text))
    response = {"error": text} if result.failed else _object(text)
    yield {"functionResponse": {"id": result.call_id, "name": name, "response": response}}
    for part in result.parts:
        if isinstance(part, Image):
            yield from parts_of(place, part, names, [])


def _object(text: str) -> dict[str, Any]:
    if text.startswith("{"):
        try:
            value = msgspec.json.decode(text)
        except (msgspec.DecodeError, RecursionError):
            value = None
        if type(value) is dict and value.keys() != {"error"} and value.keys() != {"output"}:
            return value
    return {"output": text}


def _said_media(url: str, kind: str, data: str) -> dict[str, Any]:
    if url:
        return {"fileData": {"mimeType": kind, "fileUri": url}}
    return {"inlineData": {"mimeType": kind, "data": data}}
