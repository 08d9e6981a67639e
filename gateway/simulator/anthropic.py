"""Messages as Anthropic's API takes and gives them."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from gateway.simulator.answer import answer
from gateway.simulator.anthropic_request import Prompt, Request, asked_in, decoded, parse
from gateway.simulator.asked import Answer, Call, Usage
from gateway.simulator.behaviour import Behaviour
from gateway.simulator.dice import Dice
from gateway.simulator.prompt_cache import PromptCache, prompt_tokens
from gateway.simulator.reply import Frame, Json, Problem, Reply, encoded, misreported

__all__ = [
    "ID_HEADER",
    "bill",
    "counted",
    "error_frame",
    "key_of",
    "models",
    "one_model",
    "parse",
    "problem_body",
    "reply",
]

ID_HEADER = b"request-id"


def counted(body: bytes) -> Json:
    return {"input_tokens": prompt_tokens(asked_in(decoded(body, Prompt)))}


def bill(request: Request, cache: PromptCache, key: str) -> Usage:
    return cache.marked(asked_in(request), key)


def reply(request: Request, usage: Usage, behaviour: Behaviour, request_id: str, now: int) -> Reply:
    """`usage` is the prompt's share; what the answer costs is added here."""
    one = answer(asked_in(request), behaviour)
    whole = msgspec.structs.replace(usage, output=one.tokens, reasoning=one.reasoning)
    head: Json = {
        "id": f"msg_{request_id}",
        "type": "message",
        "role": "assistant",
        "model": f"{request.model}-other" if behaviour.word == "other-model" else request.model,
    }
    if request.stream:
        frames = tuple(frames_of(one, head, whole, behaviour))
        return Reply(usage=whole, frames=frames)
    told = {} if behaviour.word == "no-usage" else {"usage": misreported(usage_told(whole), behaviour)}
    body = head | {"content": blocks(one)} | ending(one) | told
    return Reply(usage=whole, body=encoded(body))


def blocks(one: Answer) -> list[Json]:
    thoughts = "".join(piece.text for piece in one.thoughts)
    thinking = [{"type": "thinking", "thinking": thoughts, "signature": signature(one)}] if thoughts else []
    text = [{"type": "text", "text": one.text}] if one.pieces else []
    return [*thinking, *text, *({**opened(call), "input": call.arguments} for call in one.calls)]


def opened(call: Call) -> Json:
    return {"type": "tool_use", "id": f"toolu_{call.id}", "name": call.name, "input": {}}


def signature(one: Answer) -> str:
    return Dice(one.text).word("signature", 96)


def ending(one: Answer) -> Json:
    reasons = {
        "stop": "end_turn",
        "stop_sequence": "stop_sequence",
        "length": "max_tokens",
        "tools": "tool_use",
    }
    return {"stop_reason": reasons[one.ending], "stop_sequence": one.stopped_by or None}


def usage_told(usage: Usage) -> Json:
    return {
        "input_tokens": usage.fresh,
        "cache_creation_input_tokens": usage.cache_write + usage.cache_write_1h,
        "cache_read_input_tokens": usage.cache_read,
        "cache_creation": {
            "ephemeral_5m_input_tokens": usage.cache_write,
            "ephemeral_1h_input_tokens": usage.cache_write_1h,
        },
        "output_tokens": usage.output,
        "service_tier": "standard",
    }


def frames_of(one: Answer, head: Json, usage: Usage, behaviour: Behaviour) -> Iterator[Frame]:
    told = {} if behaviour.word == "no-usage" else {"usage": misreported(usage_told(usage), behaviour)}
    first = {"usage": told["usage"] | {"output_tokens": 1}} if told else {}
    unended: Json = {"content": [], "stop_reason": None, "stop_sequence": None}
    hidden = 0 if one.thoughts else one.reasoning
    yield event("message_start", {"message": head | unended | first}, hidden)
    place = 0
    for place, (opening, deltas) in enumerate(parts(one)):
        yield event("content_block_start", {"index": place, "content_block": opening})
        if place == 0:
            yield event("ping", {})
        for delta, tokens in deltas:
            yield event("content_block_delta", {"index": place, "delta": delta}, tokens)
        yield event("content_block_stop", {"index": place})
    yield event("message_delta", {"delta": ending(one)} | told)
    if behaviour.word != "no-done":
        yield event("message_stop", {})


type Delta = tuple[Json, int]


def parts(one: Answer) -> Iterator[tuple[Json, list[Delta]]]:
    """Every content block: how it opens, and what follows."""
    if one.thoughts:
        thoughts: list[Delta] = [
            ({"type": "thinking_delta", "thinking": p.text}, p.tokens) for p in one.thoughts
        ]
        signed: Delta = ({"type": "signature_delta", "signature": signature(one)}, 0)
        yield {"type": "thinking", "thinking": "", "signature": ""}, [*thoughts, signed]
    if one.pieces:
        yield (
            {"type": "text", "text": ""},
            [({"type": "text_delta", "text": p.text}, p.tokens) for p in one.pieces],
        )
    for call in one.calls:
        start: Delta = ({"type": "input_json_delta", "partial_json": ""}, call.opening)
        yield (
            opened(call),
            [start, *(({"type": "input_json_delta", "partial_json": p.text}, p.tokens) for p in call.pieces)],
        )


def event(name: str, value: Json, tokens: int = 0) -> Frame:
    data = f"event: {name}\ndata: ".encode() + encoded({"type": name} | value) + b"\n\n"
    usage = name == "message_delta" and "usage" in value
    return Frame(data, tokens, content=name == "content_block_delta", final_usage=usage)


def key_of(headers: dict[bytes, bytes]) -> str:
    key = headers.get(b"x-api-key", b"").decode("latin-1")
    return key or headers.get(b"authorization", b"").decode("latin-1").removeprefix("Bearer ").strip()


def problem_body(problem: Problem, request_id: str) -> Json:
    kind = KINDS.get(problem.status, "api_error" if problem.status >= 500 else "invalid_request_error")
    shape = {"type": kind, "message": OWN_WORDS.get(problem.code or "", problem.message)}
    return {"type": "error", "error": shape, "request_id": f"req_{request_id}"}


KINDS = {
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    504: "timeout_error",
    529: "overloaded_error",
}
OWN_WORDS = {"context_length_exceeded": "prompt is too long: 205000 tokens > 200000 maximum"}


def error_frame(problem: Problem, request_id: str) -> Frame:
    return event("error", problem_body(problem, request_id))


def models(names: tuple[str, ...]) -> Json:
    listed = [one_model(name) for name in names]
    return {"data": listed, "has_more": False, "first_id": names[0], "last_id": names[-1]}


def one_model(name: str) -> Json:
    return {"type": "model", "id": name, "display_name": name, "created_at": "2025-06-01T00:00:00Z"}
