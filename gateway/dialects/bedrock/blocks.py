"""What is said in a turn → blocks of content."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterator
from hashlib import blake2b
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
    Tool,
    ToolCall,
    ToolResult,
    Video,
)
from gateway.errors import Untranslatable

type Marked = Text | Image | Document | ToolResult | Tool
type Block = dict[str, Any]

CACHE_POINT: Block = {"cachePoint": {"type": "default"}}
LASTING_POINT: Block = {"cachePoint": {"type": "default", "ttl": "1h"}}

_IMAGES = {"png": "png", "jpeg": "jpeg", "jpg": "jpeg", "gif": "gif", "webp": "webp"}
_VIDEOS = {"x-matroska": "mkv", "quicktime": "mov", "x-flv": "flv", "x-ms-wmv": "wmv", "3gpp": "three_gp"} | {
    form: form for form in ("mp4", "webm", "mpeg", "mkv", "mov", "flv", "wmv")
}
_AUDIOS = {"mpeg": "mp3"} | {
    form: form for form in ("mp3", "wav", "flac", "ogg", "opus", "aac", "m4a", "webm")
}
_DOCUMENTS = {
    "application/pdf": "pdf",
    "text/csv": "csv",
    "application/msword": "doc",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
    "application/vnd.ms-excel": "xls",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
    "text/html": "html",
    "text/plain": "txt",
    "text/markdown": "md",
}
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_NOT_IN_A_NAME = re.compile(r"[^A-Za-z0-9\s()\[\]-]+")


def blocks_of(place: str, part: Part, dropped: list[str], *, caches: bool) -> Iterator[Block]:
    """None for what is blank, or was never signed and so would not be believed."""
    yield from _blocks(place, part, dropped)
    if isinstance(part, Text | Image | Document | ToolResult) and part.cached:
        yield from point_of(part, dropped, caches=caches)


def point_of(part: Marked, dropped: list[str], *, caches: bool) -> Iterator[Block]:
    """What a mark is here: a block of its own, behind what it marks."""
    if caches:
        yield LASTING_POINT if part.lasting else CACHE_POINT
    else:
        dropped.append("cache_control")


def _blocks(place: str, part: Part, dropped: list[str]) -> Iterator[Block]:
    match part:
        case Text(text=text) | Refused(text=text):
            yield from [{"text": text}] if text.strip() else []
        case Thinking():
            yield from _thought(part, dropped)
        case ToolCall():
            use = {"toolUseId": id_of(part.id), "name": part.name, "input": _arguments(place, part)}
            yield {"toolUse": use}
        case ToolResult():
            yield {"toolResult": _result(place, part, dropped)}
        case Image():
            kind = _IMAGES.get(part.media_type.partition("/")[2])
            yield {
                "image": _media(place, "image", kind or _by_ending(part.url, _IMAGES), part.url, part.data)
            }
        case Document():
            yield {"document": _document(place, part)}
        case Video():
            kind = _VIDEOS.get(part.media_type.partition("/")[2])
            yield {
                "video": _media(place, "video", kind or _by_ending(part.url, _VIDEOS), part.url, part.data)
            }
        case Audio():
            yield {"audio": _media(place, "audio", _AUDIOS.get(part.format), part.url, part.data)}


def id_of(call_id: str) -> str:
    """Of a call: others' ids may be longer, or of more letters; the same id always becomes the same one."""
    if _ID.fullmatch(call_id):
        return call_id
    return f"tooluse_{blake2b(call_id.encode(), digest_size=12).hexdigest()}"


def _thought(part: Thinking, dropped: list[str]) -> Iterator[Block]:
    if part.redacted:
        yield {"reasoningContent": {"redactedContent": b64encode(part.redacted.encode()).decode()}}
    elif part.signature:
        thought = {"text": part.text, "signature": part.signature}
        yield {"reasoningContent": {"reasoningText": thought}}
    else:
        dropped.append("messages[].reasoning_content")


def _result(place: str, part: ToolResult, dropped: list[str]) -> Block:
    content = [b for inner in part.parts for b in blocks_of(place, inner, dropped, caches=False)]
    said: Block = {"toolUseId": id_of(part.call_id), "content": content}
    return said | ({"status": "error"} if part.failed else {})


def _media(place: str, what: str, kind: str | None, url: str, data: str) -> Block:
    if kind is None:
        raise Untranslatable(f"This model's provider takes no {what} of this format.", param=place)
    return {"format": kind, "source": _source(place, what, url, data)}


def _source(place: str, what: str, url: str, data: str) -> Block:
    if url.startswith("s3://"):
        return {"s3Location": {"uri": url}}
    if url:
        raise Untranslatable(
            f"This model's provider takes no {what} by URL, only within the request.", param=place
        )
    return {"bytes": data}


def _by_ending(url: str, kinds: dict[str, str]) -> str | None:
    return kinds.get(url.rpartition(".")[2].lower())


def _document(place: str, part: Document) -> Block:
    kind = _DOCUMENTS.get(part.media_type.partition(";")[0]) or _by_ending(
        part.url, {form: form for form in _DOCUMENTS.values()}
    )
    name = " ".join(_NOT_IN_A_NAME.sub(" ", part.name.rpartition(".")[0] or part.name).split())
    return {"name": name[:200] or "document"} | _media(place, "document", kind, part.url, part.data)


def _arguments(place: str, call: ToolCall) -> Block:
    try:
        arguments = msgspec.json.decode(call.arguments or "{}")
    except msgspec.DecodeError:
        arguments = None
    if type(arguments) is not dict:
        raise Untranslatable("The arguments of a tool call are not a JSON object.", param=place)
    return arguments
