"""A provider's answer → `Reply`, and a `Reply` → an answer for a caller of this surface."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec
from msgspec.structs import replace

from gateway.core.conversation import (
    ChatRequest,
    Citation,
    Finish,
    Image,
    Part,
    Refused,
    Reply,
    Text,
    Thinking,
    ToolCall,
)
from gateway.core.price import Usage, UsageSource
from gateway.dialects.citations import Wording
from gateway.dialects.gemini.failure import error_in
from gateway.dialects.gemini.grounding import citations_of, told
from gateway.dialects.gemini.logprobs import tokens_of, told_tokens
from gateway.dialects.gemini.parts import UNSIGNED
from gateway.dialects.gemini.request import shows_thinking
from gateway.dialects.gemini.usage import read_usage, searches_of, write_usage
from gateway.errors import UpstreamInvalidResponse

_BLOCKED = (
    "BLOCKLIST",
    "IMAGE_PROHIBITED_CONTENT",
    "IMAGE_RECITATION",
    "IMAGE_SAFETY",
    "LANGUAGE",
    "MODEL_ARMOR",
    "PROHIBITED_CONTENT",
    "RECITATION",
    "SAFETY",
    "SPII",
)
FINISHES: Mapping[str, Finish] = {
    "STOP": Finish.STOP,
    "MAX_TOKENS": Finish.LENGTH,
    **dict.fromkeys(_BLOCKED, Finish.CONTENT_FILTER),
}  # all others (OTHER, MALFORMED_FUNCTION_CALL, …) are no good end, and no other dialect has a word for them
WORDS: Mapping[Finish, str] = {
    Finish.CONTENT_FILTER: "SAFETY",
    Finish.LENGTH: "MAX_TOKENS",
    Finish.REFUSAL: "SAFETY",
    Finish.UNKNOWN: "OTHER",
}  # all others: STOP


def parse_reply(body: bytes, secret: str) -> Reply:
    try:
        raw = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise UpstreamInvalidResponse("The provider's answer is not JSON.") from None
    if type(raw) is not dict:
        raise UpstreamInvalidResponse("The provider's answer is not an object.")
    error = error_in(raw, secret)
    if error is not None:
        raise error
    candidates = raw.get("candidates")
    candidates = [c for c in candidates if type(c) is dict] if type(candidates) is list else []
    if not candidates:
        if not is_blocked(raw):
            raise UpstreamInvalidResponse("The provider's answer has no candidates.")
        candidates = [{"finishReason": "PROHIBITED_CONTENT"}]
    first, *others = (_reply(raw, candidate) for candidate in candidates)
    usage, source = usage_in(raw, candidates)
    return replace(first, usage=usage, usage_source=source, raw=raw, more=tuple(others))


def is_blocked(raw: Mapping[str, Any]) -> bool:
    """The prompt itself was refused, so there is nothing but that."""
    feedback = raw.get("promptFeedback")
    return type(feedback) is dict and bool(feedback.get("blockReason"))


def usage_in(raw: Mapping[str, Any], candidates: Sequence[Mapping[str, Any]]) -> tuple[Usage, UsageSource]:
    usage, source = read_usage(raw.get("usageMetadata"))
    searches = sum(searches_of(candidate, str(raw.get("modelVersion") or "")) for candidate in candidates)
    return (replace(usage, searches=searches) if searches else usage), source


def _reply(raw: Mapping[str, Any], candidate: Mapping[str, Any]) -> Reply:
    reply_id = str(raw.get("responseId") or "")
    parts, tokens = tuple(_parts(parts_in(candidate), reply_id)), tokens_of(candidate)
    if "groundingMetadata" in candidate:
        parts = _cited(candidate, parts)
    return Reply(
        id=reply_id,
        model=str(raw.get("modelVersion") or ""),
        parts=parts,
        finish=finish_of(
            candidate.get("finishReason"), calls=any(isinstance(part, ToolCall) for part in parts)
        ),
        logprobs=tuple(token.logprob for token in tokens) or None,
        tokens=tokens,
    )


def parts_in(candidate: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    content = candidate.get("content")
    parts = content.get("parts") if type(content) is dict else None
    return (part for part in (parts if type(parts) is list else ()) if type(part) is dict)


def finish_of(word: Any, *, calls: bool) -> Finish:
    """Calls of functions end an answer like any other."""
    finish = FINISHES.get(str(word), Finish.UNKNOWN)
    return Finish.TOOL_CALLS if calls and finish in {Finish.STOP, Finish.UNKNOWN} else finish


def _parts(parts: Iterator[dict[str, Any]], reply_id: str) -> Iterator[Part]:
    """What the provider did with its own tools is not the caller's to act on, and has no part."""
    calls = 0
    for part in parts:
        text, call = part.get("text"), part.get("functionCall")
        if type(text) is str:
            yield from [Thinking(text=text) if part.get("thought") is True else Text(text)] if text else []
        elif type(call) is dict and type(call.get("name")) is str:
            yield read_call(part, call, calls, reply_id)
            calls += 1
        elif (image := image_in(part)) is not None:
            yield image


def image_in(part: Mapping[str, Any]) -> Image | None:
    media = part.get("inlineData")
    if type(media) is not dict or not str(media.get("mimeType")).startswith("image/"):
        return None
    return Image(media_type=media["mimeType"], data=str(media.get("data") or ""))


def _cited(candidate: Mapping[str, Any], parts: tuple[Part, ...]) -> tuple[Part, ...]:
    """Each text with what it rests on. Texts and numbers of parts agree in the order in which both are said."""
    said = [
        index
        for index, part in enumerate(parts_in(candidate))
        if type(part.get("text")) is str and part["text"] and part.get("thought") is not True
    ]
    texts = [part for part in parts if isinstance(part, Text)]
    wordings = {index: Wording(text.text) for index, text in zip(said, texts, strict=True)}
    found: dict[int, list[Citation]] = {}
    for index, citation in citations_of(candidate, wordings):
        found.setdefault(index, []).append(citation)
    numbers = iter(said)
    return tuple(
        replace(part, citations=tuple(found.get(next(numbers), ()))) if isinstance(part, Text) else part
        for part in parts
    )


def read_call(part: Mapping[str, Any], call: Mapping[str, Any], index: int, reply_id: str) -> ToolCall:
    """Where the provider gives a call no id, it gets one that no other answer's calls have."""
    signature, arguments = part.get("thoughtSignature"), call.get("args")
    return ToolCall(
        str(call.get("id") or f"call_{reply_id[:28]}_{index}"),
        call["name"],
        msgspec.json.encode(arguments if type(arguments) is dict else {}).decode(),
        signature if type(signature) is str else "",
    )


def render_reply(reply: Reply, request: ChatRequest) -> bytes:
    shows = shows_thinking(request)
    body = {
        "candidates": [
            _candidate(index, each, shows=shows) for index, each in enumerate((reply, *reply.more))
        ],
        "usageMetadata": write_usage(reply.usage),
        "modelVersion": reply.model,
        "responseId": reply.id,
    }
    return msgspec.json.encode(body)


def _candidate(index: int, reply: Reply, *, shows: bool) -> dict[str, Any]:
    parts: list[dict[str, Any]] = []
    citations: list[tuple[int, Citation]] = []
    texts: dict[int, Wording] = {}
    for part in reply.parts:
        if isinstance(part, Text) and part.citations:
            texts[len(parts)] = Wording(part.text)
            citations += [(len(parts), one) for one in part.citations]
        parts += _part(part, shows=shows)
    candidate: dict[str, Any] = {
        "content": {"parts": parts, "role": "model"} if parts else {"role": "model"},
        "finishReason": WORDS.get(reply.finish, "STOP"),
        "index": index,
    }
    if reply.mean_logprob is not None:
        candidate["avgLogprobs"] = reply.mean_logprob
    return candidate | told_tokens(reply.tokens) | told(citations, texts)


def _part(part: Part, *, shows: bool) -> Iterator[dict[str, Any]]:
    match part:
        case Text(text=text) | Refused(text=text):
            yield {"text": text}
        case Thinking(text=text) if shows and text:
            yield {"text": text, "thought": True}
        case Image(data=data) if data:
            yield {"inlineData": {"mimeType": part.media_type, "data": data}}
        case ToolCall():
            yield call_part(part)


def call_part(call: ToolCall) -> dict[str, Any]:
    """Signed, for callers say it back as it is, and some models of the protocol's own want it signed."""
    said = {"id": call.id, "name": call.name, "args": _arguments(call.arguments)}
    return {"functionCall": said, "thoughtSignature": call.signature or UNSIGNED}


def _arguments(arguments: str) -> dict[str, Any]:
    """An object whatever the model wrote: what is no JSON is shown as it is."""
    try:
        value = msgspec.json.decode(arguments or "{}")
    except msgspec.DecodeError:
        value = None
    return value if type(value) is dict else {"_invalid_json": arguments}
