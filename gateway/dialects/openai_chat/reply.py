"""A provider's answer → `Reply`, and a `Reply` → an answer for a caller of this surface."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from gateway.core.conversation import Finish, Image, Part, Refused, Reply, Text, Thinking, Token, ToolCall
from gateway.core.price import NOTHING, Usage, UsageSource
from gateway.dialects.citations import told_in_text, url_citations
from gateway.dialects.media import join_data_url, split_data_url
from gateway.dialects.openai_chat.failure import error_in
from gateway.dialects.openai_chat.sources import sources_in, with_sources
from gateway.dialects.openai_chat.thoughts import said, signature_of, signed, thinking_of, thoughts
from gateway.dialects.openai_chat.usage import read_usage, write_usage
from gateway.dialects.tokens import floats, tokens_of, told_tokens
from gateway.errors import UpstreamInvalidResponse

FINISHES: Mapping[str, Finish] = {
    "stop": Finish.STOP,
    "eos": Finish.STOP,
    "length": Finish.LENGTH,
    "model_length": Finish.LENGTH,
    "tool_calls": Finish.TOOL_CALLS,
    "function_call": Finish.TOOL_CALLS,
    "content_filter": Finish.CONTENT_FILTER,
}
WORDS: Mapping[Finish, str] = {
    Finish.LENGTH: "length",
    Finish.TOOL_CALLS: "tool_calls",
    Finish.CONTENT_FILTER: "content_filter",
    Finish.REFUSAL: "content_filter",
}  # all others: stop
# Fields of a message that may say something beside a content that is one text.
_BESIDE = (
    "annotations",
    "audio",
    "function_call",
    "images",
    "reasoning",
    "reasoning_content",
    "reasoning_details",
    "refusal",
    "tool_calls",
)


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
    choices = raw.get("choices")
    if type(choices) is not list or not choices or not all(map(_is_choice, choices)):
        raise UpstreamInvalidResponse("The provider's answer has no choices.")
    usage, source = read_usage(raw.get("usage"), tier=raw.get("service_tier"))
    more = tuple([_reply(raw, choice) for choice in choices[1:]])
    reply = _reply(raw, choices[0], usage=usage, usage_source=source, whole=raw, more=more)
    if sources := sources_in(raw):
        return msgspec.structs.replace(reply, parts=with_sources(reply.parts, sources))
    return reply


def _is_choice(choice: Any) -> bool:
    return type(choice) is dict and type(choice.get("message")) is dict


def _reply(
    raw: Mapping[str, Any],
    choice: Mapping[str, Any],
    *,
    usage: Usage = NOTHING,
    usage_source: UsageSource = UsageSource.NONE,
    whole: Mapping[str, Any] | None = None,
    more: tuple[Reply, ...] = (),
) -> Reply:
    parts = _parts_of(choice["message"])
    tokens = logprobs_of(choice.get("logprobs"))
    created = raw.get("created")
    return Reply(
        id=str(raw.get("id") or ""),
        model=str(raw.get("model") or ""),
        parts=parts,
        finish=finish_of(choice.get("finish_reason"), parts),
        usage=usage,
        usage_source=usage_source,
        logprobs=floats(tokens),
        tokens=tokens,
        created=created if type(created) is int else 0,
        raw=whole,
        more=more,
    )


def _parts_of(message: Mapping[str, Any]) -> tuple[Part, ...]:
    content = message.get("content")
    if type(content) is str and content and not any(map(message.get, _BESIDE)):
        return (Text(content),)  # as most answers are
    return tuple(_parts(message))


def _parts(message: Mapping[str, Any]) -> Iterator[Part]:
    yield from thoughts(message)
    content = message.get("content")
    if type(content) is str and content:
        yield Text(content, citations=tuple(url_citations(message.get("annotations"))))
    elif type(content) is list:
        yield from listed(content)
    spoken = message.get("audio")
    if (
        type(spoken) is dict
        and not content
        and type(spoken.get("transcript")) is str
        and spoken["transcript"]
    ):
        yield Text(spoken["transcript"])
    yield from images_of(message)
    refusal = message.get("refusal")
    if type(refusal) is str and refusal:
        yield Refused(refusal)
    yield from calls_of(message)


def images_of(message: Mapping[str, Any]) -> Iterator[Image]:
    """Made by the model, as one vendor of many models shows them (https://openrouter.ai/docs/features/multimodal)."""
    images = message.get("images")
    for image in images if type(images) is list else ():
        told = image.get("image_url") if type(image) is dict else None
        if type(told) is dict and type(told.get("url")) is str:
            yield Image(**split_data_url(told["url"]))


def said_image(image: Image) -> dict[str, Any]:
    return {
        "type": "image_url",
        "image_url": {"url": image.url or join_data_url(image.media_type, image.data)},
    }


def listed(content: Sequence[Any]) -> Iterator[Part]:
    """Content in parts, as one vendor answers when the model thinks."""
    for part in content:
        if type(part) is not dict:
            continue
        if type(part.get("text")) is str:
            yield Text(part["text"])
        elif thinking := thinking_of(part):
            yield Thinking(text=thinking)


def calls_of(message: Mapping[str, Any]) -> Iterator[ToolCall]:
    calls = message.get("tool_calls")
    for index, call in enumerate(calls if type(calls) is list else ()):
        function = call.get("function") if type(call) is dict else None
        if type(function) is dict and type(function.get("name")) is str:
            yield ToolCall(
                str(call.get("id") or f"call_{index}"),
                function["name"],
                arguments_of(function.get("arguments")),
                signature_of(call),
            )
    legacy = message.get("function_call")
    if not calls and type(legacy) is dict and legacy.get("name"):
        yield ToolCall("call_0", str(legacy["name"]), arguments_of(legacy.get("arguments")))


def arguments_of(value: Any) -> str:
    """JSON text, even from vendors who send the object itself."""
    if type(value) is str:
        return value or "{}"
    return msgspec.json.encode(value).decode() if type(value) is dict else "{}"


def finish_of(word: Any, parts: Sequence[Part]) -> Finish:
    finish = FINISHES.get(word) if type(word) is str else None
    kinds = {type(part) for part in parts}
    if finish is None:
        finish = Finish.TOOL_CALLS if ToolCall in kinds else Finish.UNKNOWN
    if finish is not Finish.STOP:
        return finish
    if ToolCall in kinds:  # vendors who say "stop" for every good end
        return Finish.TOOL_CALLS
    return Finish.REFUSAL if Refused in kinds else finish


def logprobs_of(value: Any) -> tuple[Token, ...]:
    return tuple(tokens_of(value.get("content"))) if type(value) is dict else ()


def told_logprobs(tokens: Sequence[Token]) -> dict[str, Any] | None:
    return {"content": told_tokens(tokens), "refusal": None} if tokens else None


def render_reply(reply: Reply, *, now: int) -> bytes:
    body = {
        "id": reply_id(reply.id),
        "object": "chat.completion",
        "created": reply.created or now,
        "model": reply.model,
        "choices": [_choice(index, choice) for index, choice in enumerate((reply, *reply.more))],
        "usage": write_usage(reply.usage),
    }
    return msgspec.json.encode(body)


def reply_id(given: str) -> str:
    return given if given.startswith("chatcmpl-") else f"chatcmpl-{given}"


def _choice(index: int, reply: Reply) -> dict[str, Any]:
    refusal = "".join(part.text for part in reply.parts if isinstance(part, Refused)) or None
    message: dict[str, Any] = {"role": "assistant", "content": reply.text or None, "refusal": refusal}
    message |= said([part for part in reply.parts if isinstance(part, Thinking)])
    if annotations := told_in_text([part for part in reply.parts if isinstance(part, Text)]):
        message["annotations"] = [said_citation(one) for one in annotations]
    if images := [said_image(part) for part in reply.parts if isinstance(part, Image)]:
        message["images"] = images
    calls = list(map(_said_call, reply.tool_calls))
    if calls:
        message["tool_calls"] = calls
    elif refusal is None and message["content"] is None:
        message["content"] = ""
    logprobs = told_logprobs(reply.tokens)
    return {"index": index, "message": message, "logprobs": logprobs, "finish_reason": finish_word(reply)}


def said_citation(told: dict[str, Any]) -> dict[str, Any]:
    return {"type": "url_citation", "url_citation": told}


def _said_call(call: ToolCall) -> dict[str, Any]:
    function = {"name": call.name, "arguments": call.arguments}
    return {"id": call.id, "type": "function", "function": function, **signed(call.signature)}


def finish_word(reply: Reply) -> str:
    if reply.finish is Finish.REFUSAL and any(isinstance(part, Refused) for part in reply.parts):
        return "stop"
    return WORDS.get(reply.finish, "stop")
