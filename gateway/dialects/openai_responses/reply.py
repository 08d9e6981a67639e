"""A provider's answer → `Reply`, and a `Reply` → an answer for a caller of this surface."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

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
    Token,
    ToolCall,
)
from gateway.dialects.citations import told_url, url_citations
from gateway.dialects.openai_chat.reply import arguments_of
from gateway.dialects.openai_responses.failure import error_in
from gateway.dialects.openai_responses.ids import new_id, seal
from gateway.dialects.openai_responses.usage import read_usage, write_usage
from gateway.dialects.tokens import floats, tokens_of, told_tokens
from gateway.errors import UpstreamInvalidResponse

ENCRYPTED = "reasoning.encrypted_content"

_INCOMPLETE: Mapping[Finish, str] = {
    Finish.LENGTH: "max_output_tokens",
    Finish.CONTENT_FILTER: "content_filter",
}


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
    if type(raw.get("output")) is not list:
        raise UpstreamInvalidResponse("The provider's answer has no output.")
    return reply_of(raw)


def reply_of(raw: Mapping[str, Any]) -> Reply:
    items = [item for item in raw["output"] if type(item) is dict]
    parts = tuple(part for item in items for part in parts_of(item))
    usage, source = read_usage(raw)
    tokens = tuple(token for item in items for token in _tokens(item))
    created = raw.get("created_at")
    return Reply(
        id=str(raw.get("id") or ""),
        model=str(raw.get("model") or ""),
        parts=parts,
        finish=finish_of(raw, parts),
        usage=usage,
        usage_source=source,
        logprobs=floats(tokens),
        tokens=tokens,
        created=int(created) if isinstance(created, int | float) else 0,
        raw=raw,
    )


def parts_of(item: Mapping[str, Any]) -> Iterator[Part]:
    """What the provider did with its own tools is not the caller's to act on, and has no part."""
    kind = item.get("type")
    if kind == "message":
        for part in _objects(item.get("content")):
            if type(part.get("text")) is str and part["text"]:
                yield Text(part["text"], citations=tuple(url_citations(part.get("annotations"))))
            elif part.get("type") == "refusal" and type(part.get("refusal")) is str:
                yield Refused(part["refusal"])
    elif kind == "function_call" and type(item.get("name")) is str:
        call_id = item.get("call_id") or item.get("id") or ""
        yield ToolCall(str(call_id), item["name"], arguments_of(item.get("arguments")))
    elif kind == "reasoning":
        text = "\n\n".join(_thoughts(item))
        yield from [Thinking(text=text)] if text else []
    elif kind == "image_generation_call" and type(item.get("result")) is str:
        yield Image(media_type=f"image/{item.get('output_format') or 'png'}", data=item["result"])


def _thoughts(item: Mapping[str, Any]) -> Iterator[str]:
    """The summary, or where there is none what some vendors show: the thoughts themselves."""
    parts = _objects(item.get("summary")) or _objects(item.get("content"))
    return (part["text"] for part in parts if type(part.get("text")) is str)


def _tokens(item: Mapping[str, Any]) -> Iterator[Token]:
    if item.get("type") == "message":
        for part in _objects(item.get("content")):
            yield from tokens_of(part.get("logprobs"))


def _objects(value: Any) -> list[dict[str, Any]]:
    return [part for part in value if type(part) is dict] if type(value) is list else []


def finish_of(raw: Mapping[str, Any], parts: Sequence[Part]) -> Finish:
    status = raw.get("status")
    if status == "incomplete":
        details = raw.get("incomplete_details")
        reason = details.get("reason") if type(details) is dict else None
        return Finish.CONTENT_FILTER if reason == "content_filter" else Finish.LENGTH
    if status not in ("completed", "complete", None):  # it runs in the background, or was stopped there
        return Finish.UNKNOWN
    if any(isinstance(part, ToolCall) for part in parts):
        return Finish.TOOL_CALLS
    return Finish.REFUSAL if any(isinstance(part, Refused) for part in parts) else Finish.STOP


def render_reply(reply: Reply, request: ChatRequest, *, now: int) -> bytes:
    told = finished(
        skeleton(request, reply.id, reply.model, reply.created or now),
        list(_items(reply, sealing=wants_encrypted(request))),
        reply.finish,
    )
    return msgspec.json.encode(told | {"usage": write_usage(reply.usage)})


def wants_encrypted(request: ChatRequest) -> bool:
    return ENCRYPTED in (request.raw.get("include") or ())


def skeleton(request: ChatRequest, reply_id: str, model: str, now: int) -> dict[str, Any]:
    """A response before anything was said: what was asked for, as this API repeats it."""
    raw = request.raw
    text = raw.get("text") or {}
    reasoning = raw.get("reasoning") or {}
    return {
        "id": new_id("resp", reply_id),
        "object": "response",
        "created_at": now,
        "status": "in_progress",
        "background": False,
        "error": None,
        "incomplete_details": None,
        "instructions": raw.get("instructions"),
        "max_output_tokens": raw.get("max_output_tokens"),
        "max_tool_calls": raw.get("max_tool_calls"),
        "metadata": raw.get("metadata") or {},
        "model": model,
        "output": [],
        "parallel_tool_calls": raw.get("parallel_tool_calls") is not False,
        "previous_response_id": None,
        "prompt_cache_key": raw.get("prompt_cache_key"),
        "reasoning": {"effort": reasoning.get("effort"), "summary": reasoning.get("summary")},
        "safety_identifier": raw.get("safety_identifier"),
        "store": False,
        "temperature": raw.get("temperature"),
        "text": {"format": {"type": "text"}} | text,
        "tool_choice": "auto" if raw.get("tool_choice") is None else raw["tool_choice"],
        "tools": raw.get("tools") or [],
        "top_logprobs": raw.get("top_logprobs") or 0,
        "top_p": raw.get("top_p"),
        "truncation": raw.get("truncation") or "disabled",
        "usage": None,
        "user": raw.get("user"),
    }


def finished(response: dict[str, Any], output: list[dict[str, Any]], finish: Finish) -> dict[str, Any]:
    reason = _INCOMPLETE.get(finish)
    told = {"status": "incomplete" if reason else "completed", "output": output}
    return response | told | {"incomplete_details": {"reason": reason} if reason else None}


def item_status(finish: Finish) -> str:
    return "incomplete" if finish in _INCOMPLETE else "completed"


def _items(reply: Reply, *, sealing: bool) -> Iterator[dict[str, Any]]:
    """Thoughts and calls are items each; what is said between them is one message."""
    said: list[dict[str, Any]] = []
    place, status = 0, item_status(reply.finish)
    tokens = reply.tokens
    for part in reply.parts:
        if isinstance(part, Text | Refused):
            said.append(
                refusal_part(part.text)
                if isinstance(part, Refused)
                else text_part(part.text, tokens, told_citations(part.citations))
            )
            tokens = ()
            continue
        if said:
            yield message_item(new_id("msg", reply.id, place), said, status)
            place, said = place + 1, []
        if isinstance(part, Thinking):
            sealed = seal(part.signature, part.redacted) if sealing else None
            if part.text or sealed:
                yield reasoning_item(new_id("rs", reply.id, place), part.text, sealed)
                place += 1
        elif isinstance(part, ToolCall):
            yield call_item(new_id("fc", reply.id, place), part)
            place += 1
        elif isinstance(part, Image) and part.data:
            yield image_item(new_id("ig", reply.id, place), part)
            place += 1
    if said:
        yield message_item(new_id("msg", reply.id, place), said, status)


def message_item(item_id: str, content: list[dict[str, Any]], status: str) -> dict[str, Any]:
    return {"id": item_id, "type": "message", "status": status, "role": "assistant", "content": content}


def text_part(
    text: str, tokens: Sequence[Token] = (), annotations: Sequence[dict[str, Any]] = ()
) -> dict[str, Any]:
    told = {"annotations": list(annotations), "logprobs": told_tokens(tokens)}
    return {"type": "output_text", "text": text} | told


def told_citations(citations: Iterable[Citation]) -> list[dict[str, Any]]:
    return [{"type": "url_citation"} | told_url(one) for one in citations if one.url]


def image_item(item_id: str, image: Image) -> dict[str, Any]:
    """What another vendor's model made by itself, as this one's makes it with a tool."""
    form = image.media_type.partition("/")[2]
    said = {"id": item_id, "type": "image_generation_call", "status": "completed", "result": image.data}
    return said | ({"output_format": form} if form else {})


def refusal_part(text: str) -> dict[str, Any]:
    return {"type": "refusal", "refusal": text}


def reasoning_item(item_id: str, text: str, sealed: str | None) -> dict[str, Any]:
    summary = [{"type": "summary_text", "text": text}] if text else []
    said = {"id": item_id, "type": "reasoning", "summary": summary}
    return said | ({"encrypted_content": sealed} if sealed else {})


def call_item(item_id: str, call: ToolCall, status: str = "completed") -> dict[str, Any]:
    return {
        "id": item_id,
        "type": "function_call",
        "status": status,
        "call_id": call.id,
        "name": call.name,
        "arguments": call.arguments,
    }
